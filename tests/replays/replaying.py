"""Looks again at recorded cases.

A case is a folder with ``recording.tar.gz`` (or the directory ``recording``) and ``expected.json``:
of each command the part of its JSON that must be so.
"""

import json
from pathlib import Path

from watcher.app.recording import replayed
from watcher.web.document import as_json, audit_document, document

HERE = Path(__file__).parent
CASES = tuple(sorted(path.parent for path in HERE.glob("*/expected.json")))
EXPECTED = "expected.json"

JOB = ("pool", "state", "cause", "confidence", "link", "summary", "last_sample_at")
"""What is expected of a job; ``findings``, ``evidence`` and ``around`` beside it."""


def recording(case: Path) -> Path:
    packed = case / "recording.tar.gz"
    return packed if packed.exists() else case / "recording"


def told(glance) -> dict:
    """What ``once`` and ``audit`` say, as their JSON."""
    result = glance.result(glance.clock())
    return {
        "once": json.loads(as_json(document(result))),
        "audit": json.loads(as_json(audit_document(glance.audit(result)))),
    }


def of(case: Path) -> dict:
    return told(replayed(recording(case)))


def essence(whole: dict) -> dict:
    """What of all that is told is worth being held to."""
    once, audit = whole["once"], whole["audit"]
    return {
        "once": {
            "at": once["at"],
            "summary": once["summary"],
            "jobs": [
                {key: job[key] for key in JOB}
                | {
                    "findings": [{"cause": found["cause"]} for found in job["findings"]],
                    "evidence": [{"seen": line["seen"]} for line in job["evidence"]],
                    "around": [{"seen": line["seen"]} for line in job["around"]],
                }
                for job in once["jobs"]
            ],
        },
        "audit": {
            "risks": [
                {key: risk[key] for key in ("code", "pool", "confidence", "summary")}
                for risk in audit["risks"]
            ]
        },
    }


def differences(expected, got, place="") -> list[str]:
    """Where *got* lacks what is *expected*; what is not expected is free."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return [
            line
            for key, part in expected.items()
            for line in differences(part, got.get(key, "(not there)"), f"{place}.{key}")
        ]
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return [
            line
            for number, (part, other) in enumerate(zip(expected, got, strict=True))
            for line in differences(part, other, f"{place}[{number}]")
        ]
    return [] if expected == got else [f"{place}: expected {expected!r}, got {got!r}"]
