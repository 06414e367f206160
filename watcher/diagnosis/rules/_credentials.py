"""With which credentials a running job scrapes, told without the credentials."""

from typing import Final

from watcher.diagnosis.rule import Case
from watcher.model.facts import PROMETHEUS, Unavailable
from watcher.model.kube import KubeObject, mapping, objects, text, value

_WAYS: Final = {
    "authorization": "authorization",
    "bearer_token_file": "bearer_token_file",
    "bearer_token": "a bearer token",
    "basic_auth": "basic_auth",
    "oauth2": "oauth2",
}

_RBAC_PROXY: Final = "kube-rbac-proxy"


def credentials_of(case: Case) -> str | None:
    """What the running job sends to tell who it is, None when it sends nothing."""
    running = case.running()
    if running is None:
        return None
    names = [words for field, words in _WAYS.items() if value(running.raw, field)]
    if mapping(running.raw, "tls_config").get("cert_file"):
        names.append("a client certificate")
    return " and ".join(names) or None


def rbac_proxy_of(pod: KubeObject | None) -> str | None:
    """The container of *pod* that asks the API server whose token it was sent; None without one."""
    for container in () if pod is None else objects(pod.raw, "spec", "containers"):
        if _RBAC_PROXY in f"{text(container, 'name')} {text(container, 'image')}":
            return text(container, "name")
    return None


def account_of(case: Case) -> str:
    """Prometheus's ServiceAccount as RBAC knows it; placeholders for what is not known."""
    namespace = case.job.prometheus.partition("/")[0]
    prometheus = case.look(PROMETHEUS)
    if isinstance(prometheus, Unavailable) or prometheus is None:
        return f"system:serviceaccount:{namespace}:<account>"
    name = text(prometheus.raw, "spec", "serviceAccountName") or "default"
    return f"system:serviceaccount:{prometheus.namespace}:{name}"
