"""The Kubernetes API, the home of ``kubernetes``: objects, rights, pods' logs, and the facts read from them."""
