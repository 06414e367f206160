"""Makes of one YAML case what a watch would make of it, through the real translators.

Raw objects become expectations, API answers an observation, log text lines; then the comparison
picks the job, and its facts are those objects that a gatherer would have read for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.builders import a_memory
from tests.rules.known import gathered
from tests.rules.raws import BASE, FOLDER, NOW, called, changed
from tests.rules.servers import in_log, observed
from tests.rules.should import expected
from watcher.diagnosis.rule import Case
from watcher.engine.compare import compare
from watcher.engine.usual import with_fewer
from watcher.model.expectations import Expectations
from watcher.model.history import UsualTargets

KEYS = {
    "objects", "without", "was", "gone_since", "operator_log", "server", "servers", "pool", "hide", "expect",
    "case", "cluster", "expected", "learned", "manifests", "pinned", "mounts", "crds", "access", "secrets",
    "removed", "last_sample", "store", "used_to_have", "why", "base", "prometheus", "sealed",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A case, ready to be diagnosed, and the raw objects that it was made of."""

    title: str
    entry: Mapping[str, Any]
    objects: tuple[Mapping[str, Any], ...]
    case: Case
    expectations: Expectations

    @property
    def wanted(self) -> Mapping[str, Any]:
        return self.entry["expect"]


def entries():
    """Every case of every file, as (file's stem, entry)."""
    for file in sorted((FOLDER / "cases").glob("*.yaml")):
        for entry in yaml.load(file.read_text(), Loader=yaml.CSafeLoader):
            yield file.stem, entry


def scene(entry: Mapping[str, Any]) -> Scene:
    """Play one entry. Raises AssertionError for an unknown key, so that a typo is no passed test."""
    assert set(entry) <= KEYS, f"unknown: {set(entry) - KEYS}"
    base = [] if entry.get("cluster") == "none" else entry.get("base", BASE)
    before = changed(base, entry.get("was", ()))
    now = changed(before, entry.get("objects", ()))
    now = [raw for raw in now if called(raw) not in set(entry.get("without", ()))]
    observation = observed(entry)
    expectations = expected(entry, before, now)
    named = {s.server.name: in_log(entry, s) for s in observation.readable}
    own = [job for job in expectations.jobs if job.prometheus == observation.prometheus]
    comparison = compare(own, observation, named_in_log=named)
    if "used_to_have" in entry:
        memory = a_memory(usual=UsualTargets(count=entry["used_to_have"]))
        comparison = with_fewer(comparison, dict.fromkeys((job.key for job in own), memory))
    wanted = entry.get("pool")
    statuses = [s for s in comparison.statuses if (s.pool == wanted if wanted else not s.healthy)]
    assert len(statuses) == 1, [(s.pool, s.state) for s in comparison.statuses]
    facts = gathered(entry, now, statuses[0].job, expectations)
    case = Case(status=statuses[0], observation=observation, facts=facts, now=NOW)
    return Scene(
        title=entry["case"],
        entry=entry,
        objects=tuple(now),
        case=case,
        expectations=expectations,
    )
