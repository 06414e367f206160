"""What is at risk as Markdown, for a ticket, and as SARIF 2.1.0, for whatever gathers findings."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from watcher import __version__
from watcher.characters import visible_json
from watcher.diagnosis.catalogue import Entry
from watcher.web import shapes
from watcher.web.markdown import block, code, text

SARIF_VERSION: Final = "2.1.0"
SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {"certain": "error", "likely": "warning", "possible": "note"}
_KEY: Final = "watcher/v1"


def markdown(told: shapes.AuditDocument) -> str:
    """What is at risk, for people who read it later and elsewhere."""
    lines = ["# What is at risk", "", f"{told.at:%Y-%m-%d %H:%M} UTC. {_sentence(told)}"]
    for risk in told.risks:
        lines += ["", f"## {code(risk.code)}: {text(risk.pool or risk.prometheus)}", ""]
        lines += [f"{text(risk.summary)} ({risk.confidence}, Prometheus {text(risk.prometheus)})."]
        if risk.evidence:
            lines += ["", "Evidence:", ""]
            lines += [f"- {text(each.seen)}\n\n{block(each.where, 3)}" for each in risk.evidence]
        if risk.fix:
            lines += ["", "Fix:", ""]
        for number, step in enumerate(risk.fix, 1):
            lines.append(f"{number}. {text(step.do)}")
            if step.command:
                lines += ["", block(step.command, 3)]
    if told.undecided or told.unreadable:
        lines += ["", "## Not known", ""]
    lines += [f"- {code(u.cause)}: {text(f'lacks {u.lacking}{_would(u)}')}" for u in told.undecided]
    lines += [f"- {text(u.source)}: {text(u.error)}" for u in told.unreadable]
    return "\n".join(lines) + "\n"


def sarif(told: shapes.AuditDocument, pages: Mapping[str, Entry]) -> str:
    """What is at risk as one run of SARIF 2.1.0 (OASIS, section 3); *pages* describe the codes.

    A result's place is logical: a Prometheus, or a scrape job of it. What could not be asked or
    read is a notification of the invocation.
    """
    codes = sorted({risk.code for risk in told.risks})
    run = {
        "tool": {
            "driver": {
                "name": "watcher",
                "semanticVersion": __version__,
                "rules": [_rule(code, pages[code]) for code in codes],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not told.unreadable,
                "endTimeUtc": f"{told.at:%Y-%m-%dT%H:%M:%SZ}",
                "toolExecutionNotifications": list(_notifications(told)),
            }
        ],
        "results": [_result(risk, codes.index(risk.code)) for risk in told.risks],
    }
    whole = {"$schema": SARIF_SCHEMA, "version": SARIF_VERSION, "runs": [run]}
    return visible_json(json.dumps(whole, indent=2, ensure_ascii=False)) + "\n"


def _rule(code: str, entry: Entry) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": entry.title},
        "help": {"text": entry.page, "markdown": entry.page},
    }


def _result(risk: shapes.RiskShape, rule: int) -> dict[str, Any]:
    place = f"{risk.prometheus}/{risk.pool}" if risk.pool else risk.prometheus
    steps = [f"{s.do}\n{s.command}" if s.command else s.do for s in risk.fix]
    fix = f"\n\nFix:\n{chr(10).join(steps)}" if steps else ""
    print_of = hashlib.sha256(f"{risk.code}\0{place}".encode()).hexdigest()
    return {
        "ruleId": risk.code,
        "ruleIndex": rule,
        "level": _LEVELS[risk.confidence],
        "message": {"text": f"{risk.summary}{fix}"},
        "locations": [
            {
                "logicalLocations": [
                    {
                        "name": risk.pool or risk.prometheus,
                        "fullyQualifiedName": place,
                        "kind": "resource",
                    }
                ]
            }
        ],
        "partialFingerprints": {_KEY: print_of},
        "properties": {
            "prometheus": risk.prometheus,
            "evidence": [{"seen": e.seen, "where": e.where} for e in risk.evidence],
        },
    }


def _notifications(told: shapes.AuditDocument) -> Iterable[dict[str, Any]]:
    for undecided in told.undecided:
        text = f"{undecided.cause} could not be asked: it lacks {undecided.lacking}"
        yield {"level": "note", "message": {"text": f"{text}{_would(undecided)}"}}
    for unreadable in told.unreadable:
        text = f"{unreadable.source} could not be read: {unreadable.error}"
        yield {"level": "warning", "message": {"text": text}}


def _sentence(told: shapes.AuditDocument) -> str:
    count = len(told.risks)
    if count == 0:
        return "Nothing that was asked is at risk."
    return "1 thing is at risk." if count == 1 else f"{count} things are at risk."


def _would(undecided: shapes.UndecidedShape) -> str:
    return f"; {undecided.permission} would tell" if undecided.permission else ""
