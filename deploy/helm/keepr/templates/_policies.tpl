{{- define "keepr.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "keepr.metadata" . | nindent 2 }}
  {{- with .values.serviceAccountAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}

{{- define "keepr.podDisruptionBudget" -}}
{{- if .values.podDisruptionBudget.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "keepr.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  # A pod that cannot become ready must not keep a node from being drained.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "keepr.selector" . | nindent 6 }}
{{- end -}}
{{- end -}}

{{- define "keepr.metricsService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "keepr.componentName" . }}-metrics
  labels:
    {{- include "keepr.labels" . | nindent 4 }}
    keepr/metrics: "true"
spec:
  clusterIP: None
  selector:
    {{- include "keepr.selector" . | nindent 4 }}
  ports:
    - { name: metrics, port: 9090, targetPort: metrics }
{{- end -}}

{{- define "keepr.serviceMonitor" -}}
{{- if .root.Values.metrics.serviceMonitor.enabled -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "keepr.metadata" . | nindent 2 }}
    {{- with .root.Values.metrics.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "keepr.selector" . | nindent 6 }}
      keepr/metrics: "true"
  endpoints:
    - port: metrics
      interval: {{ .root.Values.metrics.serviceMonitor.interval }}
{{- end -}}
{{- end -}}

{{/* Due work of one queue, counted in the outbox with the worker's own role: right on either store of the queue. */}}
{{- define "keepr.scaledObject" -}}
{{- if .values.keda.enabled -}}
{{- if ne .root.Values.database.delivery "env" -}}
{{- fail (printf "%s.keda reads DATABASE_URL of the pods' environment, so it needs database.delivery=env" .valuesName) -}}
{{- end -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  {{- include "keepr.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    name: {{ include "keepr.componentName" . }}
  minReplicaCount: {{ .values.keda.minReplicas }}
  maxReplicaCount: {{ .values.keda.maxReplicas }}
  pollingInterval: {{ .values.keda.pollingInterval }}
  triggers:
    - type: postgresql
      metadata:
        connectionFromEnv: DATABASE_URL
        query: select count(*) from outbox where kind in ({{ .kinds }}) and due_at <= now()
        targetQueryValue: {{ .values.keda.messagesPerPod | quote }}
{{- end -}}
{{- end -}}

{{- define "keepr.networkPolicy" -}}
{{- if .root.Values.networkPolicy.enabled -}}
{{- $p := .root.Values.networkPolicy -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "keepr.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "keepr.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- if eq .component "api" }}
    - ports:
        - { port: http, protocol: TCP }
      {{- with $p.apiFrom }}
      from:
        {{- toYaml . | nindent 8 }}
        - podSelector:
            matchLabels:
              {{- include "keepr.selector" (dict "root" $.root "component" "test") | nindent 14 }}
      {{- end }}
    {{- end }}
    {{- if ne .component "migrate" }}
    - ports:
        - { port: metrics, protocol: TCP }
      from:
        {{- if $p.metricsFrom }}
        {{- toYaml $p.metricsFrom | nindent 8 }}
        - podSelector:
            matchLabels:
              {{- include "keepr.selector" (dict "root" .root "component" "test") | nindent 14 }}
        {{- else }}
        - namespaceSelector: {}
        {{- end }}
    {{- else }} []
    {{- end }}
  egress:
    - ports:
        - { port: 53, protocol: UDP }
        - { port: 53, protocol: TCP }
    - ports:
        {{- range $p.databasePorts }}
        - { port: {{ . }}, protocol: TCP }
        {{- end }}
      {{- with $p.databaseTo }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- if ne .component "migrate" }}
    {{- if .root.Values.redis.enabled }}
    - ports:
        {{- range $p.redisPorts }}
        - { port: {{ . }}, protocol: TCP }
        {{- end }}
      {{- with $p.redisTo }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    - ports:
        {{- range $p.outboundPorts }}
        - { port: {{ . }}, protocol: TCP }
        {{- end }}
      to:
        {{- range $any, $mark := dict "0.0.0.0/0" "." "::/0" ":" }}
        - ipBlock:
            cidr: {{ $any | quote }}
            {{- $except := list }}
            {{- range $p.outboundExcept }}{{- if contains $mark . }}{{- $except = append $except . }}{{- end }}{{- end }}
            {{- with $except }}
            except:
              {{- toYaml . | nindent 14 }}
            {{- end }}
        {{- end }}
    {{- with $p.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
{{- end -}}
{{- end -}}
