"""Kubernetes manifests in files."""
