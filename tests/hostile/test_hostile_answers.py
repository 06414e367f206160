"""No answer of a peer stops a watch.

It ends, nothing raises, what was not read is unknown, and the others are read and told all the same.

Who the peers are is found in the settings and in the code that opens connections: a new one must be
among them, or be named here with the reason.
"""

import ast
import contextlib
import re
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

import watcher
from tests.hostile.answers import ENDLESS, HOSTILE, NO_BODY, NO_HEADER, REFUSED, WRONG, serving
from tests.hostile.world import PATHS, PEERS, POOL, World
from tests.messages import a_message
from tests.patience import awaited
from watcher.adapters.slack.client import WebAPI
from watcher.adapters.slack.doubts import replied, standing
from watcher.adapters.slack.plan import reply
from watcher.errors import NotifyError
from watcher.model.comparison import JobState
from watcher.settings import Settings

NO_PEERS = {
    "store": "our own; its faults are for test_sql",
    "web.listen": "where we listen; strangers are for test_strangers",
    "web.external_url": "is shown and not asked",
    "web.dashboard_url": "is shown and not asked",
    "slack.webhook_url": "is filled from slack.webhook_url_file",
}
CONNECTING = {
    "adapters/receivers/heartbeat.py": {"heartbeat.url_file"},
    "adapters/kubernetes/session.py": {"kubernetes.kubeconfig"},
    "adapters/logs/loki.py": {"loki.url"},
    "adapters/prometheus/api.py": {"prometheuses.servers.url"},
    "adapters/receivers/posting.py": {
        "alertmanager.urls",
        "webhook.url",
        "teams.url_file",
        "feishu.url_file",
        "dingtalk.url_file",
    },
    "adapters/slack/client.py": {"slack.api_url", "slack.webhook_url_file"},
    "adapters/receivers/smtp.py": {"email.host"},
}
"""The modules that open connections, and to whom."""
OWN = {"adapters/http/exchange.py", "adapters/prometheus/session.py"}
"""Which the others use; the second makes sessions for three of them."""
OPENING = {"BoundedSession", "session_for", "twin_of", "Exchange"}
BY_LIBRARIES = (
    r"requests\.(request|get|head|post|put|patch|delete|[sS]ession)|(.*\.)?(urlopen|create_connection|"
    r"HTTPS?Connection|PoolManager|SMTP|SMTP_SSL|LMTP|FTP|socket\.socket)"
)


def addresses(model, before=""):
    """Settings that say where something is, as ``section.name``."""
    for name, field in model.model_fields.items():
        kinds = [kind for kind in kinds_in(field.annotation) if isinstance(kind, type)]
        sections = [kind for kind in kinds if issubclass(kind, BaseModel)]
        for section in sections:
            yield from addresses(section, f"{before}{name}.")
        where = r"(.*_)?(urls?|host|listen|address(es)?|endpoints?|server|kubeconfig|store)(_file)?"
        if not sections and re.fullmatch(where, name):
            yield f"{before}{name}"


def kinds_in(annotation):
    yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from kinds_in(inner)


def test_every_setting_that_says_where_a_peer_is_has_a_hostile_server():
    assert set(addresses(Settings)) == PEERS | set(NO_PEERS)


def test_every_module_that_opens_connections_is_spoken_to_by_a_hostile_server():
    package = Path(watcher.__file__).parent
    found = {
        str(path.relative_to(package)) for path in package.rglob("*.py") if opens_connections(path)
    }

    assert found - OWN == set(CONNECTING)
    assert set().union(*CONNECTING.values()) == PEERS


def opens_connections(path):
    tree = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    ours = {
        alias.name
        for node in tree
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("watcher.adapters")
        for alias in node.names
        if (node.module or "").startswith(
            ("watcher.adapters.http", "watcher.adapters.prometheus.session")
        )
    }
    calls = [ast.unparse(node.func) for node in tree if isinstance(node, ast.Call)]
    return any(call in ours & OPENING or re.fullmatch(BY_LIBRARIES, call) for call in calls)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("hostile")) as world:
        yield world


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("watcher.adapters.receivers.heartbeat._TIMEOUT", 0.1)
    monkeypatch.setattr("watcher.adapters.receivers.smtp.GOODBYE", 0.1)
    monkeypatch.setattr("watcher.cycles.unforeseen._written", set())


@pytest.mark.parametrize("name", HOSTILE)
def test_no_answer_stops_a_watch(name, world, caplog):
    result = world.watch(HOSTILE[name])
    beat = world.beat()

    faults = [r.getMessage() for r in caplog.records if r.exc_info or "fault of" in r.getMessage()]
    assert faults == []
    assert asked(world) >= PEERS
    unknown_with_reasons(result, name)
    told(world, name, beat)


def asked(world):
    """Whom this watch asked; a server may take its time to notice that it was."""
    return awaited(lambda: set(world.asked), wanted=lambda found: found >= PEERS, every=0.01)


def unknown_with_reasons(result, name):
    reasons = {each.source: each.error for each in result.unreadable}
    states = {str(status.job.prometheus): status for status in result.statuses}
    assert len(reasons["server hostile h-0"]) > len("http://127.0.0.1:12345")
    if name != "404":  # which says that there are no such resources
        assert len(reasons["kubernetes"]) > len("http://127.0.0.1:12345")
    assert states["hostile"].state is JobState.UNKNOWN
    assert not any(states[f"hostile at {path}"].state.lost for path in PATHS)
    [lost] = [status for status in result.statuses if status.state.lost]
    assert (lost.job.prometheus, lost.pool) == ("well", POOL)
    undecided = result.diagnoses[lost.job.key].undecided
    assert any("Loki" in each.reason for each in undecided), undecided


def told(world, name, beat):
    assert world.well_told.said == [("firing", "first notification")]
    outcomes = {each.name: each.outcome for each in world.heard} | {"heartbeat": beat}
    assert len(outcomes) == len(PEERS) - 3  # those that are read
    for receiver, outcome in outcomes.items():
        takes_bodies = receiver in {"alertmanager", "webhook", "teams", "heartbeat"}
        if takes_bodies and outcome == "delivered":
            assert name not in NO_HEADER | REFUSED, receiver
        else:
            assert isinstance(outcome, NotifyError), (receiver, outcome)
            assert len(str(outcome)) < 400


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_looked_for_in_slack_is_found_nowhere(name):
    message = a_message()
    with serving(HOSTILE[name]) as url:
        api = WebAPI(f"{url}/", "xoxb-none", 0.1)
        with contextlib.suppress(NotifyError):
            assert standing(api, message, "C0123456789") is None
        with contextlib.suppress(NotifyError):
            assert not replied(api, reply(message)["metadata"], "C0123456789", "1.2")


def test_each_path_of_a_prometheus_is_asked_where_it_is_hostile(world):
    seen = set()

    def watched():
        world.watch(WRONG["null"])
        seen.update(world.asked)
        return seen

    assert awaited(watched, wanted=lambda found: found >= set(PATHS), every=0) >= set(PATHS)


def test_so_many_answers_are_given():
    kinds = {"without end": ENDLESS, "no header": NO_HEADER, "no body": NO_BODY}
    kinds |= {"refused": REFUSED, "wrong": WRONG}
    counts = {kind: len(answers) for kind, answers in kinds.items()}
    sys.stdout.write(f"\n{counts} to each of {len(PEERS)} peers and {len(PATHS)} paths\n")

    assert sum(counts.values()) == len(HOSTILE) >= 90
    assert len(HOSTILE) * (len(PEERS) + len(PATHS)) >= 1400
