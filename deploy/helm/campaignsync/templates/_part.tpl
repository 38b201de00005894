{{/* One part of the service: a dictionary of name, values (of the part), command and root. */}}
{{- define "campaignsync.part" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .root.Release.Name }}-{{ .name }}
  labels: {app.kubernetes.io/name: campaignsync, app.kubernetes.io/component: {{ .name }}}
spec:
  replicas: {{ .values.replicas }}
  selector:
    matchLabels: {app.kubernetes.io/instance: {{ .root.Release.Name }}, app.kubernetes.io/component: {{ .name }}}
  template:
    metadata:
      labels: {app.kubernetes.io/instance: {{ .root.Release.Name }}, app.kubernetes.io/component: {{ .name }}}
    spec:
      # Rounds under way end first; what takes longer than the worker's grace is handed over to others.
      terminationGracePeriodSeconds: 60
      securityContext: {runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: {{ .name }}
          image: {{ .root.Values.image }}
          imagePullPolicy: {{ .root.Values.imagePullPolicy }}
          args: {{ .command | toJson }}
          envFrom: [{secretRef: {name: {{ .root.Values.existingSecret }}}}]
          env:
            - {name: CAMPAIGNSYNC_PUBLIC_URL, value: {{ .root.Values.publicUrl | quote }}}
            - {name: CAMPAIGNSYNC_DATA_DIR, value: /tmp}
            {{- range $name, $value := .root.Values.settings }}
            - {name: {{ $name }}, value: {{ $value | quote }}}
            {{- end }}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: temporary, mountPath: /tmp}]
          resources: {{ .values.resources | toJson }}
          {{- if eq .name "web" }}
          ports: [{name: http, containerPort: 8080}]
          # Probes name a host that the pages answer to.
          livenessProbe: {httpGet: {path: /healthz, port: http, httpHeaders: [{name: Host, value: localhost}]}, periodSeconds: 10}
          readinessProbe: {httpGet: {path: /readyz, port: http, httpHeaders: [{name: Host, value: localhost}]}, periodSeconds: 5}
          {{- end }}
      volumes: [{name: temporary, emptyDir: {}}]
{{- end -}}
