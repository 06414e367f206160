"""What the rules about the config-reloader share: whether it runs beside the servers that lack a job."""

from watcher.diagnosis.rule import Case
from watcher.model.facts import PODS
from watcher.model.kube import JSONObject, KubeObject, flag, objects, text
from watcher.operator.deployments import RELOADERS


def not_ready(case: Case) -> tuple[KubeObject, JSONObject] | None:
    """The first pod of the job's servers whose reloader is not ready, and that container's status.

    Raises Lacking when the pods could not be read.
    """
    names = {server.server.name for server in case.servers()}
    for pod in case.read(PODS):
        status = _status(pod) if pod.name in names else None
        if status is not None and not flag(status, "ready"):
            return pod, status
    return None


def _status(pod: KubeObject) -> JSONObject | None:
    every = objects(pod.raw, "status", "containerStatuses")
    return next((s for s in every if text(s, "name") in RELOADERS), None)
