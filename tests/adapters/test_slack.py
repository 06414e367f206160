"""Slack, told over real HTTP to a local server that behaves as Slack's API does."""

import io
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.contracts.notifier import NotifierContract, patience_with
from tests.messages import a_message, a_subject, resolved, sent, the_incident
from tests.patience import PATIENCE
from tests.slack_api import CHANNEL, TOKEN, SlackAPI
from tests.slack_wire import HOOK, Answered, RateLimited, Refused, Slow, Torn
from watcher.adapters.slack.dry import DryRun
from watcher.adapters.slack.notifier import Slack
from watcher.adapters.slack.tone import AMBER, GREEN, GREY, RED
from watcher.engine.announce import Reason
from watcher.errors import ConfigError, NotifyError
from watcher.model.incidents import Status
from watcher.settings import SlackSettings


@pytest.fixture
def slack():
    with SlackAPI() as running:
        yield running


def a_slack(slack, *, channel=CHANNEL, token=TOKEN, timeout=PATIENCE):
    return Slack(
        SlackSettings(
            api_url=slack.url,
            channel=channel,
            token=SecretStr(token),
            timeout=timedelta(seconds=timeout),
        )
    )


def a_hook(slack, *, timeout=PATIENCE):
    url = SecretStr(slack.webhook_url)
    return Slack(SlackSettings(webhook_url=url, timeout=timedelta(seconds=timeout)))


def a_group(size):
    return a_message(about=tuple(a_subject(f"podMonitor/shop/web-{n}/0") for n in range(size)))


def failed(failure):
    match failure.kind:
        case "status" if failure.status == 429:
            return RateLimited(failure.retry_after)
        case "status":
            return Answered(failure.status)
        case "html":
            return Answered(200, "<html>please log in</html>")
        case "timeout":
            return Slow()
        case "torn":
            return Torn()
        case _:
            return Torn(after=True)


class TestABotKeepsTheContract(NotifierContract):
    @pytest.fixture
    def receiver(self, slack):
        class Bot:
            secrets = (TOKEN,)

            def notifier(self, failure=None):
                return a_slack(slack, timeout=patience_with(failure).total_seconds())

            def fail(self, failure):
                slack.fail("chat.update" if slack.messages else "chat.postMessage", failed(failure))

            def heard(self):
                return len(slack.messages) + sum(message.edits for message in slack.messages)

        return Bot()


class TestAWebhookKeepsTheContract(NotifierContract):
    @pytest.fixture
    def receiver(self, slack):
        class Hook:
            secrets = (HOOK, "hooksecret")

            def notifier(self, failure=None):
                return a_hook(slack, timeout=patience_with(failure).total_seconds())

            def fail(self, failure):
                slack.fail("webhook", failed(failure))

            def heard(self):
                return len(slack.messages)

        return Hook()


def test_a_message_that_fires_stands_once_in_the_channel_in_red_with_our_own_id(slack):
    message = the_incident()

    handle = a_slack(slack).notify(message, None)

    [posted] = slack.messages
    assert handle == f"{CHANNEL}/{posted.ts}"
    assert (posted.colour, posted.edits, posted.thread_ts) == (RED, 0, None)
    assert posted.metadata["event_payload"]["subject"] == message.subject
    assert posted.text.startswith("Firing: 2 scrape jobs lost")
    assert "\n" not in posted.text


def test_another_cause_edits_the_message_and_adds_none(slack):
    notifier, message = a_slack(slack), the_incident()
    handle = notifier.notify(message, None)
    other = replace(message, cause="tls-path-mismatch", reason=Reason.CAUSE_CHANGED)

    again = notifier.notify(other, sent(message, handle))

    [posted] = slack.messages
    assert again == handle
    assert posted.edits == 1
    assert "tls-path-mismatch" in str(posted.attachments)


