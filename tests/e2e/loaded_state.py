"""What a state is: what stood before, what happens, and what is then to be told of the job."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.e2e.loaded_cluster import Cluster, Object

A: Final = "certain"
B: Final = "likely"
C: Final = "possible"

Told = tuple[str, str | None, str | None]
"""Cause (without one the state), confidence and link."""
Deed = Callable[[Cluster], object]

HEALTHY: Final[Told] = ("healthy", None, None)
SLOW: Final = {"port": "web", "interval": "10s", "scrapeTimeout": "30s"}
"""An endpoint that the operator refuses."""


@dataclass(frozen=True, kw_only=True)
class State:
    """``name`` is the monitor's; ``before`` makes it, ``after`` is what happens then.

    ``job`` is what the real server runs of it, None for nothing.
    """

    name: str
    told: Told
    before: Deed
    after: Deed = lambda _: None
    job: Object | None = None


def without(*kinds: str) -> Object:
    return {f"{kind}Selector": None for kind in kinds}


def of_its_own(name: str, told: Told, after: Deed, job: Object | None = None) -> State:
    """A state of a whole Prometheus, which has one monitor."""

    def before(cluster: Cluster) -> None:
        cluster.prometheus(name)
        cluster.service_monitor(name, of=name)

    return State(name=name, told=told, before=before, after=after, job=job)
