"""Tells a Slack channel: one living message per problem, at least once, edited in place.

Does not retry and does not sleep: it raises NotifyError, and the next cycle tries again. The two
ways are ``bot`` and ``hook``; what is to be done is ``plan``, how it looks is ``blocks``, the wire
is ``client``.
"""

from dataclasses import replace
from datetime import timedelta

from watcher.adapters.slack.bot import Bot
from watcher.adapters.slack.client import WebAPI, Webhook
from watcher.adapters.slack.hook import Hook
from watcher.engine.wording import Message
from watcher.model.history import Sent
from watcher.settings import SlackSettings, require_slack


class Slack:
    """A Slack channel, by bot token; by an incoming webhook where there is no token.

    *name* is that under which deliveries are remembered; one that is not *routed* tells everything
    in its own channel. Raises ConfigError when *settings* name
    neither.
    """

    resend: timedelta | None = None

    def __init__(
        self, settings: SlackSettings, *, name: str = "slack", routed: bool = True
    ) -> None:
        require_slack(settings)
        self.name = name
        self._routed = routed
        self._way = _way(settings)

    def notify(self, message: Message, last: Sent | None, *, doubtful: bool = False) -> str:
        """Tell *message*; the answer is ``channel-id/ts`` (webhook: which causes were told)."""
        if not self._routed:
            message = replace(message, channel=None)
        return self._way.notify(message, last, doubtful=doubtful)

    def upload(self, file_name: str, content: str | bytes, title: str, comment: str) -> str:
        """Send a file with a *comment*; only the comment, saying so, where files cannot be sent.

        The answer is the handle of the message, empty where Slack does not tell it.
        """
        body = content.encode() if isinstance(content, str) else content
        return self._way.upload(file_name, body, title, comment)


def _way(settings: SlackSettings) -> Bot | Hook:
    timeout = settings.timeout.total_seconds()
    if settings.token is not None:
        api = WebAPI(settings.api_url, settings.token.get_secret_value(), timeout)
        return Bot(api, settings.channel or "")
    url = settings.webhook_url.get_secret_value() if settings.webhook_url is not None else ""
    return Hook(Webhook(url, timeout))