def test_the_end_turns_the_message_green_and_answers_in_its_thread_with_the_duration(slack):
    notifier, message = a_slack(slack), the_incident()
    handle = notifier.notify(message, None)

    notifier.notify(resolved(message), sent(message, handle))

    [posted] = slack.channel
    [answer] = slack.thread(posted.ts)
    assert (posted.colour, posted.edits) == (GREEN, 1)
    assert "Resolved* after 9 d 4 h" in str(posted.attachments)
    assert answer.blocks[0]["text"]["text"] == "*Resolved* after 9 d 4 h."


def test_a_reminder_answers_in_the_thread_and_leaves_the_message_alone(slack):
    notifier, message = a_slack(slack), a_message()
    handle = notifier.notify(message, None)

    again = notifier.notify(replace(message, reason=Reason.REPEAT), sent(message, handle))

    [posted] = slack.channel
    [answer] = slack.thread(posted.ts)
    assert (again, posted.edits) == (handle, 0)
    assert answer.blocks[0]["text"]["text"].startswith("*Still firing* since 2026-11-14")


@pytest.mark.parametrize(
    "error", ["message_not_found", "cant_update_message", "edit_window_closed"]
)
def test_a_message_that_can_no_longer_be_edited_is_posted_anew(slack, error):
    notifier, message = a_slack(slack), a_message()
    handle = notifier.notify(message, None)
    slack.fail("chat.update", Refused(error))

    again = notifier.notify(
        replace(message, cause="tls-file-missing", reason=Reason.CAUSE_CHANGED),
        sent(message, handle),
    )

    assert again != handle
    assert len(slack.channel) == 2


def test_an_end_is_told_although_the_message_was_deleted(slack):
    notifier, message = a_slack(slack), a_message()
    handle = notifier.notify(message, None)
    slack.delete(handle.partition("/")[2])

    notifier.notify(resolved(message), sent(message, handle))

    [posted] = slack.messages
    assert posted.colour == GREEN


def test_a_reminder_of_a_deleted_message_is_posted_as_a_message(slack):
    notifier, message = a_slack(slack), a_message()
    handle = notifier.notify(message, None)
    slack.delete(handle.partition("/")[2])

    again = notifier.notify(replace(message, reason=Reason.REPEAT), sent(message, handle))

    [posted] = slack.channel
    assert again == f"{CHANNEL}/{posted.ts}"


def test_a_message_moves_to_the_new_channel_when_the_old_one_is_gone(slack):
    message = a_message()

    a_slack(slack).notify(
        replace(message, reason=Reason.CHANGED), sent(message, "C0GONE/1795000000.000001")
    )

    [posted] = slack.messages
    assert posted.channel == CHANNEL


def test_a_thread_reply_that_failed_is_told_by_the_next_try_without_a_second_message(slack):
    notifier, message = a_slack(slack), a_message()
    handle = notifier.notify(message, None)
    slack.fail("chat.postMessage", RateLimited(3))
    with pytest.raises(NotifyError):
        notifier.notify(resolved(message), sent(message, handle))

    notifier.notify(resolved(message), sent(message, handle))

    [posted] = slack.channel
    assert len(slack.thread(posted.ts)) == 1


LOST = [Torn(after=True), Slow(after=True)]
"""Failures after Slack took the message."""


def patience_for(lost):
    """Seconds: only where nothing comes the client is to hang up, when Slack has the message."""
    return 2.0 if isinstance(lost, Slow) else PATIENCE


@pytest.mark.parametrize("lost", LOST)
def test_with_the_scope_to_read_a_message_whose_answer_was_lost_stands_once(slack, lost):
    slack.scopes.add("channels:history")
    message = a_message()
    slack.fail("chat.postMessage", lost)
    with pytest.raises(NotifyError):
        a_slack(slack, timeout=patience_for(lost)).notify(message, None)

    changed = replace(message, cause="tls-file-missing")
    handle = a_slack(slack).notify(changed, None, doubtful=True)

    [posted] = slack.messages
    assert handle == f"{CHANNEL}/{posted.ts}"
    assert "tls-file-missing" in str(posted.attachments)


