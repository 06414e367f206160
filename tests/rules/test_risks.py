"""Every risk, found where it is and not found where it is not, from raw input.

``risk_cases/<code with underscores>.yaml`` is a list of cases in the form of ``test_cases.py``, which
starts from the same healthy cluster; all rules of what is at risk are on. Besides, or instead::

    rules: [{name: WebDown, expr: 'up{job="web"} == 0', alerting: true, severity: critical}]
    dormant: [serviceMonitor/shop/web/0]   # empty pools of which the TSDB knows nothing
    expect:
      risks: [mount-not-in-cr]       # codes that are told, no others
      confidence: possible           # of the first of them
      pool: serviceMonitor/shop/web/0
      undecided: [a-code]            # codes that are undecided, no others
      says: ["words"]
      never: ["words"]
"""

from dataclasses import replace

import pytest
import yaml

from tests.operator.things import kube_prometheus
from tests.rules.known import HIDDEN, certificates, gathered
from tests.rules.raws import BASE, FOLDER, NOW, called, changed, of_kind
from tests.rules.servers import in_log, observed
from tests.rules.should import expected
from watcher.diagnosis.catalogue import at_risk
from watcher.diagnosis.diagnose import WORKING_RULE, assess
from watcher.diagnosis.rule import Ground
from watcher.engine.compare import compare
from watcher.engine.dormant import with_dormant
from watcher.model import facts as fact
from watcher.model.facts import STATEFUL_SETS, Facts, Known
from watcher.model.kube import KubeObject
from watcher.model.rules import LoadedRule


def entries():
    for file in sorted((FOLDER / "risk_cases").glob("*.yaml")):
        for entry in yaml.load(file.read_text(), Loader=yaml.CSafeLoader):
            yield file.stem, entry


CASES = [pytest.param(entry, id=f"{stem}: {entry['case']}") for stem, entry in entries()]
NEW = sorted({stem for stem, _ in entries()})


def ground(entry):
    before = changed(entry.get("base", BASE), entry.get("was", ()))
    now = changed(before, entry.get("objects", ()))
    now = [raw for raw in now if called(raw) not in set(entry.get("without", ()))]
    observation = observed(entry)
    expectations = expected(entry, before, now)
    named = {s.server.name: in_log(entry, s) for s in observation.readable}
    own = [job for job in expectations.jobs if job.prometheus == observation.prometheus]
    comparison = compare(own, observation, named_in_log=named)
    never = {
        s.job.key: Known(None) for s in comparison.statuses if s.pool in entry.get("dormant", ())
    }
    statuses = with_dormant(comparison, never, {}).statuses
    everywhere = {
        fact.SERVICES: "Service",
        fact.ENDPOINTS: "Endpoints",
    }
    known = {f.name: Known(of_kind(now, kind)) for f, kind in everywhere.items()}
    rules = Known(tuple(LoadedRule(**rule) for rule in entry.get("rules", ())))
    known[fact.RULES.name] = rules
    read = {fact.CERTIFICATES.name: certificates(entry, now)}
    hidden = dict.fromkeys(entry.get("hide", ()), HIDDEN)
    facts = gathered(entry, now, own[0], expectations).known | known | read | hidden
    watched = next(p for p in expectations.prometheuses if p.name == observation.prometheus)
    return Ground(
        facts=Facts(facts),
        now=NOW,
        prometheus=watched,
        observation=observation,
        statuses=statuses,
        unselected=expectations.unselected,
    )


@pytest.mark.parametrize("entry", CASES)
def test_a_risk_is_told_as_it_should_be(entry):
    risks, undecided = assess(ground(entry), at_risk())

    wanted = entry["expect"]
    assert sorted({risk.code for risk in risks}) == sorted(wanted["risks"]), said(risks)
    assert [u for u in undecided if u.lacking == WORKING_RULE] == []
    assert {u.code for u in undecided} == set(wanted.get("undecided", ()))
    if "confidence" in wanted:
        assert risks[0].finding.confidence.value == wanted["confidence"]
    if "pool" in wanted:
        assert wanted["pool"] in {risk.pool for risk in risks}
    for words in wanted.get("says", ()):
        assert words in said(risks), said(risks)
    for words in wanted.get("never", ()):
        assert words not in said(risks)


