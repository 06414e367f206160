"""Everything that a person can set. Each field's docstring is its documentation.

The only reader of the settings file and of the environment.
"""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from difflib import get_close_matches
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from watcher import files, settings_faults, settings_source
from watcher.errors import ConfigError
from watcher.settings_faults import every_name
from watcher.settings_source import Source, kind, refusal, shown

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = timedelta(days=365_000)


def duration(raw: object) -> object:
    """A duration as Prometheus writes it (``30s``, ``5m``, ``1h30m``, ``7d``); others pass through.

    Raises ValueError for a text of another form.
    """
    if not isinstance(raw, str):
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            raise ValueError("expected a duration with its unit, such as 30s")  # noqa: TRY004
        return raw
    if not re.fullmatch(r"(\d+(ms|s|m|h|d|w))+", raw, re.ASCII):
        raise ValueError("expected a duration such as 30s, 5m, 1h30m or 7d")
    try:
        return timedelta(
            seconds=sum(int(n) * _UNITS[u] for n, u in re.findall(r"(\d+)(ms|s|m|h|d|w)", raw))
        )
    except OverflowError:
        raise ValueError("expected a duration of less than a thousand years") from None


def _some_time(length: timedelta) -> timedelta:
    if not timedelta(0) < length < _LONGEST:
        raise ValueError("expected more than 0s and less than a thousand years")
    return length


def _any_time(length: timedelta) -> timedelta:
    return length if length == timedelta(0) else _some_time(length)


Duration = Annotated[timedelta, BeforeValidator(duration), AfterValidator(_some_time)]
Delay = Annotated[timedelta, BeforeValidator(duration), AfterValidator(_any_time)]
"""A duration that may be none at all (``0s``)."""


def address(url: str) -> str:
    """*url*, which has a host, and a port if it names one.

    Raises ValueError, which does not show it, also where a part of a password may be taken for the
    port: ``http://user:12/34@host``.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        kind = "port" if "port" in str(error).lower() else "host"
        raise ValueError(f"no {kind} {_WRITE_IT}") from None
    after_host = parts.path + parts.query + parts.fragment
    has_port = ":" in parts.netloc.rpartition("]")[2]
    if has_port and parts.username is None and "@" in after_host:
        raise ValueError(f"an @ after the host: no port {_WRITE_IT}")
    if not parts.hostname:
        raise ValueError(f"no host {_WRITE_IT}")
    return url


_WRITE_IT = (
    "that can be used: write it as http://HOST:PORT/, and / ? # @ in a password as %2F %3F %23 %40"
)

Address = Annotated[str, Field(pattern=r"^https?://"), AfterValidator(address)]
"""Where something is reached over HTTP."""


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = get_close_matches(name, sorted(available_timezones()), n=1)
        hint = f": did you mean {near[0]}?" if near else ", such as Europe/Berlin"
        raise ValueError(f"no such time zone{hint}") from None
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]


def _holds_paths(annotation: object) -> bool:
    return annotation is Path or any(map(_holds_paths, get_args(annotation)))


def _not_all_the_time(length: timedelta) -> timedelta:
    if length < timedelta(milliseconds=100):
        raise ValueError("expected 100ms or more")
    return length


Interval = Annotated[Duration, AfterValidator(_not_all_the_time)]
"""A duration after which something is done again."""


class Section(BaseModel):
    """Base of all sections: nothing can be changed, and nothing misspelt."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _fit_to_be_shown(cls, raw: object, which: ValidationInfo) -> object:
        """Refuse text that no path, address or name can be; the empty path would be ``.``.

        An address where a file is expected may hold a secret, which the path would show.
        """
        of_paths = _holds_paths(cls.model_fields[str(which.field_name)].annotation)
        inner = raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list) else ()
        for text in (raw, *inner):
            if isinstance(text, str) and "\0" in text:
                raise ValueError("holds a null character: take it out")
            if isinstance(text, str) and "://" in text and of_paths:
                raise ValueError("expected a path, got an address: write it into a file, name that")
        if raw == "":
            raise ValueError("expected text, got none: leave the setting out for its default")
        return raw


