"""The docs that are made from the code."""

import re

import pytest

from tools import gen_docs
from watcher.diagnosis import catalogue
from watcher.web import families


@pytest.mark.parametrize("name", ["metrics.md", "settings.md", "schema-v1.json"])
def test_a_generated_page_is_current(name):
    wanted = gen_docs.pages()[name]

    assert (gen_docs.DOCS / name).read_text(encoding="utf-8") == wanted


def test_the_page_of_metrics_names_every_metric_and_no_other():
    told = set(re.findall(r"^\| `(watcher_\w+)`", gen_docs.metrics(), flags=re.MULTILINE))

    assert told == {family.name for family in families.ALL}


def test_the_page_of_settings_shows_durations_as_they_are_written():
    assert "| `watch_interval` | duration | `30s` |" in gen_docs.settings()


def test_every_cause_that_a_real_server_proves_is_in_the_catalogue():
    assert set(gen_docs.proofs()) <= set(catalogue.pages())
    assert "| `connection-refused` | `tests/e2e/test_real_states_scraped.py` |" in gen_docs.causes()


def test_every_place_that_the_design_names_is_there():
    design = (gen_docs.DOCS / "design.md").read_text(encoding="utf-8")
    table = design.partition("| what | where |")[2].partition("\n\n")[0]
    places = re.findall(r"`([\w/.]+)`", table)

    assert len(places) > 10
    assert [place for place in places if not (gen_docs.DOCS.parent / place).exists()] == []


def test_a_stale_page_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(gen_docs, "DOCS", tmp_path)

    with pytest.raises(
        SystemExit, match=r"docs/metrics\.md is stale: run python -m tools\.gen_docs"
    ):
        gen_docs.main(["--check"])


def test_pages_just_written_are_current(tmp_path, monkeypatch):
    monkeypatch.setattr(gen_docs, "DOCS", tmp_path / "docs")

    gen_docs.main([])
    gen_docs.main(["--check"])

    assert {p.name for p in gen_docs.DOCS.iterdir()} == set(gen_docs.pages())