@pytest.mark.parametrize("lost", LOST)
def test_with_the_scope_to_read_an_end_whose_answer_was_lost_is_told_once(slack, lost):
    slack.scopes.add("channels:history")
    message = a_message()
    handle = a_slack(slack).notify(message, None)
    slack.fail("chat.postMessage", lost)
    with pytest.raises(NotifyError):
        a_slack(slack, timeout=patience_for(lost)).notify(resolved(message), sent(message, handle))

    a_slack(slack).notify(resolved(message), sent(message, handle), doubtful=True)

    assert len(slack.thread(handle.partition("/")[2])) == 1


def test_a_doubtful_message_is_found_under_many_that_came_after_it(slack):
    slack.scopes.add("channels:history")
    notifier = a_slack(slack)
    notifier.notify(a_message(), None)
    for number in range(250):
        slack.call("chat.postMessage", {"channel": CHANNEL, "text": f"chat {number}"}, TOKEN)

    notifier.notify(a_message(), None, doubtful=True)

    assert sum(m.metadata is not None for m in slack.messages) == 1


def test_a_message_that_was_not_taken_is_not_found_and_sent_again(slack):
    slack.scopes.add("channels:history")
    notifier = a_slack(slack)
    notifier.notify(a_message(subject="another"), None)
    slack.fail("chat.postMessage", Torn())
    with pytest.raises(NotifyError):
        notifier.notify(a_message(), None)

    notifier.notify(a_message(), None, doubtful=True)

    assert len(slack.messages) == 2


def test_without_the_scope_to_read_a_message_whose_answer_was_lost_is_sent_again(slack):
    notifier = a_slack(slack)
    slack.fail("chat.postMessage", Torn(after=True))
    with pytest.raises(NotifyError):
        notifier.notify(a_message(), None)

    notifier.notify(a_message(), None, doubtful=True)

    assert len(slack.messages) == 2


def test_a_doubt_that_cannot_be_cleared_just_now_is_cleared_by_the_next_try(slack):
    slack.scopes.add("channels:history")
    notifier = a_slack(slack)
    slack.fail("chat.postMessage", Torn(after=True))
    slack.fail("conversations.history", RateLimited(5))
    for doubtful in (False, True):
        with pytest.raises(NotifyError):
            notifier.notify(a_message(), None, doubtful=doubtful)

    notifier.notify(a_message(), None, doubtful=True)

    assert len(slack.messages) == 1


@pytest.mark.parametrize("scopes", [{"channels:history"}, set()])
def test_an_end_reaches_people_although_nobody_knows_whether_the_start_did(slack, scopes):
    slack.scopes |= scopes
    a_slack(slack).notify(a_message(), None)

    handle = a_slack(slack).notify(resolved(a_message()), None, doubtful=True)

    posted = next(m for m in slack.channel if handle.endswith(m.ts))
    assert posted.colour == GREEN
    assert (len(slack.channel), len(slack.thread(posted.ts))) == ((1, 1) if scopes else (2, 0))


def test_a_reminder_whose_answer_was_lost_is_said_again_and_no_earlier_one_passes_for_it(slack):
    slack.scopes.add("channels:history")
    notifier, message = a_slack(slack), a_message()
    handle = notifier.notify(message, None)
    reminder = replace(message, reason=Reason.REPEAT)
    notifier.notify(reminder, sent(message, handle))

    notifier.notify(reminder, sent(message, handle), doubtful=True)

    assert len(slack.thread(handle.partition("/")[2])) == 2


