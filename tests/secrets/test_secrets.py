"""Secrets are planted in everything that is read, and looked for in everything that comes out.

What is read and what comes out is found in the settings, the resources, the commands, the routes and
the receivers themselves: a new one must be planted or looked at, or be named here with the reason.
"""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel, SecretStr

from tests.secrets.derived import COMMANDS, HARMLESS_ANSWERS, commands, kinds_read, routes, types_in
from tests.secrets.marks import Marks
from tests.secrets.play import Play
from watcher.settings import Environment, ReceiverName, Settings

NOT_PLANTED = {
    "ca_file": "certificates are no secrets",
    "cert_file": "as above",
    "key_file": "is given to the TLS library by its path and never read by us",
    "log_file": "its lines are planted in by themselves",
    "config_file": "holds hashes; its errors are for test_web_config",
    "config_files": "as the running configuration, by the same reader",
    "dashboard_url": "is made to be shown",
    "external_url": "is made to be shown",
    "api_url": "Slack's own address",
    "store": "an SQLite file here; URLs with passwords are for test_credentials",
    "email.password_file": "the mail server here wants no login",
    "slack.token": "is filled from slack.token_file",
    "slack.webhook_url": "is filled from slack.webhook_url_file",
    "config": "the settings file itself",
    "slack_token": "as slack.token_file",
    "slack_webhook_url": "as slack.webhook_url_file",
}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    with Play(tmp_path_factory.mktemp("play"), Marks()) as play:
        play.daemon()
        play.daemon_with_a_webhook()
        for name, ways in COMMANDS.items():
            for way in ways or ():
                play.command(name, *(word.format(out=play.folder / "out") for word in way))
        play.files()
        yield play


def test_no_secret_comes_out_anywhere(played):
    leaked = played.leaked()

    assert len(played.marks.planted) > 1000
    assert leaked == {}, f"of {len(leaked)} kinds"


def test_the_world_that_they_are_planted_in_is_told_in_full(played):
    assert {"down", "missing", "unstarted"} <= set(played.states)
    told = b"".join(c for contents in played.outputs.values() for c in contents).decode(
        "utf-8", "replace"
    )
    for cause in ("connection refused", "401 Unauthorized", "/etc/x/tls.crt", "<secret>"):
        assert cause in told


def test_every_setting_that_may_hold_a_secret_is_planted_in(played):
    planted = {_anywhere(path) for path in _paths(played.settings)}
    for path in _bearers(Settings) | _bearers(Environment):
        assert _anywhere(path) in planted or {path, path.rpartition(".")[2]} & set(NOT_PLANTED), (
            path
        )


def _anywhere(path):
    """A section that stands in several places is planted in one of them: all are read alike."""
    return re.sub(r"^.*\bhttp\.", "http.", path)


def _bearers(model, before=""):
    """Settings of files, secrets and addresses, as ``section.name``."""
    found = set()
    for name, field in model.model_fields.items():
        path = f"{before}{name}"
        kinds = list(types_in(field.annotation))
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= _bearers(kind, f"{path}.")
        is_text = str in kinds and ("url" in name or name in {"store", "password", "token"})
        if SecretStr in kinds or (Path in kinds and "file" in name) or is_text:
            found.add(path)
    return found


def _paths(raw, before=""):
    match raw:
        case dict():
            for name, value in raw.items():
                yield f"{before}{name}"
                yield from _paths(value, f"{before}{name}.")
        case list():
            for each in raw:
                yield from _paths(each, before)


def test_every_kind_of_object_that_is_read_is_planted_in(played):
    assert kinds_read() <= {where.split()[0] for where in played.marks.planted.values()}


def test_every_answer_of_a_prometheus_is_planted_in(played):
    planted = {"targets", "status/config", "query", "rules"}
    planted = {f"/api/v1/{each}" for each in planted}

    assert set(played.server.paths()) - HARMLESS_ANSWERS <= planted


def test_every_command_is_looked_at(played):
    assert commands() == set(COMMANDS)
    for name, ways in COMMANDS.items():
        assert ways is None or f"command {name}" in played.outputs


def test_every_address_of_the_web_is_looked_at(played):
    asked = {
        where.removeprefix("web ").partition("{")[0]
        for where in played.outputs
        if where.startswith("web ")
    }

    assert routes() == asked


def test_every_receiver_is_looked_at(played):
    assert played.hook.taken
    assert played.receivers >= set(get_args(ReceiverName))
    assert played.receivers <= set(played.outputs)
