{{/*
The StatefulSet of brokers, or that of controllers. Given:
  root     the chart's own context
  kind     broker or controller
  name, replicas, firstNodeId, resources, persistence, nodeSelector, tolerations, affinity
*/}}
{{- define "weirlog.statefulset" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ .name }}
  labels:
    {{- include "weirlog.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .kind }}
spec:
  serviceName: {{ include "weirlog.fullname" $root }}-nodes
  replicas: {{ .replicas }}
  # A quorum needs several to become ready.
  podManagementPolicy: Parallel
  updateStrategy:
    type: RollingUpdate
  selector:
    matchLabels:
      {{- include "weirlog.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .kind }}
  template:
    metadata:
      labels:
        {{- include "weirlog.selector" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .kind }}
        {{- with $values.commonLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # A changed configuration restarts the nodes, one by one.
        checksum/config: {{ include "weirlog.files" $root | sha256sum }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "weirlog.serviceAccount" $root }}
      automountServiceAccountToken: {{ $values.rack.lookup.enabled }}
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      securityContext:
        {{- toYaml $values.podSecurityContext | nindent 8 }}
      affinity:
        {{- include "weirlog.affinity" . | nindent 8 }}
      {{- with $values.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- range . }}
        - {{- toYaml . | nindent 10 }}
          {{- if not .labelSelector }}
          labelSelector:
            matchLabels:
              {{- include "weirlog.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $.kind }}
          {{- end }}
        {{- end }}
      {{- end }}
      {{- with .nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if or $values.rack.lookup.enabled $values.initContainers }}
      initContainers:
        {{- if $values.rack.lookup.enabled }}
        - name: rack
          image: {{ $values.rack.lookup.image | quote }}
          command:
            - sh
            - -c
            - kubectl get node "$NODE" -o "jsonpath={.metadata.labels['{{ replace "." "\\." $values.rack.label }}']}" >/rack/zone
          env:
            - name: NODE
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
          securityContext:
            {{- toYaml $values.containerSecurityContext | nindent 12 }}
          volumeMounts:
            - name: rack
              mountPath: /rack
        {{- end }}
        {{- with $values.initContainers }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      containers:
        - name: weirlog
          image: {{ include "weirlog.image" $root | quote }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          command: [sh, /etc/weirlog/start.sh]
          env:
            {{- include "weirlog.env" . | nindent 12 }}
            {{- with index $values.config "logging.format" }}
            # The image has chosen JSON in the same way, which would win over the file.
            - name: WEIRLOG_LOGGING_FORMAT
              value: {{ . | quote }}
            {{- end }}
            {{- if $values.tls.enabled }}
            {{- include "weirlog.tlsEnv" $root | nindent 12 }}
            {{- end }}
            {{- with $values.extraEnvVars }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            {{- if eq .kind "broker" }}
            - name: client
              containerPort: {{ $values.listeners.client.port }}
            {{- end }}
            - name: internal
              containerPort: {{ $values.listeners.internal.port }}
            - name: raft
              containerPort: {{ $values.listeners.raft.port }}
            - name: http
              containerPort: {{ $values.listeners.http.port }}
          startupProbe:
            httpGet: {path: /healthz, port: http}
            {{- toYaml $values.probes.startup | nindent 12 }}
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            {{- toYaml $values.probes.readiness | nindent 12 }}
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            {{- toYaml $values.probes.liveness | nindent 12 }}
          {{- if eq .kind "broker" }}
          lifecycle:
            preStop:
              exec:
                command: [sh, /etc/weirlog/drain.sh]
          {{- end }}
          resources:
            {{- toYaml .resources | nindent 12 }}
          securityContext:
            {{- toYaml $values.containerSecurityContext | nindent 12 }}
          volumeMounts:
            - name: data
              mountPath: /var/lib/weirlog
            - name: config
              mountPath: /etc/weirlog
              readOnly: true
            - name: tmp
              mountPath: /tmp
            {{- if $values.rack.lookup.enabled }}
            - name: rack
              mountPath: /rack
              readOnly: true
            {{- end }}
            {{- if $values.tls.enabled }}
            - name: tls
              mountPath: /etc/weirlog-tls
              readOnly: true
            {{- end }}
            {{- with $values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: config
          configMap:
            name: {{ include "weirlog.fullname" $root }}
        - name: tmp
          emptyDir:
            sizeLimit: 64Mi
        {{- if $values.rack.lookup.enabled }}
        - name: rack
          emptyDir:
            sizeLimit: 1Mi
        {{- end }}
        {{- if $values.tls.enabled }}
        {{- include "weirlog.tlsVolume" $root | nindent 8 }}
        {{- end }}
        {{- if not $values.persistence.enabled }}
        - name: data
          emptyDir: {}
        {{- end }}
        {{- with $values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  {{- if $values.persistence.enabled }}
  volumeClaimTemplates:
    - metadata:
        name: data
        {{- with $values.persistence.annotations }}
        annotations:
          {{- toYaml . | nindent 10 }}
        {{- end }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .persistence.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ .persistence.size }}
  {{- end }}
{{- end -}}

{{- define "weirlog.affinity" -}}
{{- $root := .root -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (dict
      "app.kubernetes.io/name" (include "weirlog.name" $root)
      "app.kubernetes.io/instance" $root.Release.Name
      "app.kubernetes.io/component" .kind)) -}}
{{- if .affinity -}}
{{ toYaml .affinity }}
{{- else if eq $root.Values.antiAffinity "hard" -}}
{{ toYaml (dict "podAntiAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $term))) }}
{{- else if eq $root.Values.antiAffinity "soft" -}}
{{ toYaml (dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list (dict "weight" 100 "podAffinityTerm" $term)))) }}
{{- else -}}
{}
{{- end -}}
{{- end -}}

{{/* Only names that begin with WEIRLOG_ are the node's own: start.sh and drain.sh read the rest. */}}
{{- define "weirlog.env" -}}
{{- $values := .root.Values -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_DOMAIN
  value: {{ include "weirlog.podDomain" .root }}
- name: KIND
  value: {{ .kind }}
- name: FIRST_NODE_ID
  value: {{ .firstNodeId | quote }}
- name: CONTROLLERS
  value: {{ ternary 0 (int $values.controllers.replicas) $values.controllers.separate | quote }}
{{- if and $values.rack.label (not $values.rack.lookup.enabled) }}
- name: ZONE
  valueFrom:
    fieldRef:
      fieldPath: metadata.labels['{{ $values.rack.label }}']
{{- end }}
{{- if eq .kind "broker" }}
- name: DRAIN_WAIT_SECONDS
  value: {{ ternary 0 (int $values.drain.waitSeconds) (eq (int $values.replicas) 1) | quote }}
- name: DRAIN_TIMEOUT_SECONDS
  value: {{ $values.drain.timeoutSeconds | quote }}
- name: WEIRLOG_BOOTSTRAP_SERVER
  value: 127.0.0.1:{{ $values.listeners.client.port }}
{{- end }}
{{- with $values.javaOpts }}
- name: WEIRLOG_JAVA_OPTS
  value: {{ . | trim | quote }}
{{- end }}
{{- end -}}