def test_nothing_is_looked_up_while_all_is_clear(slack):
    slack.scopes.add("channels:history")
    slack.fail("chat.postMessage", RateLimited(5))
    with pytest.raises(NotifyError):
        a_slack(slack).notify(a_message(), None)

    a_slack(slack).notify(a_message(), None)

    assert slack.calls == ["chat.postMessage"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("invalid_auth", "auth"),
        ("token_revoked", "auth"),
        ("account_inactive", "auth"),
        ("channel_not_found", "channel"),
        ("not_in_channel", "channel"),
        ("is_archived", "channel"),
        ("missing_scope", "scope"),
        ("invalid_blocks", "content"),
        ("msg_blocks_too_long", "content"),
    ],
)
def test_what_cannot_succeed_is_permanent_and_says_what_to_do(slack, error, reason):
    slack.fail("chat.postMessage", Refused(error))

    with pytest.raises(NotifyError, match=error) as raised:
        a_slack(slack).notify(a_message(), None)

    assert (raised.value.permanent, raised.value.reason) == (True, reason)


@pytest.mark.parametrize("error", ["internal_error", "ratelimited", "an_error_of_tomorrow"])
def test_what_may_succeed_later_is_not_permanent(slack, error):
    slack.fail("chat.postMessage", Refused(error))

    with pytest.raises(NotifyError) as raised:
        a_slack(slack).notify(a_message(), None)

    assert not raised.value.permanent


def test_a_wrong_token_is_refused_by_the_server_itself_and_never_shown(slack, caplog):
    caplog.set_level(logging.DEBUG)

    with pytest.raises(NotifyError, match="renew the token") as raised:
        a_slack(slack, token="xoxb-another-secret").notify(a_message(), None)

    assert raised.value.reason == "auth"
    assert "xoxb" not in str(raised.value) + caplog.text


def test_no_log_shows_the_address_of_a_webhook_or_a_token(slack, caplog):
    caplog.set_level(logging.DEBUG)

    a_hook(slack).notify(a_message(), None)
    a_slack(slack).notify(a_message(), None)

    assert "hooksecret" not in caplog.text
    assert TOKEN not in caplog.text


def test_a_server_that_is_not_there_is_a_failure_that_passes():
    settings = SlackSettings(api_url="http://127.0.0.1:1/", channel=CHANNEL, token=SecretStr("x"))

    with pytest.raises(NotifyError, match=r"check DNS, proxy and slack\.api_url") as raised:
        Slack(settings).notify(a_message(), None)

    assert (raised.value.permanent, raised.value.reason) == (False, "network")


def test_an_answer_that_comes_too_late_is_a_timeout(slack):
    slack.fail("chat.postMessage", Slow())

    with pytest.raises(NotifyError) as raised:
        a_slack(slack, timeout=0.1).notify(a_message(), None)

    assert raised.value.reason == "timeout"


def test_json_that_is_no_object_is_unreadable(slack):
    slack.fail("chat.postMessage", Answered(200, "[1]", "application/json"))

    with pytest.raises(NotifyError) as raised:
        a_slack(slack).notify(a_message(), None)

    assert (raised.value.permanent, raised.value.reason) == (False, "unreadable")


def test_neither_token_nor_webhook_is_an_error_of_the_settings():
    with pytest.raises(ConfigError, match="neither a bot token nor a webhook"):
        Slack(SlackSettings())


def test_of_a_large_group_the_message_names_ten_and_the_thread_the_rest(slack):
    message = a_group(25)

    handle = a_slack(slack).notify(message, None)

    [posted] = slack.channel
    [answer] = slack.thread(handle.partition("/")[2])
    shown = str(posted.attachments)
    assert ("*25 jobs*" in shown, "web-9/" in shown, "web-10/" in shown) == (True, True, False)
    assert "… 15 more" in shown
    assert "web-10/" in answer.blocks[0]["text"]["text"]
    assert "web-24/" in answer.blocks[0]["text"]["text"]


