"""What should be scraped, as the configuration files of Prometheuses without an operator say it.

The file on disk, not what a server has loaded of it: that they differ is what is to be found.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from watcher import files
from watcher.adapters.configuration.static_targets import static_targets
from watcher.adapters.configuration.written import RunningConfig, running_config
from watcher.adapters.tape import LIVE, Answered, Asked, Tape
from watcher.model.expectations import Expectations, ExpectedJob, Origin, Unreadable
from watcher.model.facts import MountRecord
from watcher.model.names import JobKey, PoolName, PrometheusName
from watcher.model.observations import RunningJob
from watcher.operator.target_labels import configured_labels

_ADVICE: Final = "correct the file, or expect.config_files"


class ConfigFiles:
    """Fits the port ExpectationSource; *files* are pairs of a Prometheus and its file."""

    name = "configuration files"

    def __init__(self, files: Sequence[tuple[PrometheusName, Path]], tape: Tape = LIVE) -> None:
        self._files = tuple(files)
        self._tape = tape

    def snapshot(self, now: datetime) -> Expectations:
        """The jobs of every file, and of the files that these include.

        A file that cannot be used stands in ``unreadable`` and hides the jobs of its Prometheus.
        Of two jobs with one name the first speaks; Prometheus itself refuses both.
        """
        jobs: dict[JobKey, ExpectedJob] = {}
        unreadable: list[Unreadable] = []
        for prometheus, path in self._files:
            for file, text, error in self._read(path):
                try:
                    if error:
                        raise ValueError(error)  # noqa: TRY301 -- told as what is wrong in the text
                    for job in running_config(text).jobs.values():
                        expected = configured(prometheus, job)
                        jobs.setdefault(expected.key, expected)
                except ValueError as wrong:
                    unreadable.append(_unreadable(prometheus, file, wrong))
        return Expectations(taken_at=now, jobs=tuple(jobs.values()), unreadable=tuple(unreadable))

    def changed(self, now: datetime) -> None:
        """Nothing: only a snapshot reads the files again."""

    def mounts(self, now: datetime) -> Sequence[MountRecord]:
        """None: a file says what is asked for, not what stands."""
        del now
        return ()

    def _read(self, path: Path) -> Iterator[tuple[str, str, str]]:
        """Each file with its text, or with why it could not be read."""
        asked = Asked(source=self.name, method="READ", path=str(path))
        answered = self._tape.ask(
            asked, lambda: Answered(body=json.dumps(list(_files(path))).encode())
        )
        yield from json.loads(answered.body)


def configured(prometheus: PrometheusName, job: RunningJob) -> ExpectedJob:
    """The expected job that stands in a scrape configuration."""
    return ExpectedJob(
        key=configured_key(prometheus, Origin.CONFIG_FILE, job.name),
        prometheus=prometheus,
        pool=job.name,
        origin=Origin.CONFIG_FILE,
        scheme=job.scheme,
        path=job.path,
        files=job.files,
        targets=static_targets(job.raw),
        labels=configured_labels(job.raw),
    )


def configured_key(prometheus: PrometheusName, origin: Origin, pool: PoolName) -> JobKey:
    """Key of a job that is known by its pool's name alone."""
    return JobKey(f"{prometheus}|{origin}|{pool}")


def _files(path: Path) -> Iterator[tuple[str, str, str]]:
    """The file, then what its ``scrape_config_files`` find beside it, by name."""
    whole = _file(path)
    yield whole
    try:
        included = running_config(whole[1])
    except ValueError:
        return
    for found in _found(path.parent, included):
        yield _file(found)


def _found(folder: Path, config: RunningConfig) -> Iterator[Path]:
    seen = set()
    for pattern in config.globs:
        start, parts = (
            (Path("/"), Path(pattern).parts[1:])
            if pattern.startswith("/")
            else (folder, Path(pattern).parts)
        )
        for path in sorted(start.glob("/".join(parts))):
            if path.is_file() and path not in seen:
                seen.add(path)
                yield path


def _file(path: Path) -> tuple[str, str, str]:
    try:
        return str(path), files.read_text(path), ""
    except OSError as error:
        return str(path), "", f"cannot be read: {error.strerror}"


def _unreadable(prometheus: PrometheusName, file: str, wrong: ValueError) -> Unreadable:
    return Unreadable(
        source=f"configuration file {file}",
        error=f"{wrong}; {_ADVICE}",
        hides=(f"{Origin.CONFIG_FILE} {prometheus}",),
    )
