"""Which Deployments run prometheus-operator: by their label, else by images and container names."""

from typing import Final

from watcher.model.kube import FieldError, KubeObject, objects, text

LABEL: Final = "app.kubernetes.io/name"
NAME: Final = "prometheus-operator"


def runs_operator(deployment: KubeObject) -> bool:
    """Whether *deployment* runs the operator; never for its config reloader alone.

    A Deployment with a field of a wrong type does not count.
    """
    try:
        if deployment.labels.get(LABEL) == NAME:
            return True
        containers = tuple(objects(deployment.raw, "spec", "template", "spec", "containers"))
        words = {text(c, key) or "" for c in containers for key in ("name", "image")}
    except FieldError:
        return False
    return any(NAME in word and "config-reloader" not in word for word in words)
