"""Proof is what the rule of the cause names. What happened around the loss stands apart, in every medium."""

import json
from dataclasses import replace

import pytest

from tests.builders import NOW, a_result, an_incident, before
from tests.rules.scene import entries, scene
from watcher.adapters.receivers.mail_text import text
from watcher.adapters.slack.blocks import compose
from watcher.cycles.beside import with_beside
from watcher.cycles.tidings import contexts
from watcher.diagnosis.catalogue import causes
from watcher.diagnosis.diagnose import diagnose
from watcher.engine.announce import Reason
from watcher.engine.group import Problem
from watcher.engine.links import NOWHERE
from watcher.engine.wording import of_problem
from watcher.model.facts import LAST_SAMPLE, POD_EVENTS, Facts, Known, Unavailable
from watcher.model.incidents import Status
from watcher.model.kube import KubeObject
from watcher.web import parts

CASES = [pytest.param(entry, id=f"{stem}: {entry['case']}") for stem, entry in entries()]
PLANTED = KubeObject(
    {
        "kind": "Event",
        "metadata": {"namespace": "monitoring", "name": "planted"},
        "reason": "Unheard",
        "message": "planted words",
        "involvedObject": {"kind": "Pod", "name": "prometheus-k8s-0"},
        "lastTimestamp": f"{before(minutes=1):%Y-%m-%dT%H:%M:%SZ}",
    }
)
"""An Event that no rule knows."""


@pytest.mark.parametrize("entry", CASES)
def test_no_proof_holds_an_event_that_its_rule_did_not_name(entry):
    case = scene(entry).case
    proven = diagnose(case, causes())
    events = case.facts.get(POD_EVENTS)
    known = events.value if isinstance(events, Known) else ()
    facts = Facts({**case.facts.known, POD_EVENTS.name: Known((*known, PLANTED))})
    case = replace(case, facts=facts)
    incident = an_incident(case.job, found=proven.cause, starts_at=NOW, status=Status.FIRING)

    undated = {**facts.known, LAST_SAMPLE.name: Unavailable("not asked")}
    found = with_beside(diagnose(case, causes()), replace(case, facts=Facts(undated)), incident, ())

    proof = proven.cause.finding.evidence if proven.cause else ()
    assert (found.cause.finding.evidence if found.cause else ()) == proof
    if not case.state.lost:
        assert found.around == ()
        return
    result = a_result(case.status, diagnoses={case.job.key: found})
    job = parts.job(result, case.status)
    problem = Problem(id="p", incidents=(incident,))
    message = of_problem(problem, Reason.FIRST, contexts(result, [incident], NOWHERE), "warning")
    assert [e.seen for e in job.evidence] == [e.seen for e in message.evidence]
    assert message.evidence == proof
    assert any("planted words" in line.seen for line in job.around)
    mail = " ".join(text(message).split())
    assert mail.index("Around the loss:") < mail.index("planted words")
    told = [
        block
        for block in map(json.dumps, compose(message)["attachments"][0]["blocks"])
        if "planted words" in block
    ]
    assert [("Around the loss" in block) for block in told] == [True]
