"""Look for what is not lost yet and will be. It changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from watcher.cycles import unforeseen
from watcher.cycles.look import Remembered
from watcher.diagnosis.diagnose import assess
from watcher.diagnosis.rule import Ground, RiskRule
from watcher.model.facts import MOUNT_HISTORY, Facts, Known, Unavailable
from watcher.model.findings import Risk, Undecided
from watcher.model.results import Audit, Result
from watcher.ports import FactGatherer


@dataclass(frozen=True, slots=True, kw_only=True)
class Assess:
    """Asks the rules of what is at risk, on the ground of one look."""

    gatherers: Sequence[FactGatherer]
    rules: Sequence[RiskRule]

    def of(self, result: Result, remembered: Remembered) -> Audit:
        """What is at risk at every Prometheus of *result*."""
        needs = frozenset(need for rule in self.rules for need in rule.needs)
        risks: list[Risk] = []
        undecided: list[Undecided] = []
        prometheuses = result.expectations.prometheuses if result.expectations else ()
        for prometheus in prometheuses:
            observation = next(
                (o for o in result.observations if o.prometheus == prometheus.name), None
            )
            known: dict[str, Known[object] | Unavailable] = {}
            for gatherer in self.gatherers:
                try:
                    found = gatherer.gather_prometheus(prometheus, observation, needs, result.at)
                except Exception as error:  # noqa: BLE001 -- what it would have told is unknown; the others continue
                    unforeseen.write("gathering facts", error, of=prometheus.name)
                else:
                    known |= found.known
            ground = Ground(
                prometheus=prometheus,
                observation=observation,
                statuses=tuple(s for s in result.statuses if s.job.prometheus == prometheus.name),
                unselected=result.expectations.unselected if result.expectations else (),
                facts=Facts({**known, MOUNT_HISTORY.name: remembered.mounts}),
                now=result.at,
            )
            failed = partial(unforeseen.write, of=prometheus.name)
            told, lacking = assess(ground, self.rules, failed)
            risks += told
            undecided += lacking
        return Audit(
            at=result.at,
            risks=tuple(sorted(risks, key=lambda r: (r.prometheus, r.code, r.pool or ""))),
            undecided=tuple(dict.fromkeys(undecided)),
            unreadable=result.unreadable,
        )
