"""What the rules about missing files share: which files, which mounts, which mounts there were.

A file is there when a mount of the prometheus container covers its path (operator.md 4.2), or when
it is part of the image; where neither is so, or where the log says so, it is missing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Lacking
from watcher.diagnosis.rules import _where
from watcher.diagnosis.wording_of_prometheus import FileFault, FileProblem, file_problem
from watcher.model import shell
from watcher.model.expectations import FilePath
from watcher.model.facts import (
    LOGS,
    MOUNT_HISTORY,
    PODS,
    REVISIONS,
    SECRET_KEYS,
    STATEFUL_SETS,
    Known,
    LogKind,
    LogLine,
    MountRecord,
    Unavailable,
)
from watcher.model.findings import Evidence
from watcher.model.kube import KubeObject, number, objects, text
from watcher.model.observations import ServerObservation
from watcher.operator.volumes import (
    SERVICE_ACCOUNT,
    Mount,
    covers,
    key_of,
    normal,
    pod_mounts,
    pod_template_mounts,
    revision_mounts,
)

IMAGE: Final = ("/etc/ssl/certs/", "/etc/pki/", "/usr/", "/etc/ca-certificates/")
"""Where images keep their own certificates: a path there needs no mount."""

REFINED: Final = frozenset(
    {"tls-file-missing", "scrape-class-file-missing", "tls-file-invalid", "pool-not-created"}
)
"""Wider words for a missing file, for the rules that know why it is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFile:
    """A TLS file of a job that is not in the container of one server.

    ``mount`` is what covers its path all the same (the Secret then lacks the key), ``keys`` those that
    this Secret has, where they alone show it; ``line`` the log line that says that it is missing.
    """

    file: FilePath
    server: ServerObservation
    mount: Mount | None
    holder: KubeObject | None
    """The pod or StatefulSet whose mounts were looked at, None where none could be."""
    line: LogLine | None
    keys: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerMount:
    """A mount that once covered a path, and how that is known.

    ``revision`` is the number of the ControllerRevision that had it, None where only our own
    history knows. ``who`` changed the StatefulSet so, with which operation and when, is known from
    our own history alone; ``permanent`` whether the custom resource asked for it then.
    """

    mount: Mount
    stateful_set: str
    revision: KubeObject | None = None
    who: str | None = None
    operation: str | None = None
    changed_at: datetime | None = None
    last_seen_at: datetime | None = None
    permanent: bool | None = None


def log_line(case: Case, server: ServerObservation, kind: LogKind) -> LogLine | None:
    """The last line of that kind about the case's pool, of this life of the server.

    Raises Lacking when the log could not be read.
    """
    lines = [
        line
        for line in case.read(LOGS)
        if line.kind is kind
        and line.pool == case.pool
        and line.server == server.server.name
        and (line.at is None or server.started_at is None or line.at >= server.started_at)
    ]
    return max(lines, key=lambda line: line.at.timestamp() if line.at else 0.0, default=None)


def missing_files(case: Case) -> tuple[MissingFile, ...]:
    """The TLS files of the case's job that are missing on the servers where it is unstarted.

    Raises Lacking when none is found and the log, which could have named one, could not be read.
    """
    found: list[MissingFile] = []
    no_log: Lacking | None = None
    for server in case.servers():
        files = [f for f in case.files(server) if f.field.startswith("tls_config.")]
        try:
            found += _missing_on(case, server, files)
        except Lacking as lacking:
            no_log = lacking
    if no_log is not None and not found:
        raise no_log
    return tuple(found)


def _missing_on(
    case: Case, server: ServerObservation, files: Sequence[FilePath]
) -> list[MissingFile]:
    """Raises Lacking where files are there by their mounts and only the log could deny it."""
    if not files:
        return []
    line, problem, no_log = words_of_log(case, server)
    if problem is not None and problem.kind is not FileFault.MISSING:
        return []
    holder, mounts = mounts_of_server(case, server)
    if mounts is None and problem is None:
        need_mounts(case)
    found = []
    for file in files:
        mount = covers(mounts, file.path) if mounts is not None else None
        named = problem is not None and normal(problem.path) == normal(file.path)
        if problem is not None and not named and mount is not None:
            continue
        uncovered = mounts is not None and mount is None and not normal(file.path).startswith(IMAGE)
        keys = None
        if line is None and holder is not None and mount is not None:
            keys = _other_keys(case, holder, mount, file.path)  # the log's words would go before
        if named or uncovered or keys is not None:
            line_of_it = line if named else None
            found.append(
                MissingFile(
                    file=file, server=server, mount=mount, holder=holder, line=line_of_it, keys=keys
                )
            )
    if no_log is not None and not found:
        raise no_log
    return found


def _other_keys(case: Case, holder: KubeObject, mount: Mount, path: str) -> tuple[str, ...] | None:
    """The keys of the Secret behind *mount*, where these may be read and that of *path* is none."""
    known = case.look(SECRET_KEYS)
    if mount.secret is None or isinstance(known, Unavailable):
        return None
    held = known.get(f"secret/{holder.namespace}/{mount.secret}")
    key = key_of(mount, path)
    if not isinstance(held, Known) or held.value is None or key in held.value or "/" in key:
        return None
    return tuple(sorted(held.value))


