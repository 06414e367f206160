"""Which Deployments run prometheus-operator: by label, images and names of containers, and flags."""

from typing import Final

from watcher.model.kube import FieldError, KubeObject, objects, text, texts

_LABEL: Final = "app.kubernetes.io/name"
NAME: Final = "prometheus-operator"
RELOADERS: Final = frozenset({"config-reloader", "prometheus-config-reloader"})
"""What the container of the reloader in a pod of Prometheus is called, and was until v0.42."""
_BESIDE: Final = ("config-reloader", "admission-webhook")
"""What comes with the operator, of the same name or from the same place, and is not it."""

_FLAGS: Final = (
    "--controller-id",
    "--prometheus-config-reloader",
    "--prometheus-instance-namespaces",
    "--prometheus-instance-selector",
)
"""Flags of the operator alone (cmd/operator/main.go), for one whose image was given another name."""


def runs_operator(deployment: KubeObject) -> bool:
    """Whether *deployment* runs the operator; never for its config reloader or webhook alone.

    A Deployment with a field of a wrong type does not count.
    """
    try:
        if deployment.labels.get(_LABEL) == NAME:
            return True
        containers = tuple(objects(deployment.raw, "spec", "template", "spec", "containers"))
        words = {text(c, key) or "" for c in containers for key in ("name", "image")}
        said = {word for c in containers for key in ("command", "args") for word in texts(c, key)}
    except FieldError:
        return False
    return any(map(_is_operator, words)) or any(word.startswith(_FLAGS) for word in said)


def operator_container(pod: KubeObject) -> str:
    """Name of the container of *pod* that runs the operator, of the first where none is called so.

    Raises FieldError for a field of a wrong type.
    """
    containers = [
        (text(c, "name") or "", text(c, "image") or "")
        for c in objects(pod.raw, "spec", "containers")
    ]
    named = (name for name, image in containers if _is_operator(name) or _is_operator(image))
    return next(named, containers[0][0] if containers else NAME)


def _is_operator(word: str) -> bool:
    return NAME in word and not any(other in word for other in _BESIDE)
