"""A Secret or ConfigMap that the monitor refers to is not there.

## Meaning

The operator copies what a monitor refers to (certificates, passwords, tokens) into Prometheus's
configuration. When it is not there, it leaves the whole monitor out.

## Evidence

The names of the Secrets and ConfigMaps in the monitor's own namespace; contents are never kept.

## Fix

Make the Secret in the namespace of the monitor. The operator notices by itself, unless its flags hide
that namespace or Secret.

## Not to be confused with

`secret-key-missing`: there it is there without the key. `tls-file-missing`: there a file is named,
which must be mounted, and not a reference.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _acceptance
from watcher.model import shell
from watcher.model.comparison import JobState
from watcher.model.facts import LAST_MONITOR, MONITOR, NAMESPACE, OPERATOR, PROMETHEUS, SECRET_KEYS
from watcher.model.findings import Finding, FixStep, Link
from watcher.operator.rejection import Reason


def check(case: Case) -> Finding | None:
    """Look for what the monitor refers to."""
    known = _acceptance.references(case, Reason.REFERENCE_MISSING)
    if known is None:
        return None
    found, lacking = known
    first = lacking[0]
    create = "configmap" if first.kind == "configmap" else "secret generic"
    return _acceptance.finding(
        f"there is no {first.kind} {first.namespace}/{first.name}",
        found,
        first,
        FixStep(
            do=f"Make the {first.kind} {first.name} in namespace {first.namespace} again, with the"
            " keys that the monitor names",
            command=f"kubectl -n {quote(first.namespace)} create {create}"
            f" --from-file=<key>=<file> {shell.last(first.name)}",
        ),
    )


RULE = Rule(
    code="secret-missing",
    link=Link.ACCEPTED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, PROMETHEUS, NAMESPACE, OPERATOR, SECRET_KEYS, LAST_MONITOR),
    check=check,
    refines=frozenset({"rejected-by-operator", "secret-key-missing"}),
)
