"""Objects of a cluster laid out so that one selector finds its own fast.

Ten thousand Services and five thousand monitors are a usual large cluster: a selector looks only
at what carries one of its labels. Nothing is copied, nothing is counted here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from watcher.model.kube import FieldError, KubeObject
from watcher.operator.selectors import Operator, Selector


@dataclass(frozen=True, slots=True)
class Item:
    """One object with what it is looked for by."""

    resource: KubeObject
    namespace: str
    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bad:
    """An object that cannot be used, and why."""

    resource: KubeObject
    error: FieldError


Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Objects of one kind by label, namespace and name, and those that could not be read."""

    by_label: Mapping[Key, Sequence[Item]] = field(default_factory=dict)
    by_namespace: Mapping[str, Sequence[Item]] = field(default_factory=dict)
    by_name: Mapping[Key, Item] = field(default_factory=dict)
    bad: tuple[Bad, ...] = ()

    def matching(
        self, selector: Selector, namespaces: tuple[str, ...] | None
    ) -> tuple[Item, ...] | None:
        """What *selector* selects in *namespaces* (None: all of them).

        None when an object there could not be read, as it might have been one of them.
        """
        if any(_inside(bad.resource, namespaces) for bad in self.bad):
            return None
        return tuple(
            item
            for item in self._candidates(selector, namespaces)
            if (namespaces is None or item.namespace in namespaces)
            and selector.matches(item.labels)
        )

    def _candidates(self, selector: Selector, namespaces: tuple[str, ...] | None) -> Iterable[Item]:
        """The fewest objects among which all that match must be."""
        choices: list[list[Sequence[Item]]] = []
        if namespaces is not None:
            choices.append([self.by_namespace.get(n, ()) for n in dict.fromkeys(namespaces)])
        for wanted in selector.requirements:
            if wanted.operator is Operator.IN:
                keys = [(wanted.key, value) for value in dict.fromkeys(wanted.values)]
                choices.append([self.by_label.get(key, ()) for key in keys])
        everything = list(self.by_namespace.values())
        fewest = min(choices, key=lambda parts: sum(map(len, parts)), default=everything)
        return chain.from_iterable(fewest)


def shelve(
    resources: Iterable[KubeObject],
    labels_of: Callable[[KubeObject], Mapping[str, str]] = lambda resource: resource.labels,
) -> Shelf:
    """Lay out *resources* by *labels_of* them; one with a field of a wrong type is only named as bad."""
    by_label: dict[Key, list[Item]] = {}
    by_namespace: dict[str, list[Item]] = {}
    by_name: dict[Key, Item] = {}
    bad = []
    for resource in resources:
        try:
            item = Item(resource, resource.namespace, resource.name, labels_of(resource))
        except FieldError as error:
            bad.append(Bad(resource, error))
            continue
        by_name[item.namespace, item.name] = item
        by_namespace.setdefault(item.namespace, []).append(item)
        for key in item.labels.items():
            by_label.setdefault(key, []).append(item)
    return Shelf(by_label, by_namespace, by_name, tuple(bad))


def grouped(
    resources: Iterable[KubeObject], key: Callable[[KubeObject], Key]
) -> tuple[Mapping[Key, Sequence[KubeObject]], tuple[Bad, ...]]:
    """*resources* by *key*, and those of which it could not be told."""
    found: dict[Key, list[KubeObject]] = {}
    bad = []
    for resource in resources:
        try:
            found.setdefault(key(resource), []).append(resource)
        except FieldError as error:
            bad.append(Bad(resource, error))
    return found, tuple(bad)


def _inside(resource: KubeObject, namespaces: tuple[str, ...] | None) -> bool:
    """Whether a bad object may be in *namespaces*; one of no known namespace may be anywhere."""
    try:
        return namespaces is None or resource.namespace in {"", *namespaces}
    except FieldError:
        return True
