"""The operator takes the monitor and refuses it as invalid.

## Meaning

One bad object is left out of the configuration and everything else continues: no alert of the operator's
own names it. The operator tells it by an Event that is gone after an hour, in its log and, with a
feature gate, in the object's status.

## Evidence

`status.bindings` of the monitor, its Event `InvalidConfiguration` or the operator's log, in the
operator's own words; else the same checks made here again, which is two signals at most. Where
Secrets and ConfigMaps may be read, certificates and keys that the monitor refers to are judged too: PEM
that cannot be used, or a certificate and a key that are no pair. Only that verdict is kept.

## Fix

Fix what the words name. The operator looks again at every change of the object, and of what it refers
to, unless its flags hide that.

## Not to be confused with

`secret-missing`, `secret-key-missing`: narrower words for two of its reasons. `labels-not-selected`: there
the operator never looks at the object. `reload-failing`: there the operator accepts what Prometheus
refuses.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _acceptance, _operator_words, _selection
from watcher.model.comparison import JobState
from watcher.model.facts import (
    LAST_MONITOR,
    MONITOR,
    MONITOR_EVENTS,
    NAMESPACE,
    OPERATOR,
    OPERATOR_LOG,
    PROMETHEUS,
    PROMETHEUSES,
    SECRET_KEYS,
)
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.operator.rejection import Reason, Rejection
from watcher.operator.spots import Spot
from watcher.secrecy import clipped

_PEM: Final = re.compile(r"<(?P<kind>secret|configmap)=(?P<name>[^,>]+),key=(?P<key>[^>]+)>")
"""How the operator writes what a monitor refers to for TLS."""


def check(case: Case) -> Finding | None:
    """Ask the operator's own words, then its checks."""
    found = _acceptance.taken(case)
    if found is None:
        return None
    said = _acceptance.validation(case, found)
    word: _operator_words.Word | None = None
    try:
        word = _operator_words.word_of_operator(case, found)
    except Lacking:
        if not said.rejections:
            raise
    if word is None and not said.rejections:
        return None
    return _finding(case, found, word, said.rejections)


def _finding(
    case: Case,
    found: _selection.Pair,
    word: _operator_words.Word | None,
    rejections: tuple[Rejection, ...],
) -> Finding:
    reasons = "; ".join(f"{r.text} ({r.reason})" for r in rejections)
    words = word.message if word is not None else reasons
    evidence = [Evidence(seen=word.message, where=word.where, at=word.at)] if word else []
    bad = tuple(_bad_pems(found.monitor, rejections))
    if rejections:
        evidence.append(
            Evidence(
                seen=f"the operator's own checks, made again here, refuse it: {reasons}",
                where=bad[0].certificate() if bad else found.monitor.kubectl(),
            )
        )
    return Finding(
        summary=clipped(f"prometheus-operator rejects {case.job.monitor}: {words}", 400),
        evidence=tuple(evidence),
        fix=(
            *(
                FixStep(
                    do=f"Put PEM that can be used under the key {spot.key} of {spot}: a certificate, and"
                    " beside it the key that belongs to it",
                    command=spot.describe(),
                )
                for spot in bad
            ),
            _selection.edit(
                found.monitor,
                "Fix what the words name; the operator looks again at every change. Where they name"
                " a Secret that is there by now, changing any label of the monitor wakes it",
            ),
        ),
        confidence=Confidence.CERTAIN if word is not None else Confidence.LIKELY,
        proof=str(case.job.monitor),
    )


def _bad_pems(monitor: KubeObject, rejections: Iterable[Rejection]) -> Iterator[Spot]:
    """What the monitor refers to and is no certificate or key that can be used."""
    for said in rejections:
        named = _PEM.search(said.text) if said.reason is Reason.PEM else None
        if named is not None:
            yield Spot(namespace=monitor.namespace, **named.groupdict())


RULE = Rule(
    code="rejected-by-operator",
    link=Link.ACCEPTED,
    states=frozenset({JobState.MISSING}),
    needs=needing(
        MONITOR,
        PROMETHEUS,
        PROMETHEUSES,
        NAMESPACE,
        MONITOR_EVENTS,
        OPERATOR,
        OPERATOR_LOG,
        SECRET_KEYS,
        LAST_MONITOR,
    ),
    check=check,
)
