"""What others wrote is words in Markdown: read back by a parser, it has the form of plain words."""

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from tests.builders import (
    NOW,
    a_blindness,
    a_job,
    a_risk,
    an_audit,
    an_incident,
    an_inspection,
    an_undecided,
)
from tests.nasty.strings import NASTY
from watcher.characters import visible
from watcher.engine.difference import Change, Difference
from watcher.model.comparison import JobState
from watcher.model.expectations import Unreadable
from watcher.model.findings import Evidence, FixStep
from watcher.model.incidents import Ending
from watcher.model.mutes import Mute
from watcher.model.saved import Saved, SavedJob
from watcher.web import audit_document, markdown, report, snapshot_document
from watcher.web.document import audit_document as audited

WORDS = {"text", "text_special", "code_inline"}


def tokens(text):
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)


def form(text):
    """Blocks and marks of a text, without its words."""
    for block in tokens(text):
        yield block.type
        yield from (each.type for each in block.children or () if each.type not in WORDS)


def said(text):
    """The words of each block."""
    for block in tokens(text):
        if block.type in {"inline", "fence"}:
            yield "".join(each.content for each in block.children or [block])


def risks(words):
    fields = {
        "summary": words,
        "evidence": (Evidence(seen=words, where=words, at=None),),
        "fix": (FixStep(do=words, command=words), FixStep(do=words)),
    }
    return tuple(
        replace(a_risk(words, **fields), prometheus=words, pool=pool) for pool in (None, words)
    )


def an_inspection_of(words):
    job = a_job(pool=words, prometheus=words)
    past = an_incident(job, cause=words, ends_at=NOW, ending=Ending.RECOVERED, pool=words)
    mute = Mute(id="m", match=((words, words), ("a", "b")), since=NOW, until=NOW, reason=words)
    return report.markdown(
        an_inspection(
            lost=(past,),
            recovered=(past,),
            retired=(past,),
            at_risk=risks(words),
            blind=(a_blindness(words, error=words),),
            by_cause=((words, 1),),
            mutes=(mute,),
        )
    )


def an_audit_of(words):
    undecided = replace(an_undecided(), code=words, lacking=words, permission=words)
    unreadable = Unreadable(source=words, error=words)
    told = an_audit(*risks(words), undecided=(undecided,), unreadable=(unreadable,))
    return audit_document.markdown(audited(told))


def a_difference_of(words):
    was, now = (
        SavedJob(
            key=words,
            prometheus=words,
            pool=pool,
            state=JobState.HEALTHY,
            active=1,
            up=1,
            expected=None,
            ignored=False,
        )
        for pool in (words, f"{words}2")
    )
    found = [Difference(before=was, after=now, change=next(iter(Change)))]
    before, after = (Saved(at=NOW, complete=True, jobs=(job,)) for job in (was, now))
    return snapshot_document.markdown(snapshot_document.difference_document(before, after, found))


@pytest.mark.parametrize("document", [an_inspection_of, an_audit_of, a_difference_of])
@pytest.mark.parametrize("words", NASTY.values(), ids=NASTY.keys())
def test_a_document_has_the_form_that_it_has_with_plain_words(document, words):
    assert list(form(document(words))) == list(form(document("plain")))


@pytest.mark.parametrize("words", NASTY.values(), ids=NASTY.keys())
def test_what_others_wrote_is_read_as_it_was_written(words):
    line = visible(" ".join(words.split()))
    assert list(said(markdown.text(words))) == [line]
    assert list(said(f"- {markdown.block(words, 2).lstrip()}")) == [f"{visible(words)}\n"]
    table = f"{markdown.row('a', 'b')}\n|---|---|\n{markdown.row(markdown.code(words), words)}"
    assert [each.split() for each in said(table)][3:] == [line.split()]
