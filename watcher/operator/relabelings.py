"""Whether relabeling leaves the number of a job's targets as discovery gives it.

It does not replay relabeling: where rules could add to or take from the number, it says so.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from watcher.model.kube import JSONObject, text

_SETTING: Final = frozenset({"replace", "lowercase", "uppercase", "hashmod"})


def keeps_count(*lists: Iterable[JSONObject]) -> bool:
    """Whether no relabeling in *lists* can drop a target or make two of them one.

    Keep and drop actions can; so can a rule that writes ``__address__`` or whose target label is a
    template, one that keeps only some labels, and a map onto labels of Prometheus itself.
    """
    return all(_harmless(rule) for rule in chain(*lists))


def _harmless(rule: JSONObject) -> bool:
    action = (text(rule, "action") or "replace").lower()
    if action in _SETTING:
        target = text(rule, "targetLabel") or ""
        return target != "__address__" and "$" not in target
    if action == "labelmap":
        return (text(rule, "replacement") or "$1") in {"$1", "${1}"} and (
            text(rule, "regex") or ""
        ).startswith("__meta_")
    return action == "labeldrop" and "__" not in (text(rule, "regex") or "__")
