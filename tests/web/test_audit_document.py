"""What is at risk for tickets and for whatever gathers findings."""

import json

import jsonschema
import pytest

from tests.builders import a_risk, an_audit, an_undecided
from watcher.diagnosis import catalogue
from watcher.model.expectations import Unreadable
from watcher.model.findings import Confidence, Evidence, FixStep
from watcher.web.audit_document import markdown, sarif
from watcher.web.document import audit_document

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/run"}},
    },
    "additionalProperties": False,
    "$defs": {
        "run": {
            "type": "object",
            "required": ["tool"],
            "properties": {
                "tool": {
                    "type": "object",
                    "required": ["driver"],
                    "properties": {"driver": {"$ref": "#/$defs/driver"}},
                    "additionalProperties": False,
                },
                "invocations": {"type": "array", "items": {"$ref": "#/$defs/invocation"}},
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
            },
            "additionalProperties": False,
        },
        "driver": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
                "rules": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/rule"}},
            },
            "additionalProperties": False,
        },
        "rule": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string"}, "shortDescription": TEXT, "help": TEXT},
            "additionalProperties": False,
        },
        "invocation": {
            "type": "object",
            "required": ["executionSuccessful"],
            "properties": {
                "executionSuccessful": {"type": "boolean"},
                "endTimeUtc": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT[\d:]{8}Z$"},
                "toolExecutionNotifications": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["message"],
                        "properties": {"level": LEVEL, "message": TEXT},
                        "additionalProperties": False,
                    },
                },
            },
            "additionalProperties": False,
        },
        "result": {
            "type": "object",
            "required": ["message"],
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": LEVEL,
                "message": TEXT,
                "locations": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["logicalLocations"],
                        "properties": {
                            "logicalLocations": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "properties": {
                                        "name": {"type": "string"},
                                        "fullyQualifiedName": {"type": "string"},
                                        "kind": {"type": "string"},
                                    },
                                    "additionalProperties": False,
                                },
                            }
                        },
                        "additionalProperties": False,
                    },
                },
                "partialFingerprints": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                },
                "properties": {"type": "object"},
            },
            "additionalProperties": False,
        },
    },
}
"""The parts of SARIF 2.1.0 (OASIS, sections 3.13 to 3.58) that are written here, and no others."""

RISKS = (
    a_risk(pool="serviceMonitor/shop/web/0"),
    a_risk(pool="serviceMonitor/shop/api/0"),
    a_risk("operator-down"),
)


def told(*risks, **fields):
    return audit_document(an_audit(*risks, **fields))


def read(document):
    return json.loads(sarif(document, catalogue.risk_pages()))


@pytest.mark.parametrize("risks", [(), RISKS])
def test_the_sarif_is_of_its_form(risks):
    document = told(
        *risks,
        undecided=(an_undecided(),),
        unreadable=(Unreadable(source="kubernetes", error="refused"),),
    )

    jsonschema.validate(read(document), SARIF)


def test_each_result_names_its_rule_by_id_and_index():
    run = read(told(*RISKS))["runs"][0]

    rules = run["tool"]["driver"]["rules"]
    assert [rules[r["ruleIndex"]]["id"] for r in run["results"]] == [
        r["ruleId"] for r in run["results"]
    ]
    assert len(rules) == 2


def test_results_are_told_apart_by_fingerprints_that_stay():
    first, again = read(told(*RISKS)), read(told(*reversed(RISKS)))

    prints = [
        {r["partialFingerprints"]["watcher/v1"] for r in whole["runs"][0]["results"]}
        for whole in (first, again)
    ]
    assert len(prints[0]) == 3
    assert prints[0] == prints[1]


def test_what_could_not_be_read_makes_the_invocation_unsuccessful():
    unreadable = (Unreadable(source="kubernetes", error="refused"),)

    (invocation,) = read(told(unreadable=unreadable))["runs"][0]["invocations"]

    assert invocation["executionSuccessful"] is False
    assert "refused" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_markdown_holds_every_risk_with_its_proof_and_fix():
    risk = a_risk(
        pool="serviceMonitor/shop/web/0",
        summary="a mount | of *somebody*",
        evidence=(Evidence(seen="it is there", where="kubectl get x"),),
        fix=(FixStep(do="Append it", command="kubectl patch x"), FixStep(do="Wait")),
        confidence=Confidence.LIKELY,
    )

    page = markdown(told(risk))

    assert "1 thing is at risk." in page
    assert "## `mount-not-in-cr`: serviceMonitor/shop/web/0" in page
    assert "a mount \\| of \\*somebody\\*" in page
    assert "   ```sh\n   kubectl get x\n   ```" in page
    assert "1. Append it\n\n   ```sh\n   kubectl patch x\n   ```\n2. Wait\n" in page


def test_a_command_cannot_end_its_own_block():
    risk = a_risk(evidence=(Evidence(seen="x", where="echo '```'"),))

    assert "   ````sh\n   echo '```'\n   ````" in markdown(told(risk))


def test_markdown_without_risks_says_so():
    assert "Nothing that was asked is at risk." in markdown(told())