def test_a_group_that_grows_and_shrinks_edits_its_list_in_the_thread(slack):
    notifier, message = a_slack(slack), a_group(12)
    handle = notifier.notify(message, None)
    ts = handle.partition("/")[2]

    for size in (14, 11, 3):
        grown = replace(a_group(size), reason=Reason.CHANGED)
        notifier.notify(grown, sent(message, handle))

    [answer] = slack.thread(ts)
    assert len(slack.channel) == 1
    assert answer.edits == 3
    assert answer.text == "_No further jobs._"


def test_a_list_that_could_not_be_sent_does_not_have_the_message_sent_twice(slack, caplog):
    notifier, message = a_slack(slack), a_group(12)
    slack.fail("chat.postMessage", None, Answered(503))

    handle = notifier.notify(message, None)
    failed_first = slack.thread(handle.partition("/")[2])
    notifier.notify(replace(message, reason=Reason.CHANGED), sent(message, handle))

    assert (len(slack.channel), failed_first) == (1, [])
    assert len(slack.thread(handle.partition("/")[2])) == 1
    assert "not complete" in caplog.text


def test_five_hundred_jobs_fit_into_the_thread(slack):
    handle = a_slack(slack).notify(a_group(500), None)

    listed = "\n".join(m.blocks[0]["text"]["text"] for m in slack.thread(handle.partition("/")[2]))
    assert sum(f"web-{n}/" in listed for n in range(500)) == 490


@pytest.mark.parametrize(
    ("fields", "colour", "word"),
    [
        ({}, RED, "*Firing*"),
        ({"about": (a_subject(state="degraded"),)}, AMBER, "*Degraded*"),
        ({"severity": "notice"}, AMBER, "*Notice*"),
        ({"severity": "blind", "about": (), "cause": None}, GREY, "*Cannot see*"),
        ({"status": Status.RESOLVED}, GREEN, "*Resolved*"),
    ],
)
def test_the_state_is_told_in_colour_and_in_words(slack, fields, colour, word):
    a_slack(slack).notify(a_message(**fields), None)

    [posted] = slack.messages
    assert posted.colour == colour
    assert posted.attachments[0]["blocks"][0]["text"]["text"].startswith(word)


def test_a_webhook_tells_the_start_and_the_end_as_two_messages(slack):
    notifier, message = a_hook(slack), a_message()
    handle = notifier.notify(message, None)

    notifier.notify(resolved(message), sent(message, handle))

    assert [posted.colour for posted in slack.channel] == [RED, GREEN]


def test_a_webhook_tells_each_cause_once_and_no_other_change(slack):
    notifier, message = a_hook(slack), a_message(cause="a")
    handle = notifier.notify(message, None)

    for cause, reason in [("b", "cause changed"), ("a", "cause changed"), ("b", "jobs changed")]:
        changed = replace(message, cause=cause, reason=reason)
        handle = notifier.notify(changed, sent(message, handle))

    assert len(slack.channel) == 2
    assert handle == "webhook:a,b"


def test_a_webhook_that_was_removed_is_a_permanent_error(slack):
    slack.hook_open = False

    with pytest.raises(NotifyError, match="renew the token") as raised:
        a_hook(slack).notify(a_message(), None)

    assert (raised.value.permanent, raised.value.reason) == (True, "auth")


def test_a_report_is_sent_as_a_file_with_its_comment(slack):
    a_slack(slack).upload("week.html", "<html>ä</html>", "The week", "58 of 61 jobs\nall week")

    [posted] = slack.messages
    assert (posted.files, posted.text) == (("week.html",), "58 of 61 jobs\nall week")
    assert list(slack.files.values()) == ["<html>ä</html>".encode()]


def test_a_report_reaches_a_channel_that_is_set_by_its_name(slack):
    handle = a_slack(slack, channel="#alerts").upload("week.html", b"x", "The week", "all well")

    [posted] = slack.channel
    [answer] = slack.thread(posted.ts)
    assert handle == f"{CHANNEL}/{posted.ts}"
    assert (posted.text, answer.files) == ("all well", ("week.html",))


