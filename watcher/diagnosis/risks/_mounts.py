"""What the rules about mounts that will not last share: which jobs hang on one, and the repair."""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Ground
from watcher.diagnosis.rules._patches import change_paths, mount_secret, tls_files
from watcher.model.comparison import JobStatus
from watcher.model.facts import MONITORS, Unavailable
from watcher.model.findings import FixStep
from watcher.model.kube import KubeObject
from watcher.operator.resource_mounts import SECRETS
from watcher.operator.volumes import Mount, covers, key_of


def jobs_under(ground: Ground, mount: Mount) -> Iterator[tuple[JobStatus, str]]:
    """The jobs that need a file under *mount*, each with the first such path.

    By what the running configuration names, and by what the monitor asks for.
    """
    for status in ground.statuses:
        paths = {f.path for f in status.job.files}
        for server in ground.observation.readable if ground.observation else ():
            running = server.jobs.get(status.pool)
            paths |= {f.path for f in running.files} if running else set()
        under = sorted(path for path in paths if covers((mount,), path) is mount)
        if under:
            yield status, under[0]


def repairs(
    ground: Ground, prometheus: KubeObject, mount: Mount, status: JobStatus
) -> tuple[FixStep, ...]:
    """Ask for the mount in the custom resource, and name the files where it then is."""
    if mount.secret is None:
        return (
            FixStep(
                do=f"Ask for volume {mount.volume} and its mount at {mount.path} in volumes and"
                f" volumeMounts of the {prometheus.kind} resource (this restarts the pods)",
                command=f"kubectl -n {quote(prometheus.namespace)} edit {prometheus.kind.lower()}"
                f" {quote(prometheus.name)}",
            ),
        )
    monitor = _monitor(ground, status)
    paths = {f.path for f in status.job.files} | (tls_files(monitor) if monitor else set())
    moved = {
        path: f"{SECRETS}/{mount.secret}/{key_of(mount, path)}"
        for path in paths
        if covers((mount,), path) is mount
    }
    change = change_paths(monitor, moved) if monitor else None
    if change is None:
        listed = "; ".join(f"{old} → {new}" for old, new in sorted(moved.items()))
        change = FixStep(do=f"Name the files where they are then mounted: {listed}")
    return tuple(s for s in (mount_secret(prometheus, mount.secret), change) if s is not None)


def _monitor(ground: Ground, status: JobStatus) -> KubeObject | None:
    monitors = ground.look(MONITORS)
    ref = status.job.monitor
    if isinstance(monitors, Unavailable) or ref is None:
        return None
    return next(
        (
            m
            for m in monitors
            if (m.kind, m.namespace, m.name) == (ref.kind, ref.namespace, ref.name)
        ),
        None,
    )