def named_by(case: Case, server: ServerObservation, path: str, field: str) -> Evidence:
    """That the job names a file and has no pool; an included job's configuration is not shown."""
    pools = _where.asked(server, "scrape_pools")
    if case.pool in server.jobs:
        names = f"the running configuration of {server.server.name} names {path} ({field})"
        where = f"{_where.asked(server, 'status/config')}; {pools}"
    else:
        names, where = f"the configuration file of the job names {path} ({field})", pools
    return Evidence(seen=f"{names}, and there is no scrape pool {case.pool}", where=where)


def words_of_log(
    case: Case, server: ServerObservation
) -> tuple[LogLine | None, FileProblem | None, Lacking | None]:
    """The log's line about the pool, the file that it blames, or why the log cannot be read."""
    try:
        line = log_line(case, server, LogKind.POOL_NOT_CREATED)
    except Lacking as lacking:
        return None, None, lacking
    return line, file_problem(line.text) if line else None, None


def mounts_of_server(
    case: Case, server: ServerObservation
) -> tuple[KubeObject | None, tuple[Mount, ...] | None]:
    """The mounts of the server's own pod, else of its StatefulSet; None where neither is known."""
    pods = case.look(PODS)
    for pod in () if isinstance(pods, Unavailable) else pods:
        if pod.name == server.server.name:
            return pod, pod_mounts(pod)
    stateful_set = stateful_set_of(case, server)
    if stateful_set is not None:
        return stateful_set, pod_template_mounts(stateful_set)
    return None, None


def need_mounts(case: Case) -> None:
    """Raise Lacking where no mounts are known because they could not be read."""
    for fact in (PODS, STATEFUL_SETS):
        case.read(fact)


def stateful_set_of(case: Case, server: ServerObservation) -> KubeObject | None:
    """The StatefulSet (or DaemonSet) that makes the server's pod, None where it is not known."""
    sets = case.look(STATEFUL_SETS)
    known = () if isinstance(sets, Unavailable) else sets
    named = [s for s in known if server.server.name.startswith(f"{s.name}-")]
    if named:
        return max(named, key=lambda s: len(s.name))
    return known[0] if len(known) == 1 else None


def where_the_log_is(case: Case, server: ServerObservation, words: str | None = None) -> str:
    """Where the lines of the server's log with *words*, else with the pool's name, are to be seen."""
    wanted = words or case.pool
    return log_command(case, server, wanted) or f"the log of {server.server.name}, lines: {wanted}"


def log_command(case: Case, server: ServerObservation, words: str) -> str | None:
    """The command that shows these lines; None where the server is of no cluster and has no file."""
    if server.server.log_file is not None:
        return f"{shell.lines_with(words)} {quote(server.server.log_file)}"
    namespace, of_cluster, _ = case.job.prometheus.partition("/")
    if not of_cluster:
        return None
    return f"kubectl -n {quote(namespace)} logs {quote(server.server.name)} -c prometheus | {shell.lines_with(words)}"


def former_mounts(case: Case, missing: MissingFile) -> tuple[FormerMount, ...]:
    """The mounts that once covered a missing file, our own memories first, then the newest.

    Raises Lacking when neither history nor revisions could be read.
    """
    stateful_set = stateful_set_of(case, missing.server)
    history = case.look(MOUNT_HISTORY)
    revisions = case.look(REVISIONS)
    found: list[FormerMount] = []
    if not isinstance(history, Unavailable):
        found += _remembered(history, stateful_set, missing)
    if not isinstance(revisions, Unavailable):
        found += _revised(revisions, stateful_set, missing)
    if not found and isinstance(history, Unavailable):
        raise Lacking(MOUNT_HISTORY.name, history)
    if not found and isinstance(revisions, Unavailable):
        raise Lacking(REVISIONS.name, revisions)
    return tuple(found)


def _remembered(
    history: Iterable[MountRecord], stateful_set: KubeObject | None, missing: MissingFile
) -> Iterator[FormerMount]:
    records = sorted(history, key=lambda record: record.last_seen_at, reverse=True)
    for record in records:
        mount = Mount(path=record.mount_path, volume=record.volume, secret=record.secret)
        ours = stateful_set is None or record.stateful_set == stateful_set.full_name
        if ours and covers((mount,), missing.file.path) is mount:
            yield FormerMount(
                mount=mount,
                stateful_set=record.stateful_set,
                who=record.who,
                operation=record.operation,
                changed_at=record.changed_at,
                last_seen_at=record.last_seen_at,
                permanent=record.permanent,
            )


def _revised(
    revisions: Iterable[KubeObject], stateful_set: KubeObject | None, missing: MissingFile
) -> Iterator[FormerMount]:
    for revision in sorted(revisions, key=revision_number, reverse=True):
        owners = {text(o, "name") for o in objects(revision.raw, "metadata", "ownerReferences")}
        if stateful_set is not None and owners and stateful_set.name not in owners:
            continue
        mount = covers(revision_mounts(revision), missing.file.path)
        if mount is not None and mount is not SERVICE_ACCOUNT:
            owner = stateful_set.full_name if stateful_set else revision.namespace
            yield FormerMount(mount=mount, stateful_set=owner, revision=revision)


def revision_number(revision: KubeObject) -> int:
    """``.revision`` of a ControllerRevision: a reused one keeps its old creation time."""
    return number(revision.raw, "revision") or 0
