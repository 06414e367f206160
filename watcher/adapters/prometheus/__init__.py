"""Prometheus servers over HTTP, the home of ``prometheus_api_client``."""
