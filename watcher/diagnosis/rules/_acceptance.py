"""What the rules of the link *accepted* share: the operator's own word, and our re-validation."""

import re
from dataclasses import dataclass
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Lacking
from watcher.diagnosis.rules import _operator_words, _selection
from watcher.model import shell
from watcher.model.facts import OPERATOR, SECRET_KEYS, Known, Unavailable
from watcher.model.findings import Evidence, Finding, FixStep
from watcher.model.kube import KubeObject
from watcher.operator.rejection import Reason, Rejection
from watcher.operator.selection import NotSelected
from watcher.operator.surroundings import version_judging
from watcher.operator.validation import Validation, validate

_REFERENCE: Final = re.compile(r'(?P<kind>secret|configmap) "(?P<name>[^"]+)"')
_KEY: Final = re.compile(r'key "(?P<key>[^"]+)" in ')


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A Secret or ConfigMap that the monitor refers to; *key* is None where it is not there."""

    kind: str
    namespace: str
    name: str
    key: str | None
    text: str


def taken(case: Case) -> _selection.Pair | None:
    """The monitor and its Prometheus, None where it is not selected or known to be accepted."""
    found = _selection.pair(case)
    if found is None or found.says.objects is None:
        return None
    if _selection.refused_for_labels(found) is not None or _operator_words.accepted(found):
        return None
    verdict = _selection.refused_for_namespace(case, found)
    return None if isinstance(verdict, NotSelected) else found


def validation(case: Case, found: _selection.Pair) -> Validation:
    """Our own re-validation, as far as keys could be read."""
    keys = case.look(SECRET_KEYS)
    known = None if isinstance(keys, Unavailable) else keys
    return validate(found.monitor, found.prometheus, known, version_of_operator(case, found))


def version_of_operator(case: Case, found: _selection.Pair) -> str | None:
    """The version of the operator that looks after the Prometheus, None where that is not known."""
    operators = case.look(OPERATOR)
    return version_judging(
        found.prometheus, operators if isinstance(operators, Unavailable) else Known(operators)
    )


def references(case: Case, reason: Reason) -> tuple[_selection.Pair, list[Reference]] | None:
    """What the monitor refers to and is not there, or lacks its key.

    Raises Lacking when the monitor refers to some that could not be read.
    """
    found = taken(case)
    if found is None:
        return None
    said = validation(case, found)
    lacking = [_reference(r, found.monitor) for r in said.rejections if r.reason is reason]
    if not lacking:
        need_keys(case, said)
    return (found, lacking) if lacking else None


def need_keys(case: Case, said: Validation) -> None:
    """Raise Lacking where something was not judged because its keys could not be read."""
    unread = next((u.lacking for u in said.untold if u.lacking is not None), None)
    if unread is not None:
        keys = case.look(SECRET_KEYS)
        raise Lacking(SECRET_KEYS.name, keys if isinstance(keys, Unavailable) else unread)


def finding(lacks: str, found: _selection.Pair, first: Reference, fix: FixStep) -> Finding:
    """A finding about one reference; jobs with the same are one problem."""
    place = f"{first.namespace}/{first.name}"
    return Finding(
        summary=f"the operator rejects {found.monitor.kind} {found.monitor.full_name}: {lacks}",
        evidence=(
            Evidence(
                seen=first.text,
                where=f"kubectl -n {quote(first.namespace)} describe {shell.resource(first.kind, first.name)}",
            ),
            Evidence(
                seen=f"{found.monitor.kind} {found.monitor.full_name} refers to it",
                where=found.monitor.kubectl(),
            ),
        ),
        fix=(fix,),
        proof=f"{first.kind} {place}",
    )


def _reference(rejection: Rejection, monitor: KubeObject) -> Reference:
    named = _REFERENCE.search(rejection.text)
    key = _KEY.search(rejection.text)
    return Reference(
        kind=named["kind"] if named else "secret",
        namespace=monitor.namespace,
        name=named["name"] if named else "<secret>",
        key=key["key"] if key else None,
        text=rejection.text,
    )
