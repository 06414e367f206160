"""Every cause, found where it is and not found where it is not, from raw input.

``cases/<code with underscores>.yaml`` is a list of cases. Each starts from the healthy cluster of
``base.yaml``: Prometheus monitoring/k8s with one server, ServiceMonitor shop/web with one target.
It goes through the real translators (``scene.py``) and is diagnosed with all rules on::

    - case: a sentence that says what is so
      why: an optional remark
      was: []          # merge patches that make the cluster as the store last saw it
      objects: []      # merge patches on top: the cluster now; an object that is new is added
      without: [ServiceMonitor shop/web]    # taken out of the cluster now
      gone_since: "2026-11-23T03:00:00Z"    # when demand was first seen to be gone; 2 h ago
      store: none      # no store: no memory of monitors, mounts or earlier jobs;
                       # behind: the last snapshot was taken before the change
      manifests: []    # raw monitors that stand in a directory of manifests
      pinned: [{name: kubelet, pool: "*/kubelet/*", least: 1}]
      cluster: none    # a Prometheus known by URL only (called "outside"), with the
      expected: [app]  # pools that its configuration file asks for
      learned: [app]   # pools that ran on it
      removed: [app]   # which of them the last snapshot did not find any more
      server:          # or servers: a list; all keys have defaults of a server that is well
        name: prometheus-k8s-0
        version: 3.5.3
        started: "2026-11-14T01:10:30Z"
        loaded: "2026-11-14T01:10:30Z"
        reload_ok: true
        jobs: [{job_name: serviceMonitor/shop/web/0, tls_config: {...}}]   # scrape configs
        targets: [{pool: …, health: down, error: …, url: …, labels: {…}}]
        pools: [serviceMonitor/shop/web/0]    # scrape pools without active targets
        dropped: [{__address__: "10.0.1.1:8080", …}]    # labels of dropped targets
        stored: "2026-11-23T04:00:00Z"    # nothing was stored after that
        overwritten: true   # its targets write the same series
        barren: true   # its targets are up and yield no sample
        metrics: |     # more lines of its own /metrics
        log: |         # lines of its log, in any format
        reloader_log: |    # lines of the log of its config-reloader
        unreadable: connection refused    # then nothing else
      mounts: []       # this watcher's own history of mounts, fields of MountRecord
      crds: {ServiceMonitor: false}
      access: [{user: …, verb: list, group: "", resource: pods, namespace: shop, allowed: false}]
      secrets: readable                   # the Secrets and ConfigMaps among the objects may be read;
                                          # their values are words for ``tests/pems.py``
      sealed: [secret/shop/web-tls]       # but for these
      last_sample: "2026-11-14T01:00:00Z"
      hide: [logs, revisions]             # facts that cannot be read
      pool: serviceMonitor/shop/web/0     # of which job; default: the one that is not healthy
      expect:
        state: missing
        cause: tls-file-missing           # null: no rule convicts
        confidence: certain
        link: created
        findings: [a-code]                # codes that hold besides, no others
        undecided: [a-code]               # codes that are undecided, maybe among others
        says: ["words"]                   # in the summary, the evidence or the fix
        never: ["words"]                  # nowhere in them

What is not given in ``expect`` is not asked.
"""

import pytest

from tests.rules.scene import entries, scene
from watcher.diagnosis.catalogue import causes
from watcher.diagnosis.diagnose import diagnose

CASES = [pytest.param(entry, id=f"{stem}: {entry['case']}") for stem, entry in entries()]


@pytest.mark.parametrize("entry", CASES)
def test_a_case_is_diagnosed_as_it_should_be(entry):
    played = scene(entry)

    found = diagnose(played.case, causes())

    wanted = played.wanted
    assert_that(wanted, "state", played.case.state.value)
    assert found.cause is None if wanted["cause"] is None else found.code == wanted["cause"], found
    assert_that(wanted, "link", found.link.word)
    if found.cause is not None:
        assert_that(wanted, "confidence", found.cause.finding.confidence.value)
    if "findings" in wanted:
        assert [f.code for f in found.findings] == wanted["findings"]
    assert set(wanted.get("undecided", ())) <= {u.code for u in found.undecided}
    for words in wanted.get("says", ()):
        assert words in said(found), f"{words!r} is not in:\n{said(found)}"
    for words in wanted.get("never", ()):
        assert words not in said(found)


def assert_that(wanted, key, value):
    assert wanted.get(key, value) == value


def said(found):
    """All that a diagnosis says of its cause, one thing in a line."""
    if found.cause is None:
        return "\n".join(f"{u.code} {u.lacking} {u.reason} {u.permission}" for u in found.undecided)
    finding = found.cause.finding
    lines = [finding.summary]
    lines += [f"{e.seen} | {e.where} | {e.at}" for e in finding.evidence]
    lines += [f"{step.do} | {step.command}" for step in finding.fix]
    return "\n".join(lines)
