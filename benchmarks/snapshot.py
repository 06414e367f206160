"""One measurement in a process of its own: what the snapshot of a cluster costs, or its floor.

    python -m benchmarks.snapshot floor KUBECONFIG
    python -m benchmarks.snapshot expectations KUBECONFIG

The floor asks for the same lists over HTTP and decodes the same JSON, and does nothing with it.
Prints one line of JSON: seconds (wall and own CPU), peak memory of the process, what was found.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import msgspec

from watcher.adapters.kubernetes.api import KubeApi, connect
from watcher.adapters.kubernetes.cluster import ClusterSource
from watcher.adapters.kubernetes.pages import PAGE_SIZE
from watcher.adapters.kubernetes.resources import (
    AGENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    MONITORS,
    NAMESPACES,
    PROMETHEUSES,
    SERVICES,
    Resource,
)
from watcher.app.compose import clock
from watcher.settings import KubernetesSettings, Settings

_LISTS = (
    PROMETHEUSES,
    AGENTS,
    NAMESPACES,
    *MONITORS.values(),
    SERVICES,
    ENDPOINTS,
    ENDPOINT_SLICES,
)


def main(what: str, kubeconfig: str) -> None:
    """Measure one of the two, and print it."""
    kube = connect(KubernetesSettings(kubeconfig=Path(kubeconfig)))
    if kube is None:
        sys.exit(f"{kubeconfig}: no cluster in it")
    token = _token(Path(kubeconfig))
    measured: dict[str, Callable[[], dict[str, int]]] = {
        "floor": lambda: _floor(kube.server, token),
        "expectations": lambda: _expectations(kube),
    }
    before = _peak()
    wall, cpu = time.perf_counter(), time.process_time()
    found = measured[what]()
    line = {
        "seconds": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak_mb": _peak(),
        "start_mb": before,
        **found,
    }
    print(json.dumps(line))


def _floor(server: str, token: str) -> dict[str, int]:
    """Receive and decode, list by list; nothing is kept."""
    size = count = 0
    for resource_ in _LISTS:
        page = _page(server, token, resource_, "")
        while True:
            body = page.read()
            size += len(body)
            decoded = msgspec.json.decode(body)
            count += len(decoded["items"])
            after = decoded["metadata"].get("continue")
            del body, decoded
            if not after:
                break
            page = _page(server, token, resource_, after)
    return {"objects": count, "bytes": size}


def _page(server: str, token: str, of: Resource, after: str) -> Any:
    query = f"continue={after}" if after else "resourceVersion=0"
    url = f"{server}{of.path()}?limit={PAGE_SIZE}&{query}"
    return urlopen(Request(url, headers={"Authorization": f"Bearer {token}"}))  # noqa: S310


def _expectations(kube: KubeApi) -> dict[str, int]:
    found = ClusterSource(kube, Settings()).snapshot(clock())
    return {
        "jobs": len(found.jobs),
        "counted": sum(job.targets is not None for job in found.jobs),
        "targets": sum(job.targets or 0 for job in found.jobs),
        "unreadable": len(found.unreadable),
        "bytes": kube.bytes_read,
    }


def _token(kubeconfig: Path) -> str:
    for line in kubeconfig.read_text(encoding="utf-8").splitlines():
        if "token:" in line:
            return line.partition("token:")[2].strip()
    return ""


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:3])
