"""The image and the compose file, as far as they can be judged without an engine."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from watcher import __version__
from watcher.settings import load

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def instructions(word: str) -> list[str]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [
        line.removeprefix(f"{word} ") for line in text.splitlines() if line.startswith(f"{word} ")
    ]


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")

    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, check=False)

    assert done.stdout.decode() == ""
    assert done.returncode == 0


def test_the_image_runs_the_package_itself_as_an_ordinary_user() -> None:
    program = (ROOT / "config/image/watcher").read_text(encoding="utf-8")

    assert instructions("ENTRYPOINT") == ['["watcher"]']
    assert program == '#!/bin/sh\nexec python -m watcher "$@"\n'
    assert (ROOT / "config/image/watcher").stat().st_mode & 0o111 == 0o111
    assert "/opt/watcher/bin" in instructions("ENV")[0]
    assert instructions("USER") == ["65532:65532"]
    assert all(form.startswith("[") for form in instructions("RUN"))


def test_only_what_the_image_is_built_from_is_sent_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {form.split()[0] for form in instructions("COPY") if not form.startswith("--from")}

    assert copied <= sent
    assert all((ROOT / name).exists() for name in sent)


def test_the_lock_names_no_index_and_hashes_every_file() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        pinned = [number for number, line in enumerate(lines) if "==" in line]

        assert pinned
        assert not [line for line in lines if "://" in line]
        assert all("--hash=sha256:" in lines[number + 1] for number in pinned)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_file_that_a_service_mounts_is_in_the_repository(service: str) -> None:
    mounts = [mount.split(":")[0] for mount in SERVICES[service].get("volumes", ())]
    named = set(COMPOSE["volumes"])

    absent = [m for m in mounts if m not in named and not (ROOT / m).exists()]

    assert absent == []


def test_services_wait_only_for_services_and_listen_only_on_the_loopback() -> None:
    waited = {other for service in SERVICES.values() for other in service.get("depends_on", ())}
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]

    assert waited <= set(SERVICES)
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_services_are_the_watcher_and_what_it_needs_to_be_seen() -> None:
    assert set(SERVICES) == {"watcher", "prometheus", "alertmanager", "grafana"}
    assert SERVICES["watcher"]["image"] == f"watcher:{__version__}"
    assert SERVICES["watcher"]["read_only"] is True


def test_the_settings_of_the_compose_file_are_valid_and_name_its_prometheus() -> None:
    settings = load(ROOT / "config/compose/watcher.yaml")

    (prometheus,) = settings.prometheuses
    mounted = {mount.split(":")[1] for mount in SERVICES["watcher"]["volumes"]}

    assert [server.url for server in prometheus.servers] == ["http://prometheus:9090"]
    assert {str(file.path) for file in settings.expect.config_files} <= mounted


def test_the_broken_job_of_the_compose_file_names_a_certificate_that_is_nowhere() -> None:
    text = (ROOT / "config/compose/prometheus.yml").read_text(encoding="utf-8")
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    folder = str(Path(jobs["kubelet"]["tls_config"]["cert_file"]).parent)

    mounted = [mount.split(":")[1] for mount in SERVICES["prometheus"]["volumes"]]

    assert not [path for path in mounted if path.startswith(folder)]