class Environment(BaseSettings):
    """What is taken from the environment: ``WATCHER_CONFIG`` and the secrets without a file."""

    model_config = SettingsConfigDict(env_prefix="WATCHER_", env_ignore_empty=True)

    config: Path | None = None
    slack_token: SecretStr | None = None
    slack_webhook_url: SecretStr | None = None


class KubernetesSettings(Section):
    """Where the Kubernetes API is. Absent: in-cluster, else ``KUBECONFIG``, else none."""

    kubeconfig: Path | None = None
    """File with the cluster's address and credentials; read again when these are refused."""

    context: str | None = None
    """Context of that file; absent: its current one."""

    proxy: bool = False
    """Reach pods through the API server (needs ``get pods/proxy``), for a watcher outside."""

    namespaces: tuple[str, ...] = ()
    """Namespaces whose Prometheus resources are watched; empty: all."""

    timeout: Duration = timedelta(seconds=30)
    """How long to wait for one whole answer of the API server, and for a credential plugin."""


class HttpSettings(Section):
    """How a server is spoken to over HTTP."""

    ca_file: Path | None = None
    """Certificates to trust; absent: the system's."""

    insecure_skip_verify: bool = False
    """Do not check the server's certificate."""

    cert_file: Path | None = None
    """Client certificate, PEM."""

    key_file: Path | None = None
    """Its key, PEM."""

    username: str | None = None
    """User of basic authentication."""

    password_file: Path | None = None
    """File that holds the password."""

    bearer_token_file: Path | None = None
    """File that holds a bearer token; read afresh at each request, so that it may rotate. Not used
    where there is a ``username``."""

    timeout: Duration = timedelta(seconds=15)
    """How long to wait for one answer to continue; a whole one may take four times as long. Under 15 s a
    reload looks like a dead server (Prometheus blocks its API until scrapes in flight end)."""

    @model_validator(mode="after")
    def _one_identity(self) -> "HttpSettings":
        for one, lacks, other in (
            ("key_file", self.cert_file, "cert_file"),
            ("password_file", self.username, "username"),
        ):
            if getattr(self, one) is not None and lacks is None:
                raise ValueError(f"{one} is of no use without {other}: set that too")
        return self


class ServerSettings(Section):
    """One server of a Prometheus."""

    name: str
    """Its name: the pod's, where it is one."""

    url: Address
    """Where its HTTP API is, with the route prefix if there is one."""

    log_file: Path | None = None
    """Its log, where it can be read as a file; absent: the pod's log, if there is a pod."""

    shard: int = Field(default=0, ge=0)
    """Number of its shard; absent: as its name says (``prometheus-k8s-shard-1-0``), else 0."""

    replica: int = Field(default=0, ge=0)
    """Number of the replica within the shard; absent: as its name says, else the next one."""


class PrometheusSettings(Section):
    """A Prometheus to watch."""

    name: str
    """``namespace/name`` of its resource, or any name for one without an operator."""

    servers: tuple[ServerSettings, ...] = ()
    """Its servers; absent: the pods of the resource."""

    http: HttpSettings | None = None
    """How its servers are spoken to; absent: as ``http`` says."""

    @field_validator("servers")
    @classmethod
    def _apart(
        cls, servers: tuple[ServerSettings, ...], others: ValidationInfo
    ) -> tuple[ServerSettings, ...]:
        _once_each("server", (server.name for server in servers))
        return _numbered(servers, str(others.data.get("name", "")).rpartition("/")[2])


