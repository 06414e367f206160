"""Printed commands are pasted by somebody on call: what others wrote into objects is no code there."""

import ast
import re
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

import watcher
from tests.rules.scene import entries, scene
from tests.rules.test_risks import entries as risk_entries
from tests.rules.test_risks import ground
from watcher.diagnosis.catalogue import at_risk, causes
from watcher.diagnosis.diagnose import assess, diagnose
from watcher.diagnosis.rules._discovery import Sought
from watcher.diagnosis.rules._patches import patch_command, set_labels
from watcher.diagnosis.rules._selection import edit
from watcher.diagnosis.rules._targets import trouble_of
from watcher.engine.choose import chosen
from watcher.engine.pins import united
from watcher.errors import ConfigError
from watcher.model.kube import KubeObject
from watcher.operator.spots import Spot

PACKAGE = Path(watcher.__file__).parent
WORDS = re.compile(
    r"(?:^|[;|] *)(?:kubectl|curl|grep|getent|openssl|wget|watcher (?:expect|accept|once|explain)) "
    r"|^-[nl] "
)
"""How a printed command, or a part of one, begins."""
COMPOSED = {
    "scope", "where", "log", "shown", "listed", "options", "create", "output", "subject",  # parts
    "insecure", "plural", "kind", "role", "own", "verb",  # words of ours
    "patch", "pairs", "account",  # quoted where they are made
    "INVALID", "self._value()", "rest and f' {rest}'",
    "' '.join(map(shell.job, pools[:_NAMES]))",
}  # fmt: skip
"""What stands in a command as it is: parts that are commands themselves, and words of our own."""
EXPLAINED = {"engine/choose.py", "web/permission.py", "adapters/slack/parts.py", "model/shell.py"}
"""Sentences about a command, and a code of our own catalogue."""


def unquoted():
    """Every value in an f-string that is a command, or part of one, and is not quoted."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if str(file.relative_to(PACKAGE)) in EXPLAINED:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and _is_command(node):
                for value in node.values:
                    if isinstance(value, ast.FormattedValue) and not _quoted(value.value):
                        shown = ast.unparse(value.value)
                        yield f"{file.relative_to(PACKAGE)}:{value.lineno}: {shown}"


def _is_command(text):
    first = text.values[0]
    starts = isinstance(first, ast.FormattedValue) and ast.unparse(first.value) in {"where", "log"}
    whole = "".join(v.value if isinstance(v, ast.Constant) else "\0" for v in text.values)
    return starts or WORDS.search(whole) is not None


def _quoted(value):
    match value:
        case ast.Call(func=ast.Name(id="quote" | "join") | ast.Attribute(attr="quote")):  # of shlex
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="shell"))):
            return True
        case (
            ast.Attribute(attr="kind")
            | ast.Call(func=ast.Attribute(attr="lower", value=ast.Attribute(attr="kind")))
        ):
            return True
    return ast.unparse(value) in COMPOSED


def test_no_rule_puts_a_name_into_a_command_without_quoting_it():
    assert list(unquoted()) == []


OPTIONS = re.compile(
    r"(?:\bgrep\b.*|getent hosts|nslookup|watcher (?:expect|accept|once|explain)"
    r"|(?:describe|get) (?:secret|configmap)|create secret .*) $"
)
"""After which a word that begins with a dash, or a pattern, would be taken as such."""


def _bound(shown):
    """Whether it is made for its place, or a name that the operator gives to its own Secret."""
    return "shell." in shown or "config_secret" in shown


def test_no_name_stands_where_it_is_read_as_an_option_or_a_pattern():
    asked, wrong = 0, []
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.JoinedStr) or not _is_command(node):
                continue
            if str(file.relative_to(PACKAGE)) in EXPLAINED:
                continue
            for before, value in pairwise(node.values):
                words = before.value if isinstance(before, ast.Constant) else ""
                if isinstance(value, ast.FormattedValue) and OPTIONS.search(words):
                    shown = ast.unparse(value.value)
                    asked += 1
                    wrong += [f"{file.name}: {words}{shown}"] * (not _bound(shown))

    assert wrong == []
    assert asked > 10


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


def of_our_own():
    """Every command of the watcher that is printed, with the case, the jobs expected, the objects."""
    for _, entry in entries():
        played = scene(entry)
        diagnosis = diagnose(played.case, causes())
        told = [f.finding for f in (diagnosis.cause, *diagnosis.findings) if f is not None]
        jobs = united(played.expectations.jobs)
        for words in _ours(told):
            yield entry["case"], words, jobs, played.expectations.objects
    for _, entry in risk_entries():
        laid = ground(entry)
        jobs = [status.job for status in laid.statuses]
        for words in _ours(risk.finding for risk in assess(laid, at_risk())[0]):
            yield entry["case"], words, jobs, {job.monitor for job in jobs}


def _ours(findings):
    for finding in findings:
        lines = [e.where for e in finding.evidence]
        for line in lines + [step.command for step in finding.fix if step.command]:
            if line.startswith("watcher "):
                words = shlex.split(line)
                yield words[1 : words.index("|") if "|" in words else None]


def answers(words, jobs, objects):
    """Whether the command finds what it names, as `watcher.cli` looks for it."""
    name, rest = words[0], words[1:]
    named = [word for word in rest if not word.startswith("-")]
    try:
        found = chosen(jobs, named)
    except ConfigError:
        return False
    if name == "accept":
        return bool(named) and all(job.gone_since is not None for job in found)
    if "--manifest" in rest:
        return any(job.monitor in objects for job in found)
    return name in {"audit", "expect", "explain", "once"}


def test_every_command_of_ours_that_is_printed_answers():
    every = list(of_our_own())

    wrong = [(case, words) for case, words, *there in every if not answers(words, *there)]

    assert {"accept", "expect", "explain"} <= {words[0] for _, words, *_ in every}
    assert wrong == []


NASTY = ["$(touch {})", "a;touch {}", "a\ntouch {}", "`touch {}`", "'; touch {} #"]


def _printed(word):
    """Commands in which a tenant's own words stand: names, namespaces of a selector, labels."""
    metadata = {"namespace": word, "name": word}
    target = KubeObject(raw={"kind": "ServiceMonitor", "metadata": metadata})
    pod = KubeObject(raw={"kind": "Pod", "metadata": metadata, "status": {"phase": "Failed"}})
    spot = Spot(kind="secret", namespace=word, name=word, key=word)
    yield spot.describe()
    yield spot.certificate()
    yield Sought(role="endpoints", namespaces=(word,)).kubectl("pods")
    yield patch_command(target, [])
    yield set_labels(target, {word: word})
    yield edit(target, "look").command
    yield from (evidence.where for evidence in trouble_of(pod))


@pytest.mark.parametrize("nasty", NASTY)
def test_what_a_tenant_writes_is_not_run(nasty, tmp_path):
    made = tmp_path / "made"
    for command in _printed(nasty.format(made)):
        stubs = "kubectl() { :; }; openssl() { :; }; grep() { :; }"
        subprocess.run(["sh", "-c", f"{stubs}; {command}"], check=False, stdin=subprocess.DEVNULL)

        assert not made.exists(), command