@pytest.mark.parametrize("channel", [CHANNEL, "#alerts"])
def test_without_the_scope_for_files_the_comment_is_sent_and_says_so(slack, caplog, channel):
    slack.scopes.discard("files:write")

    a_slack(slack, channel=channel).upload("week.html", b"x", "The week", "all well")

    [posted] = slack.messages
    assert "all well" in posted.blocks[0]["text"]["text"]
    assert "lacks the scope files:write" in posted.blocks[0]["text"]["text"]
    assert "missing_scope files:write" in caplog.text


@pytest.mark.parametrize(
    ("method", "failure", "reason"),
    [
        ("upload", Answered(503), "server"),
        ("upload", RateLimited(7), "rate_limited"),
        ("files.getUploadURLExternal", RateLimited(7), "rate_limited"),
        ("files.completeUploadExternal", Refused("internal_error"), "server"),
        ("files.completeUploadExternal", Torn(), "network"),
    ],
)
def test_a_file_that_could_not_be_sent_is_a_failure_that_passes(slack, method, failure, reason):
    slack.fail(method, failure)

    with pytest.raises(NotifyError) as raised:
        a_slack(slack).upload("week.html", b"x", "The week", "all well")

    assert (raised.value.permanent, raised.value.reason) == (False, reason)


def test_a_webhook_sends_the_comment_of_a_report_and_says_that_the_file_is_missing(slack):
    a_hook(slack).upload("week.html", b"x", "The week", "all well")

    [posted] = slack.messages
    assert "takes no files" in posted.blocks[0]["text"]["text"]


def test_a_dry_run_shows_what_would_be_posted_edited_and_answered():
    shown = io.StringIO()
    notifier, message = DryRun(shown), the_incident()
    handle = notifier.notify(message, None)

    notifier.notify(resolved(message), sent(message, handle))

    told = shown.getvalue()
    assert "would post message dry-run/1" in told
    assert "would edit message dry-run/1" in told
    assert "would reply in the thread of dry-run/1\nResolved after 9 d 4 h." in told
    assert '    {"op": "add", "path": "/spec/secrets/-", "value": "kubelet-tls"}]\'' in told


def test_a_route_decides_the_channel_and_the_end_stays_where_the_start_was(slack):
    slack.channels["C0PAYMENTS"] = "payments"
    message = a_message(channel="C0PAYMENTS")
    handle = a_slack(slack).notify(message, None)

    a_slack(slack).notify(resolved(replace(message, channel=None)), sent(message, handle))

    assert {m.channel for m in slack.messages} == {"C0PAYMENTS"}
    assert len(slack.channel) == 1


def test_an_escalation_edits_the_message_and_mentions_in_its_thread_for_all_to_see(slack):
    message = a_message()
    handle = a_slack(slack).notify(message, None)
    grave = replace(message, reason=Reason.ESCALATED, severity="critical", mention="S0ONCALL1")

    a_slack(slack).notify(grave, sent(message, handle))

    [posted] = slack.channel
    [reply] = slack.thread(posted.ts)
    assert "severity critical" in str(posted.attachments)
    assert "<!subteam^S0ONCALL1> *Now critical, still firing*" in str(reply.blocks)


def test_a_critical_loss_mentions_at_once_and_its_end_nobody(slack):
    message = a_message(severity="critical", mention="U0ALICE")
    handle = a_slack(slack).notify(message, None)
    first = str(slack.channel[0].attachments)

    a_slack(slack).notify(resolved(message), sent(message, handle))

    assert "<@U0ALICE>" in first
    assert "<@U0ALICE>" not in str(slack.messages)


def test_a_webhook_tells_an_escalation(slack):
    message = a_message()
    handle = a_hook(slack).notify(message, None)
    grave = replace(message, reason=Reason.ESCALATED, severity="critical")

    a_hook(slack).notify(grave, sent(message, handle))

    assert len(slack.messages) == 2
