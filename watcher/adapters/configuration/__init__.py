"""Prometheus's configuration: files on disk, and what a server says that it runs with."""
