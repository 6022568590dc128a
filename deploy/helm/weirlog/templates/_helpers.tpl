{{- define "weirlog.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough for the names of pods and services that are made of it. */}}
{{- define "weirlog.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "weirlog.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "weirlog.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "weirlog.selector" -}}
app.kubernetes.io/name: {{ include "weirlog.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "weirlog.labels" -}}
{{ include "weirlog.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "weirlog.image" -}}
{{- with .Values.image.registry -}}{{ . }}/{{- end -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{- define "weirlog.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "weirlog.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What follows the name of a pod in its stable DNS name. */}}
{{- define "weirlog.podDomain" -}}
{{ include "weirlog.fullname" . }}-nodes.{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}
{{- end -}}

{{- define "weirlog.controller.firstNodeId" -}}
{{- ternary 1000 0 .Values.controllers.separate -}}
{{- end -}}

{{- define "weirlog.quorum" -}}
{{- $domain := include "weirlog.podDomain" . -}}
{{- $first := include "weirlog.controller.firstNodeId" . | int -}}
{{- $pods := ternary (printf "%s-controller" (include "weirlog.fullname" .)) (include "weirlog.fullname" .) .Values.controllers.separate -}}
{{- $voters := list -}}
{{- range $number := until (int .Values.controllers.replicas) -}}
{{- $voters = append $voters (printf "%d@%s-%d.%s" (add $first $number) $pods $number $domain) -}}
{{- end -}}
{{- join "," $voters -}}
{{- end -}}

{{- define "weirlog.tlsSecret" -}}
{{- default (printf "%s-tls" (include "weirlog.fullname" .)) .Values.tls.existingSecret -}}
{{- end -}}

{{/* For nodes and commands alike: they have the same names for the files. */}}
{{- define "weirlog.tlsEnv" -}}
- name: WEIRLOG_TLS_CA
  value: /etc/weirlog-tls/ca.crt
- name: WEIRLOG_TLS_CERTIFICATE
  value: /etc/weirlog-tls/tls.crt
- name: WEIRLOG_TLS_KEY
  value: /etc/weirlog-tls/tls.key
{{- end -}}

{{- define "weirlog.tlsVolume" -}}
- name: tls
  secret:
    secretName: {{ include "weirlog.tlsSecret" . }}
    defaultMode: 0440
{{- end -}}

{{/* What the schema cannot say. */}}
{{- define "weirlog.check" -}}
{{- $controllers := int .Values.controllers.replicas -}}
{{- $replicas := int .Values.replicas -}}
{{- if and (not .Values.controllers.separate) (gt $controllers $replicas) -}}
{{- fail (printf "controllers.replicas is %d, but there are only %d brokers (replicas): lower it, add brokers, or set controllers.separate" $controllers $replicas) -}}
{{- end -}}
{{- $least := add .Values.drain.waitSeconds .Values.drain.timeoutSeconds 30 -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) (int $least) -}}
{{- fail (printf "terminationGracePeriodSeconds is %d, but draining may take %d s (drain.waitSeconds + drain.timeoutSeconds + 30): raise it, or lower those" (int .Values.terminationGracePeriodSeconds) (int $least)) -}}
{{- end -}}
{{- range $key := list "node.id" "roles" "cluster.id" "controller.quorum" "data.dir" "data.dirs" "client.host" "client.port" "client.advertised.host" "internal.host" "internal.port" "internal.advertised.host" "raft.port" "http.port" "broker.rack" "tls.mode" "tls.certificate" "tls.key" "tls.ca" "tls.client.auth" "tls.min.version" -}}
{{- if hasKey $.Values.config $key -}}
{{- fail (printf "config.%s is set by the chart: use clusterId, listeners, rack, controllers or tls instead" $key) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.rack.lookup.enabled (not .Values.rack.lookup.image) -}}
{{- fail "rack.lookup.enabled needs rack.lookup.image, an image with kubectl and sh" -}}
{{- end -}}
{{- if .Values.tls.enabled -}}
{{- if not (or .Values.tls.existingSecret .Values.tls.certManager.enabled) -}}
{{- fail "tls.enabled needs tls.existingSecret, or tls.certManager.enabled with an issuer" -}}
{{- end -}}
{{- if and .Values.tls.certManager.enabled (not .Values.tls.certManager.issuerRef.name) -}}
{{- fail "tls.certManager.enabled needs tls.certManager.issuerRef.name" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A value as it was written: a large whole number is 8.64e+07 otherwise. */}}
{{- define "weirlog.scalar" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- int64 . -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end -}}

{{/* The configuration that all nodes share, and what the pods run. */}}
{{- define "weirlog.files" -}}
weirlog.yaml: |
  cluster.id: {{ default (printf "%s-%s" .Release.Namespace (include "weirlog.fullname" .) | trunc 64) .Values.clusterId | quote }}
  controller.quorum: {{ include "weirlog.quorum" . | quote }}
  data.dir: /var/lib/weirlog
  client.port: {{ .Values.listeners.client.port }}
  internal.port: {{ .Values.listeners.internal.port }}
  raft.port: {{ .Values.listeners.raft.port }}
  http.port: {{ .Values.listeners.http.port }}
  {{- range $key, $value := .Values.config }}
  {{ $key }}: {{ include "weirlog.scalar" $value | quote }}
  {{- end }}
  {{- if .Values.tls.enabled }}
  tls.mode: "on"
  tls.client.auth: {{ .Values.tls.clientAuth }}
  tls.min.version: {{ .Values.tls.minVersion | quote }}
  {{- end }}
start.sh: |
  {{- .Files.Get "files/start.sh" | nindent 2 }}
drain.sh: |
  {{- .Files.Get "files/drain.sh" | nindent 2 }}
test.sh: |
  {{- .Files.Get "files/test.sh" | nindent 2 }}
{{- end -}}