def _numbered(servers: tuple[ServerSettings, ...], resource: str) -> tuple[ServerSettings, ...]:
    """*servers* with shard and replica, by their pods' names where they say them.

    Pods are called ``prometheus-NAME-REPLICA`` and ``prometheus-NAME-shard-SHARD-REPLICA``, those
    of an agent ``prom-agent-NAME-…`` (prometheus-operator 0.93, pkg/prometheus/common.go). Others
    are taken for replicas in their order. Raises ValueError for two in one place.
    """
    form = re.compile(rf"prom(?:etheus|-agent)-{re.escape(resource)}(?:-shard-(\d+))?-(\d+)")
    placed: dict[tuple[int, int], ServerSettings] = {}
    unnumbered = []
    for server in servers:
        pod = form.fullmatch(server.name)
        said = {"shard": int(pod[1] or 0), "replica": int(pod[2])} if pod else {}
        said |= server.model_dump(include=server.model_fields_set & {"shard", "replica"})
        if "replica" not in said:
            unnumbered.append(server.model_copy(update=said))
            continue
        full = server.model_copy(update=said)
        if (other := placed.setdefault((full.shard, full.replica), full)) is not full:
            raise ValueError(
                f"{other.name} and {full.name} are both replica {full.replica} of shard "
                f"{full.shard}: give each its own `replica` or `shard`"
            )
    for server in unnumbered:
        number = next(n for n in count() if (server.shard, n) not in placed)
        placed[server.shard, number] = server.model_copy(update={"replica": number})
    by_name = {server.name: server for server in placed.values()}
    return tuple(by_name[server.name] for server in servers)


