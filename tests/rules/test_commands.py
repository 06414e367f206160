"""Printed commands are pasted by somebody on call: what others wrote into objects is no code there."""

import ast
import shlex
import subprocess
from pathlib import Path

import pytest

import watcher
from tests.rules.scene import entries, scene
from watcher.diagnosis.catalogue import causes
from watcher.diagnosis.diagnose import diagnose
from watcher.operator.spots import Spot

PACKAGE = Path(watcher.__file__).parent
NAMES = {"name", "namespace", "secret", "pool", "user", "full_name", "host", "words"}


def unquoted():
    """Every value that is put into a command as it is, and is called as names of others are."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.keyword) or node.arg not in {"command", "where"}:
                continue
            for part in ast.walk(node.value):
                if isinstance(part, ast.JoinedStr) and _is_command(part):
                    for value in part.values:
                        if isinstance(value, ast.FormattedValue) and _called(value) in NAMES:
                            yield f"{file.relative_to(PACKAGE)}:{value.lineno}: {_called(value)}"


def _is_command(text):
    first = text.values[0]
    words = str(first.value).split() if isinstance(first, ast.Constant) else []
    return bool(words) and words[0] in {"kubectl", "curl", "grep", "getent", "watcher"}


def _called(value):
    match value.value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return None


def test_no_rule_puts_a_name_into_a_command_without_quoting_it():
    assert list(unquoted()) == []


def commands():
    found = {}
    for _, entry in entries():
        diagnosis = diagnose(scene(entry).case, causes())
        every = [f.finding for f in (diagnosis.cause, *diagnosis.findings) if f is not None]
        for finding in every:
            for step in finding.fix:
                if step.command is not None:
                    found.setdefault(step.command, entry["case"])
    return found


def test_a_shell_can_read_every_command_of_every_case():
    every = commands()

    whole = [command for command in every if "=<" not in command]  # the others have gaps to fill
    bad = [command for command in whole if not _readable(command)]

    assert len(whole) > 100
    assert bad == []


def _readable(command):
    try:
        shlex.split(command)
    except ValueError:
        return False
    return (
        subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False).returncode
        == 0
    )


@pytest.mark.parametrize(
    "nasty", ["$(touch {})", "a;touch {}", "a\ntouch {}", "`touch {}`", "'; touch {} #"]
)
def test_what_a_tenant_calls_a_secret_is_not_run(nasty, tmp_path):
    made = tmp_path / "made"
    spot = Spot(kind="secret", namespace="shop", name=nasty.format(made), key="k")
    for command in (spot.describe(), spot.certificate()):
        subprocess.run(
            ["sh", "-c", f"kubectl() {{ :; }}; openssl() {{ :; }}; {command}"], check=False
        )

    assert not made.exists()
