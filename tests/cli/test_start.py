"""A command that asks no cluster imports nothing that it does not use."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from watcher.cli import options
from watcher.diagnosis import catalogue

ASKS = """
import json, sys
from watcher.cli import run
code = run(sys.argv[1:])
print()
print(json.dumps([code, sorted(sys.modules)]))
"""
HEAVY = (
    "apscheduler", "bcrypt", "cryptography", "fastapi", "jinja2", "kubernetes", "prometheus_client",
    "requests", "rich", "slack_sdk", "sqlalchemy", "uvicorn", "yaml",
    "watcher.adapters", "watcher.app", "watcher.cycles", "watcher.settings", "watcher.web",
)  # fmt: skip


def imported(*words):
    """The exit code of a command, and the modules it imported."""
    done = subprocess.run(
        [sys.executable, "-c", ASKS, *words], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("--help",),
        ("explain", "tls-file-missing"),
        ("explain", "job-not-permanent"),
    ],
    ids=" ".join,
)
def test_what_needs_no_cluster_imports_nothing_heavy(words):
    code, modules = imported(*words)

    assert code == 0
    assert sorted(modules & set(HEAVY)) == []


def test_the_help_of_each_command_imports_nothing_heavy():
    wanted = sorted(get_command(options.app).commands)
    code, modules = imported_after_helps(wanted)

    assert code == [0] * len(wanted)
    assert sorted(modules & set(HEAVY)) == []


def imported_after_helps(commands):
    program = ASKS.replace(
        "code = run(sys.argv[1:])", "code = [run([each, '--help']) for each in sys.argv[1:]]"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *commands], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    return code, set(modules)


def test_a_look_at_one_server_pays_for_no_store_no_page_and_no_receiver():
    _, modules = imported("once", "--prometheus-url", "http://127.0.0.1:1")

    assert sorted(modules & {"sqlalchemy", "alembic", "fastapi", "slack_sdk", "apscheduler"}) == []


def test_the_page_of_each_cause_is_the_one_of_the_whole_catalogue():
    assert {code: catalogue.entry(code) for code in catalogue.pages()} == catalogue.pages()


@pytest.mark.parametrize(
    "code", ["", "nope", "_refusals", "-refusals", "..", "os", "tls_file-missing"]
)
def test_what_is_no_code_has_no_page(code):
    assert catalogue.entry(code) is None


def test_kubectl_finds_the_command_line_as_a_plug_in_by_its_name():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    scripts = project["project"]["scripts"]

    assert scripts["kubectl-watcher"] == scripts["watcher"]
