{{- define "watcher.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "watcher.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "watcher.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "watcher.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "watcher.selectorLabels" -}}
app.kubernetes.io/name: {{ include "watcher.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "watcher.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "watcher.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "watcher.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "watcher.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "watcher.image" -}}
{{- $image := .Values.image }}
{{- if $image.digest }}{{ $image.repository }}@{{ $image.digest }}
{{- else }}{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end }}
{{- end }}

{{- define "watcher.subjects" -}}
- kind: ServiceAccount
  name: {{ include "watcher.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* The settings file: what is given, with the store and the address to listen on where these are absent. */}}
{{- define "watcher.settings" -}}
{{- $store := "sqlite:////var/lib/watcher/watcher.db" }}
{{- if eq .Values.store.kind "postgresql" }}
{{- $store = required "store.postgresql.url is needed where store.kind is postgresql" .Values.store.postgresql.url }}
{{- end }}
{{- $web := merge (deepCopy (default dict .Values.settings.web)) (dict "listen" ":9393") }}
{{- merge (dict "web" $web) (deepCopy .Values.settings) (dict "store" $store) | toYaml }}
{{- end }}

{{/* A Role and its binding in a namespace: dict root, name, namespace, rules. */}}
{{- define "watcher.role" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels: {{- include "watcher.labels" .root | nindent 4 }}
rules: {{- .rules | nindent 0 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels: {{- include "watcher.labels" .root | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .name }}}
subjects: {{- include "watcher.subjects" .root | nindent 0 }}
{{- end }}

{{/* What is read of namespaces: the same by a ClusterRole and by Roles. */}}
{{- define "watcher.readNamespaced" -}}
# What should be scraped.
- apiGroups: [monitoring.coreos.com]
  resources: [prometheuses, prometheusagents, servicemonitors, podmonitors, probes, scrapeconfigs]
  verbs: [get, list, watch]
# What discovery would find.
- apiGroups: [""]
  resources: [services, endpoints, pods]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
# Why: what the operator said, what it wrote, what somebody changed by hand, what is let through.
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [statefulsets, daemonsets, deployments, controllerrevisions]
  verbs: [get, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies, ingresses]
  verbs: [get, list, watch]
{{- end }}
