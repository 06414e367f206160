"""Which rights the watcher lacks, and which rules cannot be asked without them."""

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.adapters.kube import KubeApi
from watcher.adapters.kube_rights import RIGHTS, may_we
from watcher.diagnosis import catalogue
from watcher.diagnosis.rule import RiskRule, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A right that we do not have, and the codes that need it."""

    permission: str
    rules: tuple[str, ...]


def lacking(kube: KubeApi | None) -> Iterator[Lack]:
    """Each lacking right that some rule needs.

    Nothing where there is no cluster, and no more once the API server does not tell.
    """
    if kube is None:
        return
    every: tuple[Rule | RiskRule, ...] = (*catalogue.causes(), *catalogue.at_risk())
    for (verb, resource), given in RIGHTS.items():
        names = {fact.name for fact in given}
        rules = sorted({rule.code for rule in every if rule.needs & names})
        allowed = may_we(kube, verb, resource) if rules else True
        if allowed is None:
            return
        if not allowed:
            yield Lack(permission=resource.permission(verb), rules=tuple(rules))
