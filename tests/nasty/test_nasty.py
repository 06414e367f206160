"""Nothing that others wrote is code: whatever comes out is read by the parser of its medium.

Nasty strings are put into all that is read. What is read and what comes out is found in the code, as in the test of secrets: a new one must be
planted in or looked at, or be named here with the reason.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections import Counter

import pytest
from pydantic import BaseModel, SecretStr

from tests.nasty.media import MEDIA, checked_by, of_mail
from tests.nasty.play import NastyMarks, NastyPlay
from tests.nasty.strings import NASTY
from tests.secrets.derived import (
    COMMANDS,
    HARMLESS_ANSWERS,
    commands,
    kinds_read,
    routes,
    types_in,
)
from tools.prometheus_binary import NoPrometheusError, default
from watcher.characters import visible
from watcher.settings import Settings

NOT_PLANTED = {
    "kubernetes.context": "is looked up in the kubeconfig, and nothing continues without it",
    "kubernetes.namespaces": "names in paths, which are checked before they are",
    "store": "an address, for the test of secrets",
    "web.listen": "an address of this machine",
    "web.external_url": "an address that is made to be shown",
    "web.dashboard_url": "as above",
    "slack.channel": "goes to Slack alone, as JSON",
    "slack.fallback_channel": "as above",
    "routes.channel": "as above",
    "routes.match": "is compared and not shown",
    "slack.routes.channel": "as above",
    "slack.routes.match": "is compared and not shown",
    "severities.match": "as above",
    "expect.config_files.prometheus": "must be one of prometheuses.name",
    "expect.pinned.prometheus": "as above",
    "expect.pinned.pool": "is shown as the pool that it finds",
    "mutes.cron": "is read by its own form",
    "mutes.timezone": "as above",
    "inspection.cron": "as above",
    "inspection.timezone": "as above",
    "loki.query": "is the user's own program",
    "loki.tenant": "a header, which requests checks",
    "alertmanager.urls": "addresses, for the test of secrets",
    "email.host": "the name of a server",
    "email.to": "is checked as an address",
}
"""Settings of text, but for those of a form that is checked, and users' names."""
PEOPLE = {
    "web /", "web /jobs/{}", "web /inspections/latest", "slack", "email", "webhook", "alertmanager",
    "teams", "feishu", "dingtalk",
    "text of once", "json of once", "text of audit", "markdown of audit", "markdown of inspect",
    "html of inspect", "markdown of snapshot", "web /metrics", "text of incidents", "log",
}  # fmt: skip
"""Outputs that must have shown every kind of string: else nothing was checked there."""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    with NastyPlay(tmp_path_factory.mktemp("play"), NastyMarks()) as play:
        play.daemon()
        for name, ways in COMMANDS.items():
            for way in ways or ():
                play.command(name, *(word.format(out=play.folder / "out") for word in way))
        play.files()
        yield play


def test_nothing_that_others_wrote_is_code(played):
    wrong, checked, read = {}, Counter(), set()
    for where, contents in played.outputs.items():
        check = checked_by(where)
        for content in contents if check else ():
            checked[check.__name__] += 1
            if found := list(check(content.decode())):
                wrong.setdefault(where, []).extend(found)
        read |= {(where, kind) for kind in played.marks.kinds_in(contents)} if check else set()
    for mail in played.mail.mails:
        checked["of_mail"] += 1
        if found := list(of_mail(mail)):
            wrong.setdefault("email", []).extend(found)
    read |= {("email", kind) for kind in played.marks.kinds_in(played.outputs["email"])}

    print(  # noqa: T201 -- the counts, with -s
        f"{len(NASTY)} strings in {len(played.marks.inputs)} inputs, planted"
        f" {len(played.marks.planted)} times; {len(read)} pairs of string and output in"
        f" {sum(checked.values())} texts of {len(played.outputs)} outputs: {dict(checked)}"
    )
    assert wrong == {}
    assert {(where, kind) for where in PEOPLE for kind in NASTY} <= read
    assert len(played.marks.inputs) > 200
    assert set(checked) == {check.__name__ for _, check in MEDIA if check} | {"of_mail"}


