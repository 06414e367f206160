"""A world in which some peers are hostile, and a watch is made all the same."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.adapters.prometheus_answers import Answers, Asked, Reply, a_server, a_target
from tests.cycles.stage import Receiver
from tests.fakes import MemoryStore
from tests.hostile.answers import leave, serving, whole
from tests.patience import PATIENCE
from watcher.adapters.receivers.heartbeat import Heartbeat
from watcher.app import compose, telling
from watcher.cycles.delivery import Delivery
from watcher.cycles.lanes import InTurn
from watcher.cycles.snapshot import Snapshot
from watcher.cycles.watch import Watch
from watcher.engine.group import Storm
from watcher.errors import NotifyError
from watcher.settings import load

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
PEERS = {
    "kubernetes.kubeconfig",
    "prometheuses.servers.url",
    "loki.url",
    "slack.api_url",
    "slack.webhook_url_file",
    "alertmanager.urls",
    "webhook.url",
    "teams.url_file",
    "feishu.url_file",
    "dingtalk.url_file",
    "email.host",
    "heartbeat.url_file",
}
"""The settings that say where a peer is; each has a server of its own."""
PATHS = tuple(a_server())
"""What is asked of a Prometheus. At each of them one server is hostile, and well at the others."""
POOL = "web"
SHORT, LONG = "50ms", f"{PATIENCE:.0f}s"


class Heard:
    """A receiver, and what came of telling it last."""

    def __init__(self, name, notifier):
        self.name, self.notifier = name, notifier
        self.resend = notifier.resend
        self.outcome = "nothing to tell"

    def notify(self, message, last, *, doubtful=False):
        try:
            handle = self.notifier.notify(message, last, doubtful=doubtful)
        except BaseException as error:
            self.outcome = error
            raise
        self.outcome = "delivered"
        return handle


class World:
    """Servers that give one answer, to everything or at one path, and others that are well."""

    def __init__(self, folder):
        self.folder = folder
        self.speak = leave
        self.asked = Counter()

    def __enter__(self):
        with ExitStack() as stack:
            enter = stack.enter_context
            self.urls = {
                name: enter(serving(self._counted(name), speaks_first=name == "email.host"))
                for name in PEERS
            }
            self.partly = {path: enter(serving(self._partly(path), reads=True)) for path in PATHS}
            self.well = enter(Answers(a_server(a_target("other"), jobs=["other", POOL])))
            self.kubeconfig = a_kubeconfig(self.folder, self.urls["kubernetes.kubeconfig"])
            self.bot = load(Path(self._file("bot", self._settings())))
            self.hook = load(Path(self._file("hook", {"slack": self._slack("hook")})))
            without = self.bot.model_copy(update={"kubernetes": None})
            self.expected = compose.world(without, None).reader.whole(None, NOW).expectations
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self._stack.close()

    def watch(self, speak):
        """One snapshot and one watch while every hostile server answers as *speak* does."""
        self.speak = speak
        self.asked.clear()
        world, store = compose.connected(self.bot), MemoryStore()
        store.keep(self.expected, ())
        self.heard = [
            Heard(name, notifier)
            for name, notifier in (
                *((each.name, each) for each in telling.receivers(self.bot, None).all),
                *((f"{each.name} hook", each) for each in telling.receivers(self.hook, None).all),
            )
        ]
        self.well_told = Receiver("well")
        Snapshot(reader=world.reader, store=store, clock=lambda: NOW).run()
        watch = Watch(
            look=world.look,
            store=store,
            delivery=Delivery(
                store=store, notifiers=[*self.heard, self.well_told], tally=Tally(), lanes=InTurn()
            ),
            policy=replace(world.policy, pending_watches=1, pending_for=timedelta(0)),
            terms=telling.terms(self.bot),
            storm=Storm(problems=100),
            windows=lambda *_: (),
            clock=lambda: NOW,
        )
        return watch.run()

    def beat(self):
        """What comes of the heartbeat."""
        try:
            Heartbeat(self.bot.heartbeat).beat()
        except NotifyError as error:
            return error
        return "delivered"

    def _counted(self, name):
        def speak(connection):
            self.asked[name] += 1
            self.speak(connection)

        return speak

    def _partly(self, path):
        """A server that is hostile at *path* and well at all others."""
        replies = a_server(a_target(POOL))

        def speak(connection):
            words = connection.recv(65536).split(b" ")
            if len(words) < 2:  # whoever asked has left
                return
            parts = urlsplit(words[1].decode())
            if parts.path == path:
                self.asked[path] += 1
                self.speak(connection)
                return
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            reply = replies.get(parts.path, Reply(b"", 404))
            reply = reply(Asked(parts.path, query)) if callable(reply) else reply
            whole(reply.body, f"{reply.status} As it is")(connection)

        return speak

    def _settings(self):
        hostile = {
            "hostile": self.urls["prometheuses.servers.url"],
            **{f"hostile at {path}": url for path, url in self.partly.items()},
        }
        short = {"timeout": SHORT}
        return {
            "kubernetes": {"kubeconfig": str(self.kubeconfig), "timeout": SHORT},
            "prometheuses": [
                {"name": "well", "servers": [{"name": "w-0", "url": self.well.url}]},
                *(
                    {"name": name, "servers": [{"name": "h-0", "url": url}], "http": short}
                    for name, url in hostile.items()
                ),
            ],
            "http": {"timeout": LONG},
            "expect": {
                "pinned": [
                    {"name": f"{POOL} of {name}", "prometheus": name, "pool": POOL}
                    for name in ("well", *hostile)
                ]
            },
            "loki": {"url": self.urls["loki.url"], "http": short},
            "slack": self._slack("bot"),
            "alertmanager": {"urls": [self.urls["alertmanager.urls"]], "http": short},
            "webhook": {
                "url": self.urls["webhook.url"],
                "secret_file": self._file("secret", "secret"),
                "http": short,
            },
            "email": {
                "host": "127.0.0.1",
                "port": int(self.urls["email.host"].rpartition(":")[2]),
                "tls": "none",
                "sender": "w@shop.example",
                "to": ["sre@shop.example"],
                "timeout": SHORT,
            },
            **{
                name: {
                    "url_file": self._file(name, self.urls[f"{name}.url_file"]),
                    "http": short,
                }
                for name in ("teams", "feishu", "dingtalk")
            },
            "heartbeat": {"url_file": self._file("beat", self.urls["heartbeat.url_file"])},
            "settle": "0s",
        }

    def _slack(self, kind):
        if kind == "hook":
            url = self._file("hook-url", self.urls["slack.webhook_url_file"])
            return {"webhook_url_file": url, "timeout": "100ms"}
        return {
            "api_url": self.urls["slack.api_url"],
            "token_file": self._file("token", "xoxb-none"),
            "channel": "C0123456789",
            "timeout": "100ms",
        }

    def _file(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return str(path)


class Tally:
    def delivered(self, notifier):
        """Nothing is counted here."""

    def refused(self, notifier, reason):
        """Likewise."""


def a_kubeconfig(folder, url):
    path = folder / "kubeconfig"
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "none"}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path
