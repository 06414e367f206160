"""Times as cron says them, in a time zone: each once, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from watcher.app.compose import clock
from watcher.errors import ConfigError
from watcher.settings import Settings

_MOMENT: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


def trigger(cron: str, timezone: str) -> BaseTrigger:
    """The trigger of five fields in a time zone. Raises ValueError or LookupError for a wrong one.

    What comes in every hour goes by the hours that pass, all else by what clocks show.
    """
    zone = ZoneInfo(timezone)
    every_hour = cron.split()[1:2] == ["*"]
    if every_hour:
        return CronTrigger.from_crontab(cron, timezone=zone)
    return _ByTheClock(CronTrigger.from_crontab(cron, timezone=UTC), zone)


def of_setting(setting: str, cron: str, timezone: str) -> BaseTrigger:
    """The same. Raises ConfigError, which names the *setting*, also where no moment ever comes."""
    try:
        made = trigger(cron, timezone)
    except (ValueError, LookupError) as error:
        raise ConfigError(
            f"{setting}: {error}; write it as cron does, such as `0 9 * * mon`"
        ) from None
    if made.get_next_fire_time(None, clock()) is None:
        raise ConfigError(f"{setting}: that moment never comes: write one such as `0 9 * * mon`")
    return made


def inspection(settings: Settings) -> BaseTrigger:
    """When the inspection is written. Raises ConfigError."""
    of = settings.inspection
    return of_setting("inspection.cron", of.cron, of.timezone)


class _ByTheClock(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """What *shown* would fire at if clocks were never changed.

    A time that clocks show twice is taken the first time; one that they leave out, as much later as
    they were put forward.
    """

    def __init__(self, shown: CronTrigger, zone: ZoneInfo) -> None:
        self._shown, self._zone = shown, zone

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """The first time after the previous one; without one, not before *now*."""
        moment = now.astimezone(UTC)
        if previous_fire_time is not None and previous_fire_time <= now:
            moment = previous_fire_time.astimezone(UTC) + _MOMENT
        shown = _next(self._shown, self._earliest(moment))
        while shown is not None:
            at = shown.replace(tzinfo=self._zone).astimezone(UTC)
            if at >= moment:
                return at.astimezone(self._zone)
            shown = _next(self._shown, shown + _MOMENT)
        return None

    def _earliest(self, moment: datetime) -> datetime:
        """What clocks show then; before it what they have just left out."""
        here, before = moment.astimezone(self._zone), (moment - _DAY).astimezone(self._zone)
        left_out = (here.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
        return here.replace(tzinfo=UTC) - max(left_out, timedelta())


def _next(shown: CronTrigger, moment: datetime) -> datetime | None:
    found: datetime | None = shown.get_next_fire_time(None, moment)
    return found
