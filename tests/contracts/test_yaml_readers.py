"""Every place that reads YAML of a person refuses the same documents, by file and line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.yaml_faults import FAULTS
from watcher import settings
from watcher.adapters.configuration.files import ConfigFiles
from watcher.adapters.kubernetes import session as kube_session
from watcher.adapters.manifests import files as manifest_files
from watcher.adapters.manifests.files import Unusable
from watcher.errors import ConfigError
from watcher.model.names import PrometheusName
from watcher.web import web_config


def _of_error(read):
    def told(path: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            read(path)
        return str(caught.value)

    return told


def _of_manifests(path: Path) -> str:
    return " ".join(f"{e.place} {e.error}" for e in _unusable(path))


def _unusable(path: Path) -> list[Unusable]:
    return [each for each in manifest_files.read(path) if isinstance(each, Unusable)]


def _of_config_file(path: Path) -> str:
    read = ConfigFiles([(PrometheusName("a"), path)]).snapshot(datetime(2026, 1, 1, tzinfo=UTC))
    (unreadable,) = read.unreadable
    return f"{unreadable.source} {unreadable.error}"


READERS = {
    "settings": _of_error(settings.load),
    "web configuration": _of_error(web_config.read),
    "kubeconfig": _of_error(
        lambda path: kube_session.load(settings.KubernetesSettings(kubeconfig=path))
    ),
    "manifests": _of_manifests,
    "configuration file": _of_config_file,
}


@pytest.mark.parametrize(
    ("reader", "fault"),
    [
        (reader, fault)
        for reader in READERS
        for fault in FAULTS
        if (reader, fault) != ("manifests", "two documents")  # which these may have
    ],
)
def test_a_document_that_would_be_misread_or_do_harm_is_told_by_file_and_line(
    tmp_path, reader, fault
):
    text, words = FAULTS[fault]
    path = tmp_path / "read.yaml"
    path.write_text(text, encoding="utf-8")

    told = READERS[reader](path)

    assert str(path) in told
    assert "not valid YAML: line " in told
    assert words in told


def test_the_line_is_that_of_the_file_in_each_of_its_documents(tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text("kind: A\n---\nkind: B\n---\n# C\nkind: C\nkind: D\n", encoding="utf-8")

    (_, _, broken) = manifest_files.read(path)

    assert "line 7, column 1: the key 'kind'" in broken.error
    assert "the first is in line 6" in broken.error
