"""Messages as Slack's blocks: the golden ones, and laws for any message at all.

The golden files are written again by ``python -m tests.adapters.test_slack_blocks``.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import a_found, a_job, an_incident
from tests.messages import a_message, a_subject, resolved, the_incident
from tests.nasty.strings import NASTY
from tests.slack_rules import block_faults, faults, marks, texts
from watcher.adapters.slack.blocks import compose
from watcher.adapters.slack.picture import barred, picture
from watcher.adapters.slack.plan import reply, rest
from watcher.adapters.slack.text import code, fence, paragraph, plain, units, words
from watcher.engine.announce import Reason
from watcher.engine.group import Problem
from watcher.engine.wording import Message, Subject, of_problem
from watcher.model.comparison import JobState
from watcher.model.findings import Evidence, FixStep
from watcher.model.incidents import Status

GOLDEN = Path(__file__).parents[1] / "data" / "slack"


def a_storm():
    """What is said of a dozen problems at once."""
    jobs = tuple(
        an_incident(a_job(f"web-{n}"), id=f"{n}", cause=f"cause-{n % 3}", group="storm@1")
        for n in range(12)
    )
    return of_problem(Problem(id="storm@1", incidents=jobs), Reason.FIRST, {}, "critical")


def flapping():
    """What is said of a job that comes and goes."""
    incident = an_incident(cause="connection-refused", found=a_found("connection-refused"), turns=5)
    return of_problem(Problem(id="g", incidents=(incident,)), Reason.FIRST, {}, "warning")


def golden():
    """Every golden payload by the name of its file."""
    message = the_incident()
    repeat = replace(message, reason=Reason.REPEAT)
    group = tuple(a_subject(f"podMonitor/shop/web-{n}/0", "down") for n in range(12))
    blind = a_message(
        headline="Blind: prometheus-k8s-0",
        summary="prometheus-k8s-0 could not be read: connection refused",
        about=(),
        cause=None,
        confidence=None,
        severity="blind",
    )
    unknown = a_message(
        cause=None,
        confidence=None,
        summary="every target is down; no rule explains why",
        undecided=("secret-missing: SECRET_KEYS could not be read: 403 (get secrets)",),
    )
    critical = replace(message, severity="critical", mention="S0ONCALL1")
    return {
        "critical": compose(critical),
        "escalated-reply": reply(replace(critical, reason=Reason.ESCALATED)),
        "storm": compose(a_storm()),
        "flapping": compose(flapping()),
        "firing": compose(message),
        "resolved": compose(resolved(message)),
        "resolved-reply": reply(resolved(message)),
        "reminder": reply(repeat),
        "group": compose(replace(message, about=group)),
        "notice": compose(a_message(cause="monitor-deleted", severity="notice")),
        "blind": compose(blind),
        "cause-unknown": compose(unknown),
    }


PIECES = [
    "<!channel>",
    "<!here|x>",
    "@here",
    "<@U012>",
    "```",
    "`",
    "*",
    "&",
    "&lt;",
    "\n",
    "\0",
    "a b",
]


def a_text(longest=5_000):
    """Text that is likely to break something: markup, mentions, fences, emoji, control codes."""
    piece = st.sampled_from(PIECES) | st.text(max_size=5)
    often = st.sampled_from([1, 1, 1, 20, longest])
    pieces = st.lists(piece, max_size=3).map("".join)
    return st.builds(lambda text, times: (text * times)[:longest], pieces, often)


def many(item, most):
    """A tuple of one item many times: what matters is how much there is."""
    often = st.sampled_from([0, 1, 2, most])
    return st.builds(lambda one, two, times: ((one, two) * times)[:times], item, item, often)


MOMENTS = st.sampled_from(
    [datetime(2026, 11, 14, 1, 12, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
SUBJECTS = st.builds(
    Subject,
    prometheus=a_text(300),
    pool=a_text(300),
    state=st.sampled_from(JobState),
    monitor=st.none() | a_text(300),
)
MESSAGES = st.builds(
    Message,
    subject=a_text(),
    reason=st.sampled_from(Reason).map(str),
    status=st.sampled_from(Status),
    headline=a_text(),
    summary=a_text(),
    about=many(SUBJECTS, 300),
    cause=st.none() | a_text(),
    confidence=st.none() | a_text(),
    link=st.none() | a_text(),
    starts_at=MOMENTS,
    ends_at=st.none() | MOMENTS,
    last_sample_at=st.none() | MOMENTS,
    evidence=many(st.builds(Evidence, seen=a_text(), where=a_text(), at=st.none() | MOMENTS), 30),
    fix=many(st.builds(FixStep, do=a_text(), command=st.none() | a_text()), 60),
    undecided=many(a_text(), 9),
    severity=a_text(),
    links=many(st.tuples(a_text(), a_text() | a_text().map("https://x.example/{}".format)), 30),
)


def payloads(message):
    yield compose(message)
    yield reply(message)
    for text in rest(message):
        yield {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


@settings(max_examples=100)
@given(MESSAGES)
def test_slack_takes_any_message(message):
    found = [fault for payload in payloads(message) for fault in faults(payload)]

    assert found == []


@pytest.mark.parametrize("character", ["x", "&", "`", "@here ", "\N{PILE OF POO}", "a\n"])
def test_slack_takes_the_longest_message_there_can_be(character):
    text = character * 9_000
    message = a_message(
        headline=text,
        summary=text,
        about=tuple(a_subject(f"{n}{text}") for n in range(99)),
        evidence=(Evidence(seen=text, where=text, at=a_message().starts_at),) * 99,
        fix=(FixStep(do=text, command=text),) * 99,
        undecided=(text,) * 99,
        links=((text, f"https://x.example/{'y' * 400}"),) * 99,
        cause=text,
        confidence=text,
        link=text,
        severity=text,
    )

    found = [faults(payload) for payload in payloads(message)]

    assert found == [[]] * len(found)
    assert "*Fix*" in str(compose(message))


@pytest.mark.parametrize("shorten", [words, plain, code, fence, paragraph])
@given(text=a_text(2_500), limit=st.integers(200, 2_000))
def test_no_text_is_longer_than_it_may_be(shorten, text, limit):
    assert units(shorten(text, limit)) <= limit


@settings(max_examples=100)
@given(MESSAGES)
def test_no_text_from_outside_makes_a_mention_or_leaves_a_code_block_open(message):
    for payload in payloads(message):
        for text in texts(payload):
            assert "<!" not in text
            assert "<@" not in text
            assert text.count("```") % 2 == 0


def everywhere(said):
    """A message that says *said* in all its texts, and each of its replies."""
    message = a_message(
        subject=said,
        headline=said,
        summary=said,
        about=tuple(replace(a_subject(said, prometheus=said), monitor=said) for _ in range(12)),
        cause=said,
        confidence=said,
        link=said,
        evidence=(Evidence(seen=said, where=said, at=None),),
        fix=(FixStep(do=said, command=said),),
        undecided=(said,),
        severity=said,
        links=((said, f"https://x.example/{said}"), (said, said)),
    )
    one = replace(message, about=message.about[:1])
    reminded = replace(message, reason=Reason.ESCALATED)
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": paragraph(said, 500)}}]
    yield from ({"blocks": blocks}, compose(one), reply(reminded), *payloads(message))


@pytest.mark.parametrize("said", NASTY.values(), ids=NASTY.keys())
def test_slack_obeys_nothing_but_our_own_marks(said):
    found, usual = (
        [marks(text) for payload in everywhere(words) for text in texts(payload, "mrkdwn")]
        for words in (said, "plain")
    )

    assert found == usual
    assert sum(map(len, found)) > 50


@pytest.mark.parametrize("said", NASTY.values(), ids=NASTY.keys())
def test_what_nobody_sees_is_shown_in_slack(said):
    shown = [text for payload in everywhere(said) for text in texts(payload)]

    assert {char for text in shown for char in text if not char.isprintable()} <= {"\n", "\u2060"}


@settings(max_examples=50)
@given(MESSAGES)
def test_the_line_for_notifications_is_always_there_and_is_one_line(message):
    text = compose(message)["text"]

    assert text.strip()
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("name", sorted(golden()))
def test_a_golden_message_looks_as_it_did(name):
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))

    assert golden()[name] == expected
    assert faults(expected) == []


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(golden())


def test_a_shout_in_a_label_is_defused_outside_code():
    text = str(compose(a_message(summary="label team=@here <!channel>")))

    assert "@here" not in text
    assert "&lt;!channel&gt;" in text


def test_a_command_that_is_too_long_is_cut_closed_and_says_not_to_paste_it():
    message = a_message(fix=(FixStep(do="patch", command="kubectl patch " + "x" * 5_000),))

    [step] = [text for text in texts(compose(message)) if text.startswith("*Fix*")]

    assert step.count("```") == 2
    assert "more characters\n```\n_The command is cut: do not paste it." in step


def test_steps_that_do_not_fit_are_counted():
    steps = tuple(FixStep(do=f"step {n}", command="x" * 1_500) for n in range(12))

    blocks = compose(a_message(fix=steps))["attachments"][0]["blocks"]

    counted = [b["text"]["text"] for b in blocks if "more steps" in str(b.get("text"))]
    assert len(counted) == 1
    shown = sum("step " in str(block.get("text")) for block in blocks)
    assert counted[0].startswith(f"… {12 - shown} more steps")


def test_proof_that_does_not_fit_is_counted():
    proof = tuple(Evidence(seen=f"line {n}", where="kubectl logs") for n in range(20))

    text = str(compose(a_message(evidence=proof)))

    assert ("line 7" in text, "line 8" in text, "… 12 more" in text) == (True, False, True)


def test_a_link_that_is_no_web_address_is_shown_as_words():
    text = str(compose(a_message(links=(("Targets", "javascript:alert(1)"),))))

    assert "javascript" not in text
    assert "Targets" in text


def test_a_link_cannot_break_out_of_its_brackets():
    text = str(compose(a_message(links=(("a|b", "https://x.example/?q=>|<!here>"),))))

    assert "<https://x.example/?q=%3E%7C%3C!here%3E|a\u2223b>" in text


def test_what_is_mended_needs_no_fix():
    text = str(compose(resolved(the_incident())))

    assert "*Fix*" not in text
    assert "*Proof*" in text


def test_the_picture_shows_commands_whole_so_that_they_paste():
    command = "kubectl patch " + "word " * 60 + "<name> && `id`"
    message = compose(a_message(fix=(FixStep(do="do it", command=command),)))

    shown = [line.text for line in picture(message, width=60)]

    assert f"    {command}" in shown
    assert max(len(line) for line in shown if "kubectl patch" not in line) < 100


def test_the_picture_of_a_message_has_a_bar_in_its_colour_below_the_headline():
    drawn = picture(compose(the_incident()))

    assert (drawn[0].kind, drawn[0].colour) == ("header", None)
    assert {line.colour for line in drawn[1:]} == {"#C9302C"}
    assert barred(drawn).splitlines()[1] == "┃ Firing"
    assert "┃ Cause (https://watcher.example/causes/hand-patch-reverted)" in barred(drawn)


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "one of ['plain_text']"),
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "at most 150"),
        ({"type": "section"}, "neither text nor fields"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": ""}}, "must not be empty"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}, "at most 3000"),
        ({"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}, "one to ten"),
        ({"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}, "at most 2000"),
        ({"type": "context", "elements": []}, "one to ten"),
        ({"type": "divider", "block_id": "x" * 256}, "more than 255"),
        ({"type": "markdown", "text": "x"}, "is not known"),
    ],
)
def test_the_validator_finds_what_slack_refuses(block, fault):
    assert fault in " ".join(block_faults([block]))


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": [{"type": "divider", "block_id": "a"}] * 2}, "invalid_blocks"),
        ({"text": "x", "attachments": [{"color": "red"}]}, "invalid_attachments"),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        (
            {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2_900}}] * 5},
            "msg_blocks_too_long",
        ),
    ],
)
def test_the_validator_names_slacks_own_error(payload, error):
    assert [code for code, _ in faults(payload)] == [error]


def test_what_is_over_does_not_say_that_a_last_sample_is_not_known():
    message = a_message(last_sample_at=None)

    assert "not known" in barred(picture(compose(message)))
    assert "Last sample" not in barred(picture(compose(resolved(message))))


def _all_blocks(message):
    payload = compose(message)
    attached = [block for each in payload["attachments"] for block in each["blocks"]]
    return [*payload["blocks"], *attached]


if __name__ == "__main__":
    for name, payload in golden().items():
        text = json.dumps(payload, indent=2, ensure_ascii=False)
        (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")
