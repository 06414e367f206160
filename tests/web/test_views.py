"""What the front page shows, and in which order."""

from dataclasses import replace

import pytest

from tests.builders import (
    NOW,
    a_diagnosis,
    a_job,
    a_result,
    a_status,
    an_ignored_job,
    an_undecided,
)
from tests.web.incident import at_risk, the_incident
from watcher.diagnosis import catalogue
from watcher.diagnosis.ladder import Footing
from watcher.engine.announce import Reason
from watcher.engine.mass_loss import MassLoss
from watcher.engine.wording_of_mass_loss import of_mass_loss
from watcher.model.findings import Link
from watcher.web import pages
from watcher.web.markup import html
from watcher.web.pages import Frame
from watcher.web.views import CARDS, cards_of, overview

FRAME = Frame(now=NOW, nonce="n", root="")


def rendered(result, audit=None):
    return pages.front(result, audit, FRAME, stale_after=FRAME.now - FRAME.now)


@pytest.mark.parametrize(
    ("states", "headline", "tone"),
    [
        (["down", "healthy"], "1 of 2 jobs lost", "lost"),
        (["unknown", "degraded", "healthy"], "1 of 3 jobs cannot be seen", "unknown"),
        (["degraded", "healthy"], "1 of 2 jobs degraded", "degraded"),
        (["healthy"], "All 1 job healthy", "healthy"),
        (["healthy", "dormant"], "None of 2 jobs lost", "healthy"),
        ([], "No job is expected", "unknown"),
    ],
)
def test_the_headline_says_the_worst(states, headline, tone):
    result = a_result(*(a_status(s, a_job(f"job-{i}")) for i, s in enumerate(states)))

    view = overview(result, None)

    assert (view.headline, view.tone) == (headline, tone)


def test_an_ignored_job_stands_with_the_ignored_ones_alone():
    view = overview(a_result(a_status("down", an_ignored_job())), None)

    assert (len(view.lost), len(view.ignored)) == (0, 1)


def test_jobs_of_which_the_same_is_to_be_said_share_a_card():
    view = overview(the_incident(), at_risk())

    assert [len(card.jobs) for card in view.lost] == [2, 1]
    assert [risk.code for risk in view.risks] == ["mount-not-in-cr"]


def test_jobs_that_share_cause_and_proof_share_a_card_though_each_has_evidence_of_its_own():
    jobs = [a_job(name) for name in ("first", "second", "third")]
    told = {
        job.key: a_diagnosis(summary=f"of {job.pool}", proof=proof)
        for job, proof in zip(jobs, ("kubelet-tls", "kubelet-tls", "other-tls"), strict=True)
    }

    view = overview(a_result(*(a_status("unstarted", job) for job in jobs), diagnoses=told), None)

    assert [[job.pool for job in card.jobs] for card in view.lost] == [
        [jobs[0].pool, jobs[1].pool],
        [jobs[2].pool],
    ]


def test_the_ladder_shows_where_the_chain_is_broken():
    [card] = cards_of(the_incident(), "monitoring/k8s/serviceMonitor/monitoring/kubelet/0")

    holds = {step.link: step.footing for step in card.ladder}
    assert (holds[Link.LOADED], holds[Link.CREATED], holds[Link.KEPT]) == (
        Footing.HOLDS,
        Footing.BROKEN,
        Footing.NOT_REACHED,
    )


def test_the_ladder_shows_the_first_link_that_is_not_proven():
    job = a_job()
    diagnosis = a_diagnosis(None, Link.ACCEPTED, undecided=[an_undecided()])
    result = a_result(a_status("missing", job), diagnoses={job.key: diagnosis})

    [card] = overview(result, None).lost

    holds = {step.link: step.footing for step in card.ladder}
    assert holds[Link.ACCEPTED] is Footing.CANNOT_TELL


def test_both_jobs_of_one_name_are_shown():
    removed, renamed = a_job(), replace(a_job(endpoint=1), pool=a_job().pool)
    result = a_result(a_status("missing", removed), a_status("healthy", renamed))

    cards = cards_of(result, f"{removed.prometheus}/{removed.pool}")

    assert {card.one.state.value for card in cards} == {"missing", "healthy"}


def test_the_page_shows_proof_fix_and_the_permission_that_would_decide():
    page = rendered(the_incident(), at_risk())

    assert "&#34;path&#34;:&#34;/spec/secrets/-&#34;" in page
    assert "revision 3 has not" in page
    assert "It would be decided by: <b>list namespaces</b>" in page
    assert "label release=prometheus" in page
    assert "time-out after 15 s" in page


def test_very_many_lost_jobs_do_not_drown_the_page():
    jobs = [a_job(f"job-{i}") for i in range(CARDS + 5)]
    diagnoses = {job.key: a_diagnosis(summary=f"reason of {job.pool}") for job in jobs}

    view = overview(a_result(*(a_status("down", j) for j in jobs), diagnoses=diagnoses), None)

    assert (len(view.lost), len(view.more_lost)) == (CARDS, 5)


def test_five_thousand_jobs_are_shown_in_two_megabytes():
    result = the_incident(healthy=5000)

    page = rendered(result, at_risk())

    assert len(page) < 2_000_000


def test_every_page_of_the_catalogue_can_be_shown():
    for code in catalogue.pages():
        assert f"<h1>{code}</h1>" in pages.of_cause(code, FRAME)


def test_a_page_of_the_catalogue_becomes_html():
    text = """## Meaning

A file `a<b` is not
there.

* one
  and more
* two

1. first

```
kubectl get

  pods
```

    indented <x>
"""

    assert str(html(text)) == (
        "<h2>Meaning</h2>\n<p>A file <code>a&lt;b</code> is not there.</p>\n"
        "<ul><li>one and more</li><li>two</li></ul>\n<ol><li>first</li></ol>\n"
        "<pre>kubectl get\n\n  pods</pre>\n<pre>indented &lt;x&gt;</pre>"
    )


def test_a_mass_loss_stands_before_all_jobs_with_what_to_do():
    gone = tuple(a_job(f"job-{n}", gone_since=NOW) for n in range(5))
    loss = MassLoss(prometheus=gone[0].prometheus, gone=gone, expected=6)
    result = a_result(*(a_status("missing", job) for job in gone))
    words = of_mass_loss(loss, {}, Reason.FIRST)

    page = pages.front(result, None, FRAME, stale_after=NOW - NOW, mass_losses=[words])

    assert page.index("5 of 6 expected jobs no longer declared") < page.index("job-0")
    assert "watcher accept --all-in shop" in page
    assert "mass loss" not in rendered(result).lower()
