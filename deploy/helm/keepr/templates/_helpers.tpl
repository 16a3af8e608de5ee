{{- define "keepr.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 36 characters, so that the longest name made of it, …-validation-worker-metrics, is one of a Service (63). */}}
{{- define "keepr.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 36 | trimSuffix "-" -}}
{{- else if contains (include "keepr.name" .) .Release.Name -}}
{{- .Release.Name | trunc 36 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "keepr.name" .) | trunc 36 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Names and labels of one component; called with (dict "root" $ "component" "api"). */}}
{{- define "keepr.componentName" -}}
{{- printf "%s-%s" (include "keepr.fullname" .root) .component -}}
{{- end -}}

{{- define "keepr.selector" -}}
app.kubernetes.io/name: {{ include "keepr.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "keepr.labels" -}}
{{ include "keepr.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "keepr.metadata" -}}
name: {{ include "keepr.componentName" . }}
labels:
  {{- include "keepr.labels" . | nindent 2 }}
{{- end -}}

{{- define "keepr.image" -}}
{{- printf "%s/%s:%s" .root.Values.image.repository .component (.root.Values.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}

{{- define "keepr.configMapName" -}}
{{- .Values.config.existingConfigMap | default (printf "%s-config" (include "keepr.fullname" .)) -}}
{{- end -}}

{{/* One secret text as an environment variable, or as a file that one names; (dict "root" "name" "secret" "key"). */}}
{{- define "keepr.secretSetting" -}}
{{- if eq .root.Values.database.delivery "files" }}
- name: {{ .name }}_FILE
  value: /var/run/secrets/keepr-connections/{{ .secret }}/{{ .key }}
{{- else }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end }}
{{- end -}}

{{- define "keepr.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "keepr.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}