@pytest.mark.parametrize("stem", NEW)
def test_a_risk_has_a_case_that_tells_it_and_one_that_does_not(stem):
    code = stem.replace("_", "-")
    told = [code in entry["expect"]["risks"] for of, entry in entries() if of == stem]
    undecided = [
        code in entry["expect"].get("undecided", ()) for of, entry in entries() if of == stem
    ]

    assert any(told) or any(undecided)
    assert not all(told)


@pytest.mark.parametrize("entry", CASES)
def test_a_fact_withheld_tells_no_other_risk(entry):
    whole = ground(entry)
    codes = {risk.code for risk in assess(whole, at_risk())[0]}

    for name in [n for n, found in whole.facts.known.items() if isinstance(found, Known)]:
        facts = Facts({**whole.facts.known, name: HIDDEN})
        risks, undecided = assess(replace(whole, facts=facts), at_risk())
        lacking = {u.code for u in undecided if u.lacking == name}
        assert {risk.code for risk in risks} <= codes, name
        assert codes - {risk.code for risk in risks} <= lacking, name


def test_an_object_with_a_field_of_a_wrong_type_leaves_only_its_rules_undecided():
    broken = {"kind": "StatefulSet", "metadata": {"name": "k8s", "namespace": "a"}, "spec": 5}
    healthy = ground({"case": "", "server": {"targets": [{}]}, "expect": {}})
    facts = Facts({**healthy.facts.known, STATEFUL_SETS.name: Known((KubeObject(broken),))})

    risks, undecided = assess(replace(healthy, facts=facts), at_risk())

    assert risks == ()
    assert "mount-not-in-cr" in {u.code for u in undecided}
    assert {u.lacking for u in undecided} == {"a usable object"}


def test_a_healthy_cluster_has_no_risk_and_nothing_is_undecided():
    healthy = {"case": "", "server": {"targets": [{}]}, "expect": {}}

    assert assess(ground(healthy), at_risk()) == ((), ())


def said(risks):
    lines = []
    for risk in risks:
        lines.append(f"{risk.code} {risk.pool}: {risk.finding.summary}")
        lines += [f"{e.seen} | {e.where}" for e in risk.finding.evidence]
        lines += [f"{step.do} | {step.command}" for step in risk.finding.fix]
    return "\n".join(lines)


def test_an_ordinary_kube_prometheus_has_no_risk():
    """Its control plane has no Services here, as in a managed cluster: those jobs are dormant."""
    manifests = [dict(resource.raw) for resource in kube_prometheus()]
    namespaces = [
        {"kind": "Namespace", "metadata": {"name": n}}
        for n in ("monitoring", "kube-system", "default")
    ]
    filled = [
        {"kind": "Endpoints", "metadata": raw["metadata"]}
        | {"subsets": [{"addresses": [{"ip": "10.0.0.9"}], "ports": raw["spec"]["ports"]}]}
        for raw in manifests
        if raw["kind"] == "Service"
    ]
    operator = [raw for raw in BASE if raw["kind"] in {"Deployment", "StatefulSet", "Pod"}]
    operator = [raw for raw in operator if raw["metadata"]["namespace"] == "monitoring"]
    base = [*namespaces, *manifests, *filled, *operator]
    monitors = [raw for raw in manifests if raw["kind"].endswith("Monitor")]
    pools = [
        f"serviceMonitor/{raw['metadata']['namespace']}/{raw['metadata']['name']}/{index}"
        for raw in monitors
        for index, _ in enumerate(raw["spec"]["endpoints"])
    ]
    idle = [pool for pool in pools if "/kube-" in pool and "state-metrics" not in pool]
    server = {
        "jobs": [{"job_name": pool} for pool in pools],
        "pools": idle,
        "targets": [{"pool": pool} for pool in pools if pool not in idle],
    }

    risks, _ = assess(
        ground({"case": "", "base": base, "server": server, "dormant": idle, "expect": {}}),
        at_risk(),
    )

    assert len(pools) > 10
    assert said(risks) == ""
