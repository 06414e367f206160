"""Where Prometheus's log is read: pods, files, Loki."""