def _once_each(what: str, names: Iterable[str]) -> None:
    """Raise ValueError for a name that is there twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"two are called {name}: each {what} needs a name of its own")
        seen.add(name)


class PinSettings(Section):
    """A job that must be there whatever anybody declares. Found by a pool name or by labels."""

    name: str
    """What it is called in messages."""

    prometheus: str | None = None
    """The Prometheus that must have it; absent: every one."""

    pool: str | None = None
    """Glob over pool names, such as ``*/kubelet/*``."""

    labels: dict[str, str] = Field(default_factory=dict)
    """Labels that its targets carry, such as ``job: kubelet``."""

    targets: int | Literal["nodes"] = 1
    """Least number of targets of each job that it finds: a number, or ``nodes`` for the number of nodes."""

    @field_validator("targets", mode="before")
    @classmethod
    def _a_number(cls, raw: object) -> object:
        if raw == "nodes" or (isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0):
            return raw
        raise ValueError(f"expected 0 or more, or `nodes`, got {kind(raw)}")

    @model_validator(mode="after")
    def _can_be_found(self) -> "PinSettings":
        if self.pool is None and not self.labels:
            raise ValueError("how is it found: set pool (a glob) or labels (of its targets)")
        return self


class ConfigFileSettings(Section):
    """The configuration file of a Prometheus without an operator; its path alone will do."""

    path: Path
    """The file. What its ``scrape_config_files`` name is read too."""

    prometheus: str | None = None
    """The one that runs with it, by its name in ``prometheuses``; absent: the only one there."""

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, raw: object) -> object:
        return {"path": raw} if isinstance(raw, str) else raw


MonitorLabels = dict[Annotated[str, Field(pattern=r"^(namespace|kind|name|labels\..+)$")], str]
"""Globs over labels of a monitor, all of which must fit: ``namespace``, ``kind``, ``name``, and the
monitor's own labels as ``labels.NAME``."""


class CollectorSettings(Section):
    """A collector beside Prometheus that takes monitors.

    Alloy, the OpenTelemetry target allocator, vmagent, Google's managed collection.
    """

    name: str
    """What it is called."""

    match: MonitorLabels = Field(min_length=1)
    """Globs over ``namespace``, ``kind``, ``name`` and ``labels.NAME`` of its monitors."""


class ExpectSettings(Section):
    """Further places that say what should be scraped."""

    manifests: tuple[Path, ...] = ()
    """Directories or files of manifests (a GitOps checkout), ``-`` for standard input: expectation
    only, no cluster facts. Where they hold no Prometheus, those of the cluster select."""

    config_files: tuple[ConfigFileSettings, ...] = ()
    """Prometheus configuration files, for servers without an operator."""

    pinned: tuple[PinSettings, ...] = ()
    """Jobs that must be there in any case. One that is declared elsewhere too is one job, and pinned."""

    other_collectors: tuple[CollectorSettings, ...] = ()
    """Collectors beside Prometheus whose monitors no Prometheus is to select. They are not watched."""

    learned: bool = False
    """Expect also what runs on a server and what no other source explains, from the first sight."""


class WebSettings(Section):
    """The page, the API and the metrics."""

    listen: str = "127.0.0.1:9393"
    """Address and port; ``:9393`` for all addresses."""

    config_file: Path | None = None
    """TLS and basic authentication, in the format of Prometheus's ``--web.config.file``."""

    external_url: Address | None = None
    """Where people reach the page, for links in messages."""

    dashboard_url: Address | None = None
    """Where the dashboard of config/grafana is, for links in messages."""


Labels = dict[
    Annotated[
        str, Field(pattern=r"^(prometheus|pool|namespace|kind|name|owner|cause|state|labels\..+)$")
    ],
    str,
]
"""Globs over labels of a job, all of which must fit: ``prometheus``, ``pool``, ``namespace``,
``kind`` and ``name`` of its monitor, ``owner`` (the annotation), ``cause``, ``state``, and the
monitor's own labels as ``labels.NAME``."""

RouteLabels = dict[
    Annotated[
        str,
        Field(
            pattern=r"^(prometheus|pool|namespace|kind|name|owner|cause|state|severity|labels\..+)$"
        ),
    ],
    str,
]
"""The same, and ``severity``."""


ReceiverName = Literal["slack", "alertmanager", "webhook", "email", "teams", "feishu", "dingtalk"]
"""The sections of those who are told of problems."""


class RouteSettings(Section):
    """Who is told of a problem, and where. The first route that fits all of its jobs is taken."""

    match: RouteLabels
    """Globs over labels, all of which must fit: ``prometheus``, ``pool``, ``namespace``, ``kind``,
    ``name``, ``owner``, ``cause``, ``state``, ``severity``, and the monitor's as ``labels.NAME``."""

    receivers: tuple[ReceiverName, ...] = ()
    """Only these are told, by the names of their sections; empty: all."""

    channel: str | None = None
    """Channel of Slack, by id; absent: ``slack.channel``."""

    mention: str | None = Field(default=None, pattern=r"^[SUW][A-Z0-9]{4,}$")
    """User group (``S…``) or user (``U…``) of Slack to mention once the problem is, or becomes,
    critical."""

    repeat: Duration | None = None
    """After how long the first reminder comes; absent: as ``repeat`` says."""


class SeveritySettings(Section):
    """A severity for jobs that the built-in judgement does not fit."""

    match: Labels
    """Globs over labels, all of which must fit; as in ``routes``."""

    severity: Literal["critical", "warning", "notice"]
    """What a problem is whose jobs all fit. An annotation ``watcher/severity`` still wins."""


class MuteSettings(Section):
    """A window of maintenance that comes again and again, in which losses are not told."""

    match: Labels
    """Globs over labels, all of which must fit; as in ``routes``."""

    cron: str
    """When it begins, as cron says it."""

    lasts: Duration
    """How long it lasts."""

    timezone: TimeZone = "UTC"
    """Time zone of ``cron``."""

    reason: str = Field(min_length=1)
    """Why, for those who read the inspection."""


class SlackSettings(Section):
    """Slack, by bot token and channel.

    Or by an incoming webhook, the lesser way: it can neither edit nor thread.
    """

    api_url: Address = "https://slack.com/api/"
    """Slack's Web API."""

    token_file: Path | None = None
    """File with the bot token; absent: ``WATCHER_SLACK_TOKEN`` of the environment."""

    channel: str | None = None
    """Channel, by id or ``#name``."""

    webhook_url_file: Path | None = None
    """File with the address of an incoming webhook; absent: ``WATCHER_SLACK_WEBHOOK_URL``."""

    routes: tuple[RouteSettings, ...] = ()
    """The former place of ``routes``; still read, after those."""

    timeout: Duration = timedelta(seconds=10)
    """How long to wait for one answer of Slack."""

    fallback_channel: str | None = None
    """Channel that hears of what Slack refuses for good elsewhere (a channel that is gone)."""

    token: SecretStr | None = Field(default=None, exclude=True)
    """Filled from the file or the environment, never written in the settings."""

    webhook_url: SecretStr | None = Field(default=None, exclude=True)
    """Likewise."""


class AlertmanagerSettings(Section):
    """An Alertmanager, so that people's own routes and silences work."""

    urls: tuple[Address, ...] = Field(min_length=1)
    """Each of its replicas, without ``/api/v2``."""

    http: HttpSettings = HttpSettings()
    """How they are spoken to."""


class WebhookSettings(Section):
    """A program of your own: each message as a signed POST of JSON."""

    url: Address
    """Where to."""

    secret_file: Path
    """File with the secret that signs; see docs/incidents.md for how to check it."""

    http: HttpSettings = HttpSettings()
    """How it is spoken to."""


class ChatSettings(Section):
    """A robot of a chat."""

    url_file: Path
    """File with the address of its webhook, which is a secret."""

    http: HttpSettings = HttpSettings()
    """How it is spoken to."""


class TeamsSettings(ChatSettings):
    """A channel of Microsoft Teams, by a webhook of Workflows (not the retired Office connectors)."""


class SignedChatSettings(ChatSettings):
    """A robot that may want its messages signed."""

    secret_file: Path | None = None
    """File with the secret that signs; absent: not signed, so that the robot must accept by address
    (IP) or by a keyword such as ``scrape``."""


class FeishuSettings(SignedChatSettings):
    """A group of Feishu or Lark, by its custom robot."""


class DingTalkSettings(SignedChatSettings):
    """A group of DingTalk, by its custom robot."""


class EmailSettings(Section):
    """E-mail: incidents, and the weekly inspection."""

    host: str
    """SMTP server."""

    port: int = Field(default=587, ge=1, le=65535)
    """Its port."""

    tls: Literal["starttls", "implicit", "none"] = "starttls"
    """TLS after a greeting, from the first byte (port 465), or not at all."""

    username: str | None = None
    """User to log in as; absent: no login."""

    password_file: Path | None = None
    """File with the password."""

    sender: str = Field(pattern=r"^[^\r\n]+@[^\r\n]+$")
    """Address that the mail comes from."""

    to: tuple[Annotated[str, Field(pattern=r"^[^\r\n,]+@[^\r\n,]+$")], ...] = Field(min_length=1)
    """Addresses that it goes to."""

    timeout: Duration = timedelta(seconds=10)
    """How long to wait for one answer of the server; a mail may take four times as long."""


class HeartbeatSettings(Section):
    """A ping after each good watch (Healthchecks and the like), which tells when it stops."""

    url_file: Path
    """File with the address, which is a secret."""


class LokiSettings(Section):
    """A Loki that keeps the logs of the Prometheus servers: read instead of the pods' own logs."""

    url: Address
    """Where it is, without ``/loki/api/v1``."""

    query: str = '{namespace="$namespace", pod="$pod", container="prometheus"}'
    """Selector of a server's log. ``$namespace`` and ``$prometheus`` are those of the Prometheus,
    ``$pod`` is the server's name."""

    tenant: str | None = None
    """Value of ``X-Scope-OrgID``, for a Loki of several tenants."""

    http: HttpSettings = HttpSettings()


class InspectionSettings(Section):
    """The weekly inspection report."""

    cron: str = "0 9 * * mon"
    """When it is written, as cron says it."""

    timezone: TimeZone = "UTC"
    """Time zone of ``cron``."""

    directory: Path | None = None
    """Where the HTML files are written; absent: nowhere (it is still sent to Slack)."""

    since: Duration = timedelta(days=7)
    """The stretch of time that it sums up."""


class Settings(Section):
    """All of it."""

    kubernetes: KubernetesSettings | None = None
    prometheuses: tuple[PrometheusSettings, ...] = ()
    """What is watched; absent: every Prometheus and PrometheusAgent that the API server knows."""

    http: HttpSettings = HttpSettings()
    expect: ExpectSettings = ExpectSettings()
    store: str = "sqlite:///watcher.db"
    """Where the history is kept, as a SQLAlchemy URL: SQLite, or ``postgresql+psycopg://``."""

    watch_interval: Interval = timedelta(seconds=30)
    """How often what is scraped is looked at."""

    snapshot_interval: Interval = timedelta(minutes=5)
    """How often what should be scraped is read as a whole. What changes in the cluster meanwhile, the
    addresses of servers too, is read at each watch."""

    pending_watches: int = Field(default=2, ge=1)
    """In how many watches a job must be lost before its incident fires …"""

    pending_for: Delay = timedelta(minutes=1)
    """… and for how long."""

    partial_share: float = Field(default=0.2, gt=0, le=1)
    """A degraded job is told too, as a warning, from which share of its targets on that are down or
    lack; and where its least number of targets (a pin, ``watcher/min-targets``) is missed …"""

    partial_for: Delay = timedelta(minutes=5)
    """… for so long."""

    resolve_watches: int = Field(default=2, ge=1)
    """In how many watches in a row it must be well before the incident ends."""

    flap_turns: int = Field(default=4, ge=1)
    """A job that was lost more often than this within …"""

    flap_window: Duration = timedelta(hours=1)
    """… so long is told once as flapping, and then only when it has settled for as long."""

    storm_problems: int = Field(default=10, ge=1)
    """More new problems than this within 5 minutes are told as one."""

    repeat: Duration = timedelta(hours=4)
    """After how long an unchanged incident is told again; then after twice that, to once a day."""

    escalate_after: Duration = timedelta(hours=4)
    """After how long a problem becomes critical."""

    critical_share: float = Field(default=0.5, gt=0, le=1)
    """From which share of a Prometheus's jobs on a loss is critical at once."""

    severities: tuple[SeveritySettings, ...] = ()
    """Severities of your own; the first that fits is taken."""

    routes: tuple[RouteSettings, ...] = ()
    """Other receivers or channels for some problems, and who is mentioned there."""

    mutes: tuple[MuteSettings, ...] = ()
    """Windows of maintenance; for a single one there is ``watcher mute``."""

    settle: Delay = timedelta(minutes=5)
    """How long a change may take from the object to the running configuration."""

    retire_after: Duration = timedelta(days=8)
    """After how long a job that is no longer declared is forgotten, unless accepted before."""

    mass_loss: float = Field(default=0.2, gt=0, le=1)
    """Share of the expected jobs whose removal at once is not believed."""

    full_targets_up_to: int = Field(default=5000, ge=0)
    """Up to how many targets of a server all of them are read at each watch."""

    blind_grace: Delay = timedelta(minutes=5)
    """How long a source may be unreadable before that is told."""

    retention: Duration = timedelta(days=400)
    """How long history is kept."""

    web: WebSettings = WebSettings()
    slack: SlackSettings | None = None
    loki: LokiSettings | None = None
    alertmanager: AlertmanagerSettings | None = None
    webhook: WebhookSettings | None = None
    email: EmailSettings | None = None
    teams: TeamsSettings | None = None
    feishu: FeishuSettings | None = None
    dingtalk: DingTalkSettings | None = None
    heartbeat: HeartbeatSettings | None = None
    inspection: InspectionSettings = InspectionSettings()

    @field_validator("prometheuses")
    @classmethod
    def _apart(cls, named: tuple[PrometheusSettings, ...]) -> tuple[PrometheusSettings, ...]:
        _once_each("Prometheus", (one.name for one in named))
        return named


def load(path: Path | None) -> Settings:
    """Read and check the settings in the file that ``source`` finds. Raises ConfigError as ``of``."""
    return of(source(path))


def source(path: Path | None) -> Source:
    """The settings as they are written.

    *path* is what ``--config`` says; without it ``WATCHER_CONFIG`` is taken, then
    ``./watcher.yaml`` if it is there, then nothing, so that the defaults hold. Raises ConfigError
    for what cannot be read.
    """
    if path is not None:
        return settings_source.read(path, "--config")
    if (named := Environment().config) is not None:
        return settings_source.read(named, "WATCHER_CONFIG")
    return settings_source.read(_default_path(), "its name in the working directory")


def of(written: Source) -> Settings:
    """The settings in *written* and in the environment.

    Raises ConfigError, with every fault at once: file, line, setting, and what was expected.
    """
    faults = [*_secrets_in(written), *_faults_of_environment()]
    try:
        settings = Settings.model_validate(written.raw)
    except ValidationError as error:
        raise refusal([*settings_faults.of(error, Settings, written), *faults]) from None
    filled, more = _with_secrets(settings, written)
    if faults or more:
        raise refusal([*faults, *more])
    return filled


def checked(raw: dict[str, Any], path: Path | None) -> Settings:
    """The settings in *raw*, which stood in *path*, without the environment. Raises as ``of``."""
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise refusal(settings_faults.of(error, Settings, Source(path=path, raw=raw))) from None


def _secrets_in(written: Source) -> Iterator[str]:
    """A line for each secret that stands in the settings itself."""
    slack = written.raw.get("slack")
    for name in ("token", "webhook_url"):
        if isinstance(slack, dict) and name in slack:
            where = f"slack.{name}_file"
            reason = f"no secret is written here: put it into a file, and name that in {where}"
            yield written.fault(("slack", name), reason)


def _faults_of_environment() -> Iterator[str]:
    """A line for each variable that was likely meant for us and is none of ours.

    Others of the prefix are left alone: Kubernetes sets some for a Service that is called watcher.
    """
    prefix = str(Environment.model_config["env_prefix"])
    known = [f"{prefix}{name.upper()}" for name in Environment.model_fields]
    named = {"_".join(map(str, steps)): shown(steps) for steps in every_name(Settings)}
    for variable in sorted(os.environ):  # noqa: TID251 -- the one reader of the environment
        if not variable.startswith(prefix) or variable in known:
            continue
        name = variable.removeprefix(prefix).lower().replace("__", "_")
        near = get_close_matches(variable, known, n=1, cutoff=0.8)
        if near:
            yield f"{variable}: no such variable: did you mean {near[0]}?"
        elif name in named:
            yield f"{variable}: no such variable: set {named[name]} in the settings file"


def outdated(settings: Settings) -> tuple[str, ...]:
    """A line for each setting that is still read at its former place, with the new one."""
    if settings.slack is None or not settings.slack.routes:
        return ()
    said = "write these as `routes` at the top of the settings, where each can name its receivers"
    return (f"slack.routes: {said}",)


def require_slack(slack: SlackSettings) -> None:
    """Raise ConfigError unless *slack* can be used to send. ``once`` and the like do without."""
    if slack.token is None and slack.webhook_url is None:
        raise ConfigError(
            "slack: neither a bot token nor a webhook: set slack.token_file or WATCHER_SLACK_TOKEN "
            "(or slack.webhook_url_file or WATCHER_SLACK_WEBHOOK_URL)"
        )
    if slack.token is not None and not slack.channel:
        raise ConfigError("slack.channel: needed with a bot token: set it to the channel's id")


def require_files(settings: Settings) -> None:
    """Raise ConfigError, with all of them, for files in *settings* that cannot be read now.

    But for logs, which may come later, and what their adapters check by themselves.
    """
    faults = [
        f"{field}: {path}: cannot be read: {reason}; name what can be read"
        for field, path in _files(settings, "")
        if (reason := _hindrance(path)) is not None
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def _files(value: object, field: str) -> Iterator[tuple[str, Path]]:
    if isinstance(value, Section):
        for name, inner in value:
            if name not in {"kubeconfig", "log_file", "directory"}:
                yield from _files(inner, f"{field}.{name}" if field else name)
    elif isinstance(value, tuple):
        for number, inner in enumerate(value):
            yield from _files(inner, f"{field}.{number}")
    elif isinstance(value, Path) and str(value) != "-":
        yield field, value


def _hindrance(path: Path) -> str | None:
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))  # which waits for no pipe
    except OSError as error:
        return error.strerror
    return None


def _default_path() -> Path | None:
    here = Path("watcher.yaml")
    return here if here.exists() else None


def _with_secrets(settings: Settings, written: Source) -> tuple[Settings, list[str]]:
    """The settings with Slack's secrets, and what is wrong with the files of these."""
    slack = settings.slack
    if slack is None:
        return settings, []
    environment, faults = Environment(), []
    found = {}
    for name in ("token", "webhook_url"):
        path = getattr(slack, f"{name}_file")
        try:
            found[name] = SecretStr(files.read_text(path).strip()) if path else None
        except OSError as error:
            reason = f"{path}: cannot be read: {error.strerror}; name a readable file"
            faults.append(written.fault(("slack", f"{name}_file"), reason))
    filled = slack.model_copy(
        update={
            "token": found.get("token") or environment.slack_token,
            "webhook_url": found.get("webhook_url") or environment.slack_webhook_url,
        }
    )
    return settings.model_copy(update={"slack": filled}), faults
