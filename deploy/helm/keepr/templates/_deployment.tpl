{{/*
A service; (dict "root" $ "component" "api" "values" .Values.api "databaseKey" "api-url" "port" "http" "scaled" false).
The image, the name of the component and its part of the values differ; all else is the same on purpose.
*/}}
{{- define "keepr.deployment" -}}
{{- $v := .root.Values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "keepr.metadata" . | nindent 2 }}
spec:
  {{- if not .scaled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      {{- include "keepr.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "keepr.labels" . | nindent 8 }}
      {{- if or .values.podAnnotations $v.config.rollOnChange (and (eq .component "api") $v.jwt.issuers) }}
      annotations:
        {{- if $v.config.rollOnChange }}
        checksum/config: {{ toYaml $v.config | sha256sum }}
        {{- end }}
        {{- if and (eq .component "api") $v.jwt.issuers }}
        checksum/issuers: {{ toYaml $v.jwt.issuers | sha256sum }}
        {{- end }}
        {{- with .values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "keepr.componentName" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with $v.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      securityContext:
        {{- include "keepr.podSecurityContext" . | nindent 8 }}
      terminationGracePeriodSeconds: 40
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "keepr.selector" $ | nindent 14 }}
        {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "keepr.image" . }}
          imagePullPolicy: {{ $v.image.pullPolicy }}
          securityContext:
            {{- include "keepr.containerSecurityContext" . | nindent 12 }}
          env:
            {{- include "keepr.env" . | trim | nindent 12 }}
          ports:
            {{- if eq .component "api" }}
            - { name: http, containerPort: 8080 }
            {{- end }}
            - { name: metrics, containerPort: 9090 }
          # The process lives; what it needs may be away, which no restart mends.
          startupProbe:
            httpGet: { path: /healthz, port: {{ .port }} }
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /healthz, port: {{ .port }} }
            periodSeconds: 10
            timeoutSeconds: 3
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: {{ .port }} }
            periodSeconds: 5
            timeoutSeconds: 4
          {{- if eq .component "api" }}
          # Requests still arrive until every proxy knows that this pod ends.
          lifecycle:
            preStop:
              sleep: { seconds: 5 }
          {{- end }}
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            {{- include "keepr.volumeMounts" . | nindent 12 }}
      volumes:
        {{- include "keepr.volumes" . | nindent 8 }}
      {{- with .values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}
