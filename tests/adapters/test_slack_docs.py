"""The app manifest and the page about Slack say what the code does."""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from tests.messages import a_message, resolved, sent
from tests.slack_api import CHANNEL, TOKEN, SlackAPI
from watcher.adapters.receivers.failures import Reason
from watcher.adapters.slack.notifier import Slack
from watcher.adapters.slack.tone import Tone
from watcher.errors import NotifyError
from watcher.settings import SlackSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")


def scopes():
    manifest = yaml.safe_load((ROOT / "config" / "slack" / "manifest.yaml").read_text("utf-8"))
    return set(manifest["oauth_config"]["scopes"]["bot"])


def everything(slack):
    """Do all that the daemon does in Slack; the answer is how much was told."""
    notifier = Slack(SlackSettings(api_url=slack.url, channel=CHANNEL, token=SecretStr(TOKEN)))
    message = a_message()
    handle = notifier.notify(message, None)
    notifier.notify(resolved(message), sent(message, handle))
    notifier.upload("week.html", "<p>all well</p>", "The week", "all well")


def test_the_scopes_of_the_manifest_are_enough_for_everything():
    with SlackAPI(scopes=scopes()) as slack:
        everything(slack)

    assert slack.refused == []
    assert len(slack.files) == 1


@pytest.mark.parametrize("scope", sorted(scopes()))
def test_every_scope_of_the_manifest_is_needed(scope):
    with SlackAPI(scopes=scopes() - {scope}) as slack, suppress(NotifyError):
        everything(slack)

    assert "missing_scope" in slack.refused


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_a_failure_is_explained(reason):
    assert f"`{reason.value}`" in PAGE


@pytest.mark.parametrize("tone", [tone for tone in Tone if tone is not Tone.PENDING])
def test_every_state_that_is_told_is_explained(tone):
    assert f"| {tone.value} |" in PAGE
