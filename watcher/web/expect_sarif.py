"""What would become of monitors as SARIF 2.1.0, for whatever gathers the findings of a merge request."""

import json
from collections.abc import Iterator
from typing import Any, Final

from watcher import __version__
from watcher.characters import visible_json
from watcher.diagnosis import catalogue
from watcher.web import expect_document as documents
from watcher.web.audit_document import SARIF_SCHEMA, SARIF_VERSION

_NOT_SELECTED: Final = "not-selected"
_REJECTED: Final = "rejected-by-operator"


def sarif(told: documents.PreviewDocument, file: str) -> str:
    """One run of SARIF 2.1.0; each result's place is *file*, and in it the monitor or its job.

    *file* is a URI, relative to where it was asked. What could not be told is a notification of the invocation.
    """
    results = [each for monitor in told.monitors for each in _results(monitor, file)]
    codes = sorted({each["ruleId"] for each in results})
    run = {
        "tool": {
            "driver": {
                "name": "watcher",
                "semanticVersion": __version__,
                "rules": [_rule(code) for code in codes],
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "endTimeUtc": f"{told.at:%Y-%m-%dT%H:%M:%SZ}",
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": text}}
                    for monitor in told.monitors
                    for text in _doubts(monitor)
                ],
            }
        ],
        "results": results,
    }
    whole = {"$schema": SARIF_SCHEMA, "version": SARIF_VERSION, "runs": [run]}
    return visible_json(json.dumps(whole, indent=2, ensure_ascii=False)) + "\n"


def _rule(code: str) -> dict[str, Any]:
    entry = catalogue.pages().get(code)
    if entry is None:
        return {"id": code, "shortDescription": {"text": "No Prometheus selects the monitor."}}
    return {
        "id": code,
        "shortDescription": {"text": entry.title},
        "help": {"text": entry.page, "markdown": entry.page},
    }


def _results(monitor: documents.MonitorPreviewShape, file: str) -> Iterator[dict[str, Any]]:
    name = f"{monitor.monitor.kind} {monitor.monitor.namespace}/{monitor.monitor.name}"
    if monitor.taken is False and not any(each.selected for each in monitor.prometheuses):
        lacks = [f"{e.prometheus}: {'; '.join(e.why)}" for e in monitor.prometheuses]
        said = "\n".join([f"no Prometheus selects {name}", *lacks])
        yield _result(_NOT_SELECTED, "error", said, file, name)
    for each in monitor.prometheuses:
        if each.accepted is False:
            said = f"{each.prometheus} selects {name}, and the operator rejects it: {'; '.join(each.why)}"
            yield _result(_REJECTED, "error", said, file, name)
        for job in each.jobs:
            for found in job.findings:
                steps = [f"{s.do}\n{s.command}" if s.command else s.do for s in found.fix]
                said = "\n".join([found.summary, *(["", "Fix:", *steps] if steps else [])])
                yield _result(found.cause, "error", said, file, f"{each.prometheus}/{job.pool}")


def _doubts(monitor: documents.MonitorPreviewShape) -> Iterator[str]:
    for each in monitor.prometheuses:
        if each.selected is None or (each.selected and each.accepted is None):
            yield f"{each.prometheus}: {monitor.monitor.name}: {'; '.join(each.why)}"
        for job in each.jobs:
            for found in job.undecided:
                would = f"; {found.permission} would tell" if found.permission else ""
                yield f"{job.pool}: {found.cause} lacks {found.lacking}{would}"


def _result(code: str, level: str, said: str, file: str, place: str) -> dict[str, Any]:
    return {
        "ruleId": code,
        "level": level,
        "message": {"text": said},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": file}},
                "logicalLocations": [
                    {"name": place, "fullyQualifiedName": place, "kind": "resource"}
                ],
            }
        ],
    }
