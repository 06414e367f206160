"""``watcher check-config``: it refuses what would stop ``run``, and names every file at once."""

import pytest

from watcher.cli import run


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("store: nonsense", "store: "),
        ("store: mysql://a:secret@b/c", "expected sqlite:///FILE"),
        ("web: {listen: nonsense}", "web.listen: no address"),
        ("web: {config_file: /nowhere/web.yaml}", "web.config_file: /nowhere/web.yaml"),
        ("http: {ca_file: /nowhere/ca.pem}", "http.ca_file: /nowhere/ca.pem"),
        ("expect: {manifests: [/nowhere]}", "expect.manifests.0: /nowhere"),
        ("slack: {channel: C0123456789}", "WATCHER_SLACK_TOKEN"),
        ("inspection: {timezone: Mars/Base}", "inspection.timezone: no such time zone"),
    ],
)
def test_what_cannot_be_used_is_refused_without_asking_anyone(tmp_path, capsys, text, words):
    path = tmp_path / "watcher.yaml"
    path.write_text(text, encoding="utf-8")

    code = run(["check-config", "--config", str(path)])

    told = capsys.readouterr().err
    assert code == 3
    assert words in told
    assert "secret@" not in told


def test_every_file_that_cannot_be_read_is_named(tmp_path, capsys):
    path = tmp_path / "watcher.yaml"
    path.write_text("http: {ca_file: /a, cert_file: /b, key_file: /c}", encoding="utf-8")

    code = run(["check-config", "--config", str(path)])

    told = capsys.readouterr().err
    assert code == 3
    assert [name in told for name in ("http.ca_file", "http.cert_file", "http.key_file")] == [
        True
    ] * 3


def test_a_log_that_is_not_there_yet_is_no_fault(tmp_path):
    path = tmp_path / "watcher.yaml"
    server = "{name: a, url: 'http://127.0.0.1:1', log_file: /nowhere/a.log}"
    path.write_text(f"prometheuses: [{{name: a, servers: [{server}]}}]", encoding="utf-8")

    assert run(["check-config", "--config", str(path)]) == 0


@pytest.mark.parametrize(
    "said",
    [
        'prometheuses: [{name: a, servers: [{name: b, url: "http://u:hush@[::1"}]}]',
        'prometheuses: [{name: a, servers: [{name: b, url: "http://u:hush/B@h"}]}]',
        'store: "postgresql+psycopg://u:hush@h:notaport/d"',
        'loki: {url: "http://[::1", query: "{a=\\"b\\"}"}',
        'alertmanager: {urls: ["http://[x"]}',
        'slack: {token_file: "x\\0y", channel: C1}',
        'store: "sqlite:///a\\0b"',
    ],
)
def test_no_address_and_no_path_ends_in_a_traceback(said, tmp_path, capsys):
    file = tmp_path / "watcher.yaml"
    file.write_text(said)

    code = run(["check-config", "--config", str(file)])

    told = capsys.readouterr().err
    assert code == 3
    assert told.startswith("watcher: ")
    assert "hush" not in told
