"""The metrics by name: their types, labels and words. ``docs/metrics.md`` is made from these.

Names and labels are an interface. Error text is never a label.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


JOB_INFO: Final = Family(
    "watcher_job_info",
    "gauge",
    ("prometheus", "pool", "kind", "namespace", "name"),
    "An expected scrape job and the monitor that asks for it; always 1. "
    "The last three are empty for a job without a monitor.",
)
JOB_STATE: Final = Family(
    "watcher_job_state",
    "gauge",
    ("prometheus", "pool", "state"),
    "State of an expected scrape job: 1 for the state that it is in, 0 for every other.",
)
JOB_TARGETS: Final = Family(
    "watcher_job_targets",
    "gauge",
    ("prometheus", "pool", "health"),
    "Active targets of an expected scrape job by health; absent where the number is not known.",
)
INCIDENT_START: Final = Family(
    "watcher_incident_start_timestamp_seconds",
    "gauge",
    ("prometheus", "pool", "cause"),
    "When a firing incident started, in Unix time; gone when it has ended.",
)
SERVER_READABLE: Final = Family(
    "watcher_prometheus_server_readable",
    "gauge",
    ("prometheus", "server"),
    "Whether the last watch could read a server of a Prometheus.",
)
SOURCE_UP: Final = Family(
    "watcher_source_up",
    "gauge",
    ("source",),
    "Whether a source of what is watched could be read when it was last asked.",
)
RULE_UNDECIDED: Final = Family(
    "watcher_rule_undecided",
    "gauge",
    ("cause", "fact"),
    "For how many jobs a cause could not be decided, for lack of a fact.",
)
BUILD_INFO: Final = Family(
    "watcher_build_info",
    "gauge",
    ("version",),
    "Version of the watcher; always 1.",
)
CYCLE_SUCCESS: Final = Family(
    "watcher_cycle_last_success_timestamp_seconds",
    "gauge",
    ("cycle",),
    "When a cycle last ended well, in Unix time; 0 until it first has.",
)
CYCLE_DURATION: Final = Family(
    "watcher_cycle_duration_seconds",
    "gauge",
    ("cycle",),
    "How long the last run of a cycle took, well ended or not.",
)
NOTIFICATIONS: Final = Family(
    "watcher_notifications_total",
    "counter",
    ("notifier",),
    "Messages that a notifier was asked to deliver, failed ones too.",
)
NOTIFICATIONS_FAILED: Final = Family(
    "watcher_notifications_failed_total",
    "counter",
    ("notifier", "reason"),
    "Messages that a notifier did not deliver, by reason.",
)
NOTIFICATIONS_UNDELIVERED: Final = Family(
    "watcher_notifications_undelivered",
    "gauge",
    ("notifier",),
    "Messages that a notifier has tried to deliver and still has to; absent where there are none.",
)

SETTINGS_SUCCESSFUL: Final = Family(
    "watcher_settings_last_reload_successful",
    "gauge",
    (),
    "Whether the settings could be used when they were last read; where not, the old ones stay.",
)
SETTINGS_SUCCESS: Final = Family(
    "watcher_settings_last_reload_success_timestamp_seconds",
    "gauge",
    (),
    "When settings were last read that could be used, in Unix time.",
)

OF_THE_RESULT: Final = (
    JOB_INFO,
    JOB_STATE,
    JOB_TARGETS,
    INCIDENT_START,
    SERVER_READABLE,
    SOURCE_UP,
    RULE_UNDECIDED,
    NOTIFICATIONS_UNDELIVERED,
    BUILD_INFO,
)
"""Made from the last result at each scrape: no series outlives its job."""

OF_THE_DAEMON: Final = (
    CYCLE_SUCCESS,
    CYCLE_DURATION,
    NOTIFICATIONS,
    NOTIFICATIONS_FAILED,
    SETTINGS_SUCCESSFUL,
    SETTINGS_SUCCESS,
)
"""Kept while the daemon runs; every series is there from the start."""

ALL: Final = (*OF_THE_RESULT, *OF_THE_DAEMON)
