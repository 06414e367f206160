"""The incident as a play, on a real Prometheus: `make demo`.

Real here: Prometheus, its log, its TLS targets, the HTTP of every API, the watcher as it is shipped.
Played here: the operator, the kubelet that starts pods, and the people. The Kubernetes API and Slack
are the tests' local servers.
"""
