"""Which rights the watcher lacks where it needs them, and which rules cannot be asked without them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from watcher.adapters.kubernetes.api import KubeApi
from watcher.adapters.kubernetes.job_facts import OBJECTS
from watcher.adapters.kubernetes.reading import Reading
from watcher.adapters.kubernetes.resources import Resource
from watcher.adapters.kubernetes.rights import RIGHTS
from watcher.adapters.kubernetes.uses import EVERYWHERE, IN_NAMESPACES, User, Uses, uses
from watcher.diagnosis import catalogue
from watcher.model.expectations import Expectations
from watcher.model.facts import Known

_NAMED: Final = 5
"""So many namespaces, and Prometheuses, are named."""

MOST_NAMESPACES: Final = 100
"""In so many namespaces a right is asked for; what is lacking elsewhere is told with what needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A right that we do not have where it is needed, the codes that need it, and for whom."""

    permission: str
    rules: tuple[str, ...]
    users: str = ""

    def __str__(self) -> str:
        """The line for the log."""
        whom = f" for {self.users}" if self.users else ""
        return (
            f"no right to {self.permission}: without it these rules cannot be asked{whom}:"
            f" {', '.join(self.rules)}; config/kubernetes has it"
        )


@dataclass(slots=True, kw_only=True)
class _Need:
    """What needs a right in one namespace; both grow."""

    rules: set[str] = field(default_factory=set)
    users: set[User] = field(default_factory=set)


def lacking(
    kube: KubeApi, expectations: Expectations, namespaces: tuple[str, ...] = ()
) -> tuple[Lack, ...]:
    """Each right that is lacking where some rule needs it for what is expected.

    *namespaces* are those that are read where not all may be. Raises SourceUnavailable where the
    API server does not tell.
    """
    operators = Reading(kube, namespaces).operators()
    used = uses(expectations, operators.value if isinstance(operators, Known) else ())
    found: list[Lack] = []
    for (verb, resource), given in RIGHTS.items():
        needs = _needs({fact.name for fact in given}, used)
        if not needs or kube.may_we(verb, resource):
            continue
        placed = _placed(needs, namespaces if resource.namespaced else ())
        denied = {
            namespace: need
            for namespace, need in sorted(placed.items())[:MOST_NAMESPACES]
            if namespace == EVERYWHERE or not kube.may_we(verb, resource, namespace)
        }
        found += _lacks(verb, resource, denied)
    return tuple(found)


def _needs(given: set[str], used: Uses) -> Mapping[str, _Need]:
    """What needs any of the *given* facts, by the namespace in which it does.

    Of facts that are about where a job looks for its targets, risks need what there is everywhere.
    """
    needs: dict[str, _Need] = defaultdict(_Need)
    for rule in catalogue.causes():
        for name in rule.needs & given:
            places = used.get(name, {}) if name in IN_NAMESPACES else {EVERYWHERE: ()}
            for namespace, users in places.items():
                needs[namespace].rules.add(rule.code)
                needs[namespace].users.update(users)
    for risk in catalogue.at_risk():
        for name in risk.needs & given:
            of_all = name not in IN_NAMESPACES or name in OBJECTS
            for namespace in (EVERYWHERE,) if of_all else used.get(name, {}):
                needs[namespace].rules.add(risk.code)
    return needs


def _placed(needs: Mapping[str, _Need], namespaces: Sequence[str]) -> Mapping[str, _Need]:
    """*needs* with what is read everywhere in *namespaces* instead, where there are some."""
    if not namespaces:
        return needs
    placed: dict[str, _Need] = defaultdict(_Need)
    for namespace, need in needs.items():
        for each in (namespace,) if namespace != EVERYWHERE else namespaces:
            placed[each].rules |= need.rules
            placed[each].users |= need.users
    return placed


def _lacks(verb: str, resource: Resource, denied: Mapping[str, _Need]) -> Iterator[Lack]:
    """One for all namespaces in which the same rules cannot be asked."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for namespace, need in denied.items():
        alike[tuple(sorted(need.rules))].append(namespace)
    for rules, places in alike.items():
        yield Lack(
            permission=_permission(verb, resource, places),
            rules=rules,
            users=_who({user for place in places for user in denied[place].users}),
        )


def _permission(verb: str, resource: Resource, places: Sequence[str]) -> str:
    if len(places) == 1:
        return resource.permission(verb, places[0])
    return f"{verb} {resource.qualified} in namespaces {_listed(places)}"


def _who(users: Iterable[User]) -> str:
    """``monitoring/k8s, 3 jobs of monitoring/other``: a whole one speaks for its jobs too."""
    jobs: dict[str, set[str]] = defaultdict(set)
    for whole, pool in users:
        jobs[whole].add(pool)
    said = []
    for whole, pools in sorted(jobs.items()):
        jobs_of = f"{len(pools)} job{'s' if len(pools) > 1 else ''} of "
        said.append(whole if "" in pools else jobs_of + whole)
    return _listed(said)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
