"""Any value for any setting is taken, or refused by its name: no traceback, and no secret shown."""

from types import UnionType
from typing import Annotated, Union, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from watcher.app import settings_check
from watcher.cli import run
from watcher.errors import ConfigError
from watcher.settings import Settings, load, of, source
from watcher.settings_faults import every_name
from watcher.settings_source import shown

MARK = "hush7"
NAMES = tuple(every_name(Settings))
NASTY = [
    f"http://u:{MARK}@[::1",
    f"http://u:{MARK}/x@h:12/34",
    f"postgresql://u:{MARK}@h:port/d",
    f"xoxb-{MARK}-token",
    f"password={MARK}",
    "odd\0",
    "",
    " ",
    "*" * 5000,
    "/dev/null/x",
    "Mars/Base",
    "0 0 31 2 *",
    "-1s",
    "0.5",
    -5,
    10**18,
    1e308,
    float("nan"),
    True,
    None,
    [],
    {},
    [[["x"]]],
    [None],
    [{"x": "y"}],
    {"x": ["y"]},
    {"x": "y\0"},
]


def _sample(annotation):
    """A value with which the settings around the one that is tried are complete."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        needed = annotation.model_fields.items()
        return {name: _needed(name) for name, f in needed if f.is_required()}
    return None


def _needed(name):
    known = {
        "url": "http://h",
        "urls": ["http://h"],
        "match": {"kind": "x"},
        "severity": "critical",
        "sender": "a@b",
        "to": ["a@b"],
        "cron": "0 0 * * *",
        "lasts": "1h",
    }
    return known.get(name, "x")


def _around(annotation):
    """The section in an annotation, and whether it is one of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    if get_origin(annotation) in {UnionType, Union, Annotated}:
        found = [_around(each) for each in get_args(annotation)]
        return next((each for each in found if each[0]), (None, False))
    if get_origin(annotation) is tuple:
        return _around(get_args(annotation)[0])[0], True
    return None, False


def _document(steps, value):
    """A whole settings file in which only the setting at *steps* is odd."""
    return _put(Settings, steps, value, {})


def _put(model, steps, value, held):
    if len(steps) == 1:
        return {**held, steps[0]: value}
    inner, many = _around(model.model_fields[steps[0]].annotation)
    made = _put(inner, steps[1:], value, _sample(inner))
    return {**held, steps[0]: [made] if many else made}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch, tmp_path):
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "WATCHER_CONFIG", "WATCHER_SLACK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("steps", NAMES, ids=shown)
def test_any_value_is_taken_or_refused_by_name_without_a_traceback_or_a_secret(tmp_path, steps):
    path = tmp_path / "watcher.yaml"
    for value in NASTY:
        path.write_text(yaml.safe_dump(_document(steps, value)), encoding="utf-8")
        try:
            settings_check.check(load(path))
        except ConfigError as error:
            told = str(error)
            assert MARK not in told, value
            assert not any(mark in told for mark in ("Input should", "pydantic", "Value error"))


@pytest.mark.parametrize("steps", NAMES, ids=shown)
def test_a_wrong_kind_of_value_is_told_with_line_name_what_was_expected_and_its_kind(
    tmp_path, steps
):
    path = tmp_path / "watcher.yaml"
    wrong = 1.5 if steps[-1] != "critical_share" and steps[-1] != "mass_loss" else "x"
    path.write_text(yaml.safe_dump(_document(steps, wrong)), encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(path)

    (told,) = [line for line in str(caught.value).splitlines() if steps[-1] in line]
    assert told.startswith(f"{path}:")
    assert "expected" in told
    assert "1.5" not in told


@pytest.mark.parametrize("steps", NAMES, ids=shown)
def test_a_misspelt_setting_gets_the_one_that_was_likely_meant(tmp_path, steps):
    path = tmp_path / "watcher.yaml"
    misspelt = (*steps[:-1], f"{steps[-1]}e")
    path.write_text(yaml.safe_dump(_document(misspelt, "x")), encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(path)

    assert f"{steps[-1]}e: no such setting: did you mean {steps[-1]}?" in str(caught.value)


def test_all_faults_are_told_at_once_each_with_its_line(tmp_path, monkeypatch, capsys):
    path = tmp_path / "watcher.yaml"
    path.write_text(
        "watch_intervall: 30s\n"
        "http:\n"
        "  timeout: 3\n"
        "listen: ':1'\n"
        "slack:\n"
        f"  token: xoxb-{MARK}\n"
        "inspection: {timezone: Europ/Berlin}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("WATCHER_SLACK_TOKN", MARK)
    monkeypatch.setenv("WATCHER_STORE", MARK)
    monkeypatch.setenv("WATCHER_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("WATCHER_PORT", "tcp://10.0.0.1:9393")

    code = run(["check-config", "--config", str(path)])

    told = capsys.readouterr().err
    assert code == 3
    assert MARK not in told
    for line in (
        f"{path}:1:1: watch_intervall: no such setting: did you mean watch_interval?",
        f"{path}:3:3: http.timeout: expected a duration with its unit",
        f"{path}:4:1: listen: no such setting here: there is `web.listen`",
        f"{path}:6:3: slack.token: no secret is written here",
        f"{path}:7:14: inspection.timezone: no such time zone: did you mean Europe/Berlin?",
        "WATCHER_SLACK_TOKN: no such variable: did you mean WATCHER_SLACK_TOKEN?",
        "WATCHER_STORE: no such variable: set store in the settings file",
    ):
        assert f"watcher: {line}" in told
    assert "WATCHER_SERVICE_HOST" not in told


def test_what_does_not_fit_together_is_told_at_once_with_lines(tmp_path, capsys):
    path = tmp_path / "watcher.yaml"
    path.write_text(
        "web: {listen: nonsense}\nstore: nonsense\ninspection:\n  cron: 0 0 31 2 *\n"
        "http: {ca_file: /nowhere/a}\n",
        encoding="utf-8",
    )

    code = run(["check-config", "--config", str(path)])

    told = capsys.readouterr().err
    assert code == 3
    for place in ("1:7: web.listen", "2:1: store", "4:3: inspection.cron", "5:8: http.ca_file"):
        assert f"{path}:{place}: " in told


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}"])
def test_a_file_that_sets_nothing_is_called_so(tmp_path, capsys, text):
    path = tmp_path / "watcher.yaml"
    path.write_text(text, encoding="utf-8")

    assert run(["check-config", "--config", str(path)]) == 0
    assert f"nothing is set in {path}" in capsys.readouterr().out


def test_which_file_is_used_and_who_named_it_is_said(tmp_path, monkeypatch, capsys):
    said = []
    for name in (None, "watcher.yaml", "other.yaml"):
        if name:
            (tmp_path / name).write_text("watch_interval: 30s\n", encoding="utf-8")
        if name == "other.yaml":
            monkeypatch.setenv("WATCHER_CONFIG", name)
        assert run(["check-config"]) == 0
        said.append(capsys.readouterr().out)

    assert "the default settings, as neither --config nor WATCHER_CONFIG names a file" in said[0]
    assert "watcher.yaml (named by its name in the working directory)" in said[1]
    assert "other.yaml (named by WATCHER_CONFIG)" in said[2]


def test_what_is_set_is_known_even_where_it_is_the_default(tmp_path):
    path = tmp_path / "watcher.yaml"
    path.write_text("watch_interval: 30s\n", encoding="utf-8")

    assert of(source(path)).model_fields_set == {"watch_interval"}
