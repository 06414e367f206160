"""Reads the running configuration that a server shows at /api/v1/status/config."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from watcher import yaml_text
from watcher.model.expectations import FilePath
from watcher.model.names import PoolName
from watcher.model.observations import RunningJob

_FILES: Final = (
    ("tls_config", "ca_file"),
    ("tls_config", "cert_file"),
    ("tls_config", "key_file"),
    ("authorization", "credentials_file"),
    ("bearer_token_file",),
    ("basic_auth", "username_file"),
    ("basic_auth", "password_file"),
    ("oauth2", "client_secret_file"),
    ("oauth2", "client_certificate_key_file"),
    ("oauth2", "tls_config", "ca_file"),
    ("oauth2", "tls_config", "cert_file"),
    ("oauth2", "tls_config", "key_file"),
)
"""Fields of a scrape config that name a file of its own HTTP client, not of its discovery."""


AS_WRITTEN: Final = frozenset({"job_name"})
"""What may stand without quotes in a file: Prometheus takes `job_name: 012` as it is written."""


@dataclass(frozen=True, slots=True)
class RunningConfig:
    """The jobs of a running configuration, and whether it includes further files of jobs.

    ``globs`` are those of ``scrape_config_files``, relative to the configuration's own folder.
    """

    jobs: Mapping[PoolName, RunningJob]
    includes: bool
    globs: tuple[str, ...] = ()


def running_config(text: str) -> RunningConfig:
    """The configuration out of its YAML; an empty one is valid and has no jobs.

    Raises ValueError when it is not a Prometheus configuration.
    """
    try:
        raw = yaml_text.load(text, as_written=AS_WRITTEN)
    except yaml_text.NotYaml as error:
        raise ValueError(f"not valid YAML: {error}") from None
    if raw is None:
        return RunningConfig({}, includes=False)
    if not isinstance(raw, dict):
        raise ValueError(f"expected a mapping, got {type(raw).__name__}")  # noqa: TRY004
    jobs = raw.get("scrape_configs") or ()
    if not isinstance(jobs, list | tuple) or not all(isinstance(job, dict) for job in jobs):
        raise ValueError("scrape_configs: expected a list of mappings")
    found = (_job(job) for job in jobs)
    files = raw.get("scrape_config_files") or ()
    if not isinstance(files, list | tuple) or not all(isinstance(file, str) for file in files):
        raise ValueError("scrape_config_files: expected a list of paths")
    return RunningConfig({job.name: job for job in found}, bool(files), tuple(files))


def _job(raw: dict[str, Any]) -> RunningJob:
    if "job_name" not in raw:
        raise ValueError("scrape_configs: a job without job_name")
    return RunningJob(
        name=PoolName(str(raw["job_name"])),
        scheme=str(raw.get("scheme") or "http"),
        path=str(raw.get("metrics_path") or "/metrics"),
        files=tuple(_files(raw)),
        raw=raw,
    )


def _files(raw: dict[str, Any]) -> Iterator[FilePath]:
    for steps in _FILES:
        found: Any = raw
        for step in steps:
            found = found.get(step) if isinstance(found, dict) else None
        if isinstance(found, str) and found:
            yield FilePath(field=".".join(steps), path=found)
    headers = raw.get("http_headers")
    for name, header in headers.items() if isinstance(headers, dict) else ():
        files = header.get("files") if isinstance(header, dict) else None
        for path in files if isinstance(files, list) else ():
            yield FilePath(field=f"http_headers.{name}.files", path=str(path))
