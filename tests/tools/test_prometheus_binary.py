"""Finding a Prometheus: each place says what it has, or why it has none and what to do."""

from pathlib import Path

import pytest

from tests.prometheus_server import every_prometheus
from tools import prometheus_binary as finding
from tools.prometheus_binary import NoPrometheusError, PrometheusBinary


def a_program(file: Path, prints: str) -> Path:
    file.write_text(f"#!/bin/sh\necho '{prints}'\n", encoding="utf-8")
    file.chmod(0o755)
    return file


@pytest.fixture(autouse=True)
def _asked_anew() -> None:
    finding.at.cache_clear()


@every_prometheus
def test_each_place_gives_a_binary_that_tells_its_version(
    prometheus_binary: PrometheusBinary,
) -> None:
    assert prometheus_binary.version[0].isdigit()
    assert prometheus_binary.prometheus.is_file()


def test_the_named_binary_comes_first_with_the_promtool_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = a_program(tmp_path / "prometheus", "prometheus, version 9.8.7+x (branch: none)")
    promtool = a_program(tmp_path / "promtool", "promtool")
    monkeypatch.setenv("WATCHER_PROMETHEUS", str(server))

    found = finding.default()

    assert found == PrometheusBinary(version="9.8.7+x", prometheus=server, promtool=promtool)


def test_a_binary_that_is_not_there_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHER_PROMETHEUS", str(tmp_path / "absent"))

    with pytest.raises(NoPrometheusError, match=r"absent does not tell its version.*on PATH or"):
        finding.at("WATCHER_PROMETHEUS")


def test_a_program_that_is_no_prometheus_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = a_program(tmp_path / "prometheus", "hello")
    monkeypatch.setenv("WATCHER_PROMETHEUS", str(program))

    with pytest.raises(NoPrometheusError, match="names no version"):
        finding.at("WATCHER_PROMETHEUS")


def test_a_cache_that_cannot_be_written_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("WATCHER_PROMETHEUS", raising=False)
    suites = [place for place in finding.places() if place != "PATH"]
    if not suites:
        pytest.skip("no package sources on this machine")

    with pytest.raises(NoPrometheusError, match="set XDG_CACHE_HOME to a folder"):
        finding.at(suites[0])
