"""What the settings say of telling people: terms, routes, windows of maintenance, receivers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TextIO

from apscheduler.triggers.base import BaseTrigger

from watcher.adapters.receivers.alertmanager import Alertmanager
from watcher.adapters.receivers.dingtalk import DingTalk
from watcher.adapters.receivers.feishu import Feishu
from watcher.adapters.receivers.mail import Mail
from watcher.adapters.receivers.teams import Teams
from watcher.adapters.receivers.webhook import Webhook
from watcher.adapters.slack.dry import DryRun
from watcher.adapters.slack.notifier import Slack
from watcher.app import cron
from watcher.app.compose import clock
from watcher.app.reports import Receiver as Reporter
from watcher.cycles.tidings import Terms
from watcher.engine.links import Places
from watcher.engine.matching import Match
from watcher.engine.route import Route
from watcher.engine.severity import Grading
from watcher.errors import ConfigError
from watcher.model.mutes import Mute
from watcher.ports import Notifier
from watcher.settings import MuteSettings, RouteSettings, Settings

_BESIDE_SLACK: Final[Mapping[str, Callable[[Any, Callable[[], datetime]], Notifier]]] = {
    "alertmanager": Alertmanager,
    "webhook": Webhook,
    "email": Mail,
    "teams": Teams,
    "feishu": Feishu,
    "dingtalk": DingTalk,
}
"""Each receiver by the section of its settings, which is its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Who is told, and who hears of what one of them refuses for good."""

    notifiers: Sequence[Notifier]
    fallback: Notifier | None = None
    reporters: Sequence[Reporter] = ()

    @property
    def all(self) -> tuple[Notifier, ...]:
        """Every one of them."""
        return (*self.notifiers, *([self.fallback] if self.fallback else []))


def receivers(settings: Settings, dry_run: TextIO | None) -> Receivers:
    """Those that are told. With *dry_run* what would be sent is written there instead.

    Raises ConfigError where one of them, or of a route, is not complete.
    """
    _require_routed(settings)
    if dry_run is not None:
        shown = DryRun(dry_run)
        return Receivers(notifiers=(shown,), reporters=(shown,))
    slack, fallback = settings.slack, None
    notifiers: list[Notifier] = []
    reporters: list[Reporter] = []
    if slack is not None:
        notifiers.append(told := Slack(slack))
        reporters.append(told)
        if slack.fallback_channel is not None:
            spare = slack.model_copy(update={"channel": slack.fallback_channel})
            fallback = Slack(spare, name="slack-fallback", routed=False)
    for name, made in _BESIDE_SLACK.items():
        if (section := getattr(settings, name)) is not None:
            notifiers.append(each := made(section, clock))
            reporters += [each] if isinstance(each, Reporter) else []
    return Receivers(notifiers=notifiers, fallback=fallback, reporters=reporters)


def terms(settings: Settings) -> Terms:
    """When what is told, where."""
    return Terms(
        places=Places(page=settings.web.external_url, dashboard=settings.web.dashboard_url),
        repeat=settings.repeat,
        blind_grace=settings.blind_grace,
        grading=Grading(
            rules=tuple((_match(each.match), each.severity) for each in settings.severities),
            critical_share=settings.critical_share,
            escalate_after=settings.escalate_after,
        ),
        routes=tuple(
            Route(
                match=_match(each.match),
                receivers=each.receivers,
                channel=each.channel,
                mention=each.mention,
                repeat=each.repeat,
            )
            for each in _routes(settings)
        ),
        mass_loss=settings.mass_loss,
    )


def _routes(settings: Settings) -> tuple[RouteSettings, ...]:
    return (*settings.routes, *(settings.slack.routes if settings.slack else ()))


def _require_routed(settings: Settings) -> None:
    """Raise ConfigError for a receiver that a route names and the settings do not have."""
    faults = [
        f"routes.{number}.receivers: {name}: the settings have no section {name}: write it, or leave"
        " the name out"
        for number, route in enumerate(settings.routes)
        for name in route.receivers
        if getattr(settings, name) is None
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def windows(settings: Settings) -> Callable[[datetime, datetime], Sequence[Mute]]:
    """The mutes of the settings that hold at any time in a stretch. Raises ConfigError."""
    triggers = [
        (each, cron.of_setting(f"mutes.{number}.cron", each.cron, each.timezone))
        for number, each in enumerate(settings.mutes)
    ]

    def within(since: datetime, until: datetime) -> Sequence[Mute]:
        return tuple(
            mute for each, trigger in triggers for mute in _of(each, trigger, since, until)
        )

    return within


def _of(
    window: MuteSettings, trigger: BaseTrigger, since: datetime, until: datetime
) -> Iterator[Mute]:
    after = since - window.lasts + timedelta(microseconds=1)
    began = trigger.get_next_fire_time(None, after)
    while began is not None and began < until:
        yield _mute(window, began)
        began = trigger.get_next_fire_time(began, began + timedelta(microseconds=1))


def _mute(window: MuteSettings, began: datetime) -> Mute:
    return Mute(
        id=f"{window.cron} {window.timezone}",
        match=_match(window.match),
        since=began,
        until=began + window.lasts,
        reason=window.reason,
    )


def _match(globs: Mapping[str, str]) -> Match:
    return tuple(sorted(globs.items()))
