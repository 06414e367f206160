"""The large cluster in a process of its own, so that its memory and its time are nobody else's.

    python -m benchmarks.server KUBECONFIG

Writes the kubeconfig, prints one line when it serves, and ends with its standard input.
"""

import sys
from pathlib import Path

from benchmarks.cluster import fill
from tests.kube_api import KubeApi


def main(kubeconfig: str) -> None:
    """Serve until standard input is closed."""
    with KubeApi() as api:
        fill(api)
        print(api.kubeconfig(Path(kubeconfig)), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
