"""A case with all its names changed consistently, so that no rule can know our examples."""

import re
from typing import Any

from tests.rules.raws import BASE
from tests.rules.servers import JOB, server_entries

NAMES = {
    "monitoring": "observability",
    "shop": "bakery",
    "kubelet": "oven",
    "web": "bread",
    "k8s": "kitchen",
}
"""Namespaces, monitors, the Prometheus with its StatefulSet, and the Secrets named after them."""

# No name is the flag --kubelet-service, nor a part of an API group.
_NAME = re.compile(rf"(?<![A-Za-z0-9])(?<!--)({'|'.join(NAMES)})(?![A-Za-z0-9]|\.(?:io|coreos))")
_NOT_NAMES = {"apiVersion", "kind", "hide", "case", "expect", "fieldsV1"}


def renamed(entry: Any) -> Any:
    """*entry* with the base that it starts from, both with other names in every text."""
    whole = dict(entry) | {"base": BASE, "prometheus": "monitoring/k8s"}
    servers = server_entries(entry)
    given = [{"jobs": [JOB], "name": f"prometheus-k8s-{n}"} | s for n, s in enumerate(servers)]
    whole |= {"servers": [_with_pools(server) for server in given]}
    whole.pop("server", None)
    return {key: found if key in _NOT_NAMES else _other(found) for key, found in whole.items()}


def _with_pools(server: Any) -> Any:
    """The default pool of targets, named, as it is a name too."""
    if "targets" not in server:
        return server
    pool = {"pool": "serviceMonitor/shop/web/0"}
    return server | {"targets": [pool | target for target in server["targets"]]}


def _other(found: Any) -> Any:
    match found:
        case str():
            return _NAME.sub(lambda name: NAMES[name[1]], found)
        case list() | tuple():
            return [_other(item) for item in found]
        case dict():
            return {
                k: v if k in _NOT_NAMES else _keyed(v) if k == "data" else _other(v)
                for k, v in found.items()
            }
        case _:
            return found


def _keyed(found: Any) -> Any:
    """Keys of a Secret may be names too: the operator's copies are called after their source."""
    changed = _other(found)
    return {_other(k): v for k, v in changed.items()} if isinstance(changed, dict) else changed
