{{/* Environment of a service; (dict "root" $ "component" "api" "values" .Values.api "databaseKey" "api-url"). */}}
{{- define "keepr.env" -}}
{{- $v := .root.Values -}}
{{- $database := $v.database.existingSecret -}}
{{- include "keepr.secretSetting" (dict "root" .root "name" "DATABASE_URL" "secret" $database "key" .databaseKey) }}
{{- if and (eq .component "api") $v.database.readUrlKey }}
{{- include "keepr.secretSetting" (dict "root" .root "name" "DATABASE_READ_URL" "secret" $database "key" $v.database.readUrlKey) }}
{{- end }}
{{- if $v.redis.enabled }}
{{- include "keepr.secretSetting" (dict "root" .root "name" "REDIS_URL" "secret" $v.redis.existingSecret "key" $v.redis.key) }}
{{- else }}
{{- include "keepr.secretSetting" (dict "root" .root "name" "QUEUE_DATABASE_URL" "secret" $database "key" "queue-url") }}
{{- end }}
{{- range $name, $value := include "keepr.settings" . | fromYaml }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Plain settings of a service: what the chart decides, then those for all, then its own. */}}
{{- define "keepr.settings" -}}
{{- $v := .root.Values -}}
{{- $own := dict "METRICS_PORT" "9090" "SHUTDOWN_GRACE" "20s" -}}
{{- if eq .component "api" -}}
{{- $_ := set $own "PORT" "8080" -}}
{{- if $v.jwt.issuers -}}
{{- $_ := set $own "JWT_ISSUERS_FILE" "/etc/keepr-issuers/issuers.yaml" -}}
{{- end -}}
{{- with $v.jwt.jwksUrl }}{{ $_ := set $own "JWT_JWKS_URL" . }}{{ end -}}
{{- with $v.jwt.issuer }}{{ $_ := set $own "JWT_ISSUER" . }}{{ end -}}
{{- with $v.jwt.audience }}{{ $_ := set $own "JWT_AUDIENCE" (join "," .) }}{{ end -}}
{{- else -}}
{{- $_ := set $own "SECRET_SOURCES" (join "," $v.secrets.sources) -}}
{{- if has "vault" $v.secrets.sources -}}
{{- $vault := $v.secrets.vault -}}
{{- $_ := set $own "VAULT_ADDR" (required "secrets.vault.address is needed, as secrets.sources names vault" $vault.address) -}}
{{- with $vault.namespace }}{{ $_ := set $own "VAULT_NAMESPACE" . }}{{ end -}}
{{- $_ := set $own "VAULT_PATH" $vault.path -}}
{{- $_ := set $own "VAULT_KUBERNETES_ROLE" $vault.kubernetesRole -}}
{{- $_ := set $own "VAULT_AUTH_MOUNT" $vault.authMount -}}
{{- $_ := set $own "VAULT_KUBERNETES_TOKEN_FILE" "/var/run/secrets/vault/token" -}}
{{- end -}}
{{- end -}}
{{- if $v.caBundle.existingConfigMap -}}
{{- $_ := set $own "NODE_EXTRA_CA_CERTS" (printf "/etc/keepr-ca/%s" $v.caBundle.key) -}}
{{- end -}}
{{- mergeOverwrite $own $v.settings .values.settings | toYaml -}}
{{- end -}}

{{- define "keepr.volumes" -}}
{{- $v := .root.Values -}}
- name: config
  configMap:
    name: {{ include "keepr.configMapName" .root }}
{{- if and (eq .component "api") $v.jwt.issuers }}
- name: issuers
  configMap:
    name: {{ include "keepr.fullname" .root }}-issuers
{{- end }}
{{- if eq $v.database.delivery "files" }}
# One volume, as both may be one secret.
- name: connections
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ $v.database.existingSecret }}
          items:
            - { key: {{ .databaseKey }}, path: {{ $v.database.existingSecret }}/{{ .databaseKey }} }
            {{- if and (eq .component "api") $v.database.readUrlKey }}
            - { key: {{ $v.database.readUrlKey }}, path: {{ $v.database.existingSecret }}/{{ $v.database.readUrlKey }} }
            {{- end }}
            {{- if not $v.redis.enabled }}
            - { key: queue-url, path: {{ $v.database.existingSecret }}/queue-url }
            {{- end }}
      {{- if $v.redis.enabled }}
      - secret:
          name: {{ $v.redis.existingSecret }}
          items:
            - { key: {{ $v.redis.key }}, path: {{ $v.redis.existingSecret }}/{{ $v.redis.key }} }
      {{- end }}
{{- end }}
{{- if ne .component "api" }}
{{- with $v.secrets.existingSecret }}
- name: named-secrets
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- if has "vault" $v.secrets.sources }}
- name: vault-token
  projected:
    sources:
      - serviceAccountToken:
          path: token
          audience: {{ $v.secrets.vault.audience }}
          expirationSeconds: 600
{{- end }}
{{- end }}
{{- with $v.caBundle.existingConfigMap }}
- name: ca
  configMap:
    name: {{ . }}
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "keepr.volumeMounts" -}}
{{- $v := .root.Values -}}
- { name: config, mountPath: /etc/keepr, readOnly: true }
{{- if and (eq .component "api") $v.jwt.issuers }}
- { name: issuers, mountPath: /etc/keepr-issuers, readOnly: true }
{{- end }}
{{- if eq $v.database.delivery "files" }}
- { name: connections, mountPath: /var/run/secrets/keepr-connections, readOnly: true }
{{- end }}
{{- if ne .component "api" }}
{{- if $v.secrets.existingSecret }}
- { name: named-secrets, mountPath: /var/run/secrets/keepr, readOnly: true }
{{- end }}
{{- if has "vault" $v.secrets.sources }}
- { name: vault-token, mountPath: /var/run/secrets/vault, readOnly: true }
{{- end }}
{{- end }}
{{- if $v.caBundle.existingConfigMap }}
- { name: ca, mountPath: /etc/keepr-ca, readOnly: true }
{{- end }}
{{- with .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