def printed(played):
    """Every command that a document names, as people see it."""
    for command in _commands(played):
        yield visible(command)


def _commands(played):
    texts = [*played.outputs["json of once"], *played.outputs["json of audit"]]
    for document in map(json.loads, texts):
        for each in (*document.get("jobs", ()), *document.get("risks", ())):
            yield from (step["command"] for step in each["fix"] if step["command"])
            yield from (
                proof["where"]
                for proof in each["evidence"]
                if proof["where"].startswith(("kubectl", "curl", "grep", "watcher"))
            )


def run_by_bash(command, folder):
    """Run it where nothing can be run but what a nasty string wants run."""
    programs = folder / "programs"
    if not programs.exists():
        programs.mkdir()
        (programs / "touch").symlink_to(shutil.which("touch"))
    subprocess.run(
        [shutil.which("bash"), "-c", command],
        cwd=folder,
        env={"PATH": str(programs), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return (folder / "owned").exists()


def test_a_shell_takes_every_printed_command_and_runs_nothing_in_it(played, tmp_path):
    found = {each for each in printed(played) if "=<key>=<file>" not in each}  # gaps to fill
    whole = "\n".join(f"c{n}() {{\n{command}\n}}" for n, command in enumerate(sorted(found)))
    read = subprocess.run(
        ["bash", "-n"], input=whole.encode(), env=os.environ, capture_output=True, check=False
    )
    nasty = [command for command in found if played.marks.kinds_in([command.encode()])]

    kinds = played.marks.kinds_in([each.encode() for each in nasty])
    print(f"{len(found)} commands, {len(nasty)} of them with {len(kinds)} strings")  # noqa: T201
    assert read.stderr == b""
    assert [command for command in found if not shlex.split(command)] == []
    assert [command for command in nasty if run_by_bash(command, tmp_path)] == []
    assert len(kinds) > 0.8 * len(NASTY)
    for unsafe in ("grep {shell}", "grep '{quotes of the shell}'", 'grep "{shell}"'):
        (tmp_path / "owned").unlink(missing_ok=True)
        assert run_by_bash(unsafe.format_map(NASTY), tmp_path), "it runs where it is not quoted"


def test_promtool_takes_the_metrics(played):
    try:
        promtool = default().promtool
    except NoPrometheusError:
        promtool = None
    if promtool is None:
        pytest.skip("this machine has no promtool: put one on PATH")
    [metrics] = played.outputs["web /metrics"]

    done = subprocess.run(
        [promtool, "check", "metrics"], input=metrics, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr


def test_every_input_is_planted_in(played):
    planted = played.marks.inputs
    asked = {*played.server.paths(), *played.outside.paths()} - HARMLESS_ANSWERS
    texts = {path for path in _texts(Settings) if path.rpartition(".")[2] != "username"}

    assert kinds_read() <= {where.split()[0] for where in planted}
    assert asked <= {f"/api/v1/{each}" for each in ("targets", "status/config", "query", "rules")}
    assert texts - NOT_PLANTED.keys() <= planted
    assert NOT_PLANTED.keys() <= texts


def _texts(model, before=""):
    """Settings of free text, as ``section.name``."""
    for name, field in model.model_fields.items():
        types = list(types_in(field.annotation))
        for each in types:
            if isinstance(each, type) and issubclass(each, BaseModel):
                yield from _texts(each, f"{before}{name}.")
        of_a_form = any("pattern" in str(rule) for rule in field.metadata)
        if str in types and SecretStr not in types and not of_a_form:
            yield f"{before}{name}"


def test_every_output_is_looked_at(played):
    asked = {where.partition("{")[0] for where in played.outputs if where.startswith("web ")}

    assert routes() == {where.removeprefix("web ") for where in asked}
    assert commands() == set(COMMANDS)
    assert {name for name, ways in COMMANDS.items() if ways} == {
        found[1] for where in played.outputs if (found := re.fullmatch(r"errors of (.+)", where))
    }
    assert played.receivers <= set(played.outputs)
