"""Plays the watcher against a world full of secrets, and keeps everything that comes out of it."""

import io
import json
import logging
import re
import tarfile
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from itertools import cycle
from pathlib import Path

import requests
import yaml

from tests.adapters.loki_api import Loki
from tests.adapters.prometheus_answers import Answers
from tests.contracts.notifier import Failure
from tests.kube_api import KubeApi
from tests.patience import PATIENCE
from tests.receivers import HttpReceiver, SmtpReceiver
from tests.secrets.inputs import Cluster, Server, moment, pool
from tests.slack_api import CHANNEL, SlackAPI
from watcher.app import daemon
from watcher.cli import run
from watcher.cycles.lanes import InTurn
from watcher.settings import load

SYNC = 'sync "monitoring/k8s" failed: '

PATHS = (
    "/",
    "/causes",
    "/inspections/latest",
    "/api/v1/jobs",
    "/api/v1/audit",
    "/api/v1/mutes",
    "/metrics",
    "/-/healthy",
    "/-/ready",
)
ROUTES = re.compile(r"^/(jobs|causes)/.+")


class Play:
    """The watcher among servers that hold what *marks* give. A context manager."""

    cluster = Cluster
    lines_of_log = None  # a formatter, where another one is wanted than that of logging

    def __init__(self, folder, marks):
        self.folder, self.marks = folder, marks
        self.outputs = {}

    def __enter__(self):
        with ExitStack() as stack:
            enter = stack.enter_context
            self.api, self.server, self.loki = enter(KubeApi()), enter(Answers({})), enter(Loki())
            self.slack = enter(SlackAPI())
            self.alertmanager, self.program, self.heartbeat = (
                enter(HttpReceiver()) for _ in range(3)
            )
            self.chats = {
                name: enter(HttpReceiver(said='{"code": 0, "errcode": 0}'))
                for name in ("teams", "feishu", "dingtalk")
            }
            self.mail, self.hook = enter(SmtpReceiver()), enter(HttpReceiver(said="ok"))
            self._fill()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self._stack.close()

    def keep(self, where, content):
        raw = content.encode() if isinstance(content, str) else content
        self.outputs.setdefault(where, []).append(raw)

    def leaked(self):
        """Where secrets came out, by what they are."""
        found = {}
        for where, contents in self.outputs.items():
            for mark in set().union(*(self.marks.found_in(each) for each in contents)):
                found.setdefault(self.marks.planted[mark], set()).add(where)
        return found

    def write(self, name, content):
        path = self.folder / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return str(path)

    def _fill(self):
        marks = self.marks
        templates = (
            'Get "http://10.0.0.1:9115/metrics": {}: connect: connection refused',
            "server returned HTTP status 401 Unauthorized: {}",
            "{}",
        )
        errors = [
            templates[n % 3].format(form) for n, form in enumerate(marks.all_forms("lastError"))
        ]
        down = {pool(f"down-{n}"): error for n, error in enumerate(errors)}
        missing = [f"missing-{n}" for n in range(8)]
        unstarted = [f"unstarted-{n}" for n in range(6)]
        names = [f"down-{n}" for n in range(len(errors))] + missing + unstarted
        self.api.apply_all(self.cluster(marks).objects(names, {}))
        self.server.replies = Server(marks).replies(down, [pool(n) for n in unstarted])
        log = [
            f'time={moment(minutes=2)} level=ERROR source=manager.go:188 msg="error creating new scrape pool" component="scrape manager" '
            f"err={json.dumps('error creating HTTP client: unable to use specified client cert (/etc/x/tls.crt) & key (/etc/x/tls.key): ' + form)} scrape_pool={pool(name)}"
            for name, form in zip(
                cycle(unstarted), marks.all_forms("log pool not created"), strict=False
            )
        ]
        log += [
            f'time={moment(minutes=2)} level=ERROR source=main.go:1 msg="Error reloading config" err={json.dumps(form)}'
            for form in marks.all_forms("log reload")
        ]
        log += [
            f'time={moment(minutes=2)} level=ERROR source=main.go:1 component="discovery manager scrape" discovery=http config={pool(name)} msg="Unable to refresh target groups" err={json.dumps(form)}'
            for name, form in zip(cycle(missing), marks.all_forms("log discovery"), strict=False)
        ]
        log_file = self.write("prometheus.log", "\n".join(log) + "\n")
        self.api.logs[("monitoring", "prometheus-k8s-0", "prometheus")] = "\n".join(log) + "\n"
        operator = [
            f'time={moment(minutes=3)} level=WARN msg="skipping object" kind=ServiceMonitor object=shop/{name} error={json.dumps(form)} prometheus=k8s'
            for name, form in zip(
                cycle(missing), marks.all_forms("operator log skipping"), strict=False
            )
        ] + [
            f'time={moment(minutes=3)} level=ERROR msg="Unhandled Error" err={json.dumps(SYNC + form)}'
            for form in marks.all_forms("operator log sync")
        ]
        self.api.logs[("monitoring", "prometheus-operator-1", "prometheus-operator")] = (
            "\n".join(operator) + "\n"
        )
        at, labels = time.time_ns() - 120 * 10**9, {"namespace": "monitoring"}
        labels |= {"pod": "prometheus-k8s-1", "container": "prometheus"}
        self.loki.lines = [
            (labels, (at, f'level=ERROR msg="Error reloading config" err={json.dumps(form)}'))
            for form in marks.all_forms("line of Loki")
        ]
        self.settings = self._settings(log_file)
        self.settings_file = self.write("watcher.yaml", yaml.safe_dump(self.settings))

    def _settings(self, log_file):
        marks = self.marks

        def address(url, where):
            return (
                url.replace("http://", f"http://u:{marks.plain(f'{where} password')}@")
                + f"/?token={marks.plain(f'{where} query')}"
            )

        def http(where):
            return {
                "username": "u",
                "password_file": self.write(
                    f"{where}-password", marks.plain(f"{where} password_file")
                ),
            }

        kubeconfig = self.api.kubeconfig(self.folder / "kubeconfig")
        self.slack.token = f"xoxb-{marks.plain('slack token')}"
        return {
            "kubernetes": {"kubeconfig": str(kubeconfig)},
            "prometheuses": [
                {
                    "name": "monitoring/k8s",
                    "servers": [
                        {
                            "name": "prometheus-k8s-0",
                            "url": address(self.server.url, "prometheus url"),
                            "log_file": log_file,
                        },
                        {"name": "prometheus-k8s-1", "url": self.server.url},
                    ],
                    "http": {
                        "bearer_token_file": self.write("bearer", marks.plain("bearer_token_file"))
                    },
                }
            ],
            "http": http("http"),
            "store": f"sqlite:///{self.folder / 'out' / 'watcher.db'}",
            "loki": {"url": address(self.loki.url, "loki url"), "http": http("loki")},
            "slack": {
                "api_url": self.slack.url,
                "channel": CHANNEL,
                "fallback_channel": CHANNEL,
                "token_file": self.write("slack-token", self.slack.token),
                "webhook_url_file": self.write(
                    "hook", f"https://hooks.slack.com/services/T/B/{marks.plain('slack webhook')}"
                ),
            },
            "alertmanager": {
                "urls": [address(self.alertmanager.url, "alertmanager url")],
                "http": http("alertmanager"),
            },
            "webhook": {
                "url": address(self.program.url, "webhook url"),
                "secret_file": self.write("secret", marks.plain("webhook secret")),
                "http": http("webhook"),
            },
            "email": {
                "host": "127.0.0.1",
                "port": self.mail.port,
                "tls": "none",
                "sender": "w@shop.example",
                "to": ["sre@shop.example"],
            },
            **{name: self._chat(name) for name in self.chats},
            "heartbeat": {
                "url_file": self.write(
                    "heartbeat",
                    f"{self.heartbeat.url}/{marks.plain('heartbeat path')}?token={marks.plain('heartbeat query')}",
                )
            },
            "expect": {"manifests": [self._manifests()]},
            "inspection": {"directory": str(self.folder / "out" / "reports")},
            "pending_watches": 1,
            "pending_for": "0s",
            "settle": "0s",
            "storm_problems": 100_000,
            "watch_interval": "10m",
            "snapshot_interval": "10m",
            "mass_loss": 1.0,
            "web": {"listen": "127.0.0.1:0", "external_url": "http://watcher.example"},
        }

    def _chat(self, name):
        url = f"{self.chats[name].url}/{self.marks.plain(f'{name} path')}"
        files = {
            "url_file": self.write(
                f"{name}-url", f"{url}?access_token={self.marks.plain(f'{name} query')}"
            )
        }
        if name != "teams":
            files["secret_file"] = self.write(f"{name}-secret", self.marks.plain(f"{name} secret"))
        return files

    def _manifests(self):
        folder = self.folder / "in" / "manifests"
        folder.mkdir(parents=True)
        objects = [
            each | {"metadata": each["metadata"] | {"name": f"m-{each['metadata']['name']}"}}
            for each in self.cluster(self.marks)._monitors(["web"])
        ]
        (folder / "all.yaml").write_text(
            yaml.safe_dump_all(
                [
                    *objects,
                    {
                        "kind": "Secret",
                        "apiVersion": "v1",
                        "metadata": {"name": "s"},
                        "stringData": {"a": self.marks.plain("manifests Secret")},
                    },
                ]
            )
        )
        return str(folder)

    # ------------------------------------------------------------------------------ what comes out

    def command(self, *words, settings=True):
        out, err = io.StringIO(), io.StringIO()
        more = ["--config", self.settings_file] if settings else []
        with redirect_stdout(out), redirect_stderr(err):
            code = run([*map(str, words), *more])
        self.keep(f"command {words[0]}", out.getvalue() + err.getvalue())
        return code, out.getvalue()

    def daemon_with_a_webhook(self):
        """Tell by an incoming webhook of Slack alone, whose address is the secret."""
        url = f"{self.hook.url}/services/T/B/{self.marks.plain('slack webhook, used')}"
        others = {"alertmanager", "webhook", "email", "heartbeat", "inspection", *self.chats}
        kept = {name: held for name, held in self.settings.items() if name not in others}
        kept["store"] = f"sqlite:///{self.folder / 'out' / 'hook.db'}"
        kept["slack"] = {"webhook_url_file": self.write("hook-used", url)}
        settings = self.write("hook.yaml", yaml.safe_dump(kept))
        self.hook.fail(Failure("status", 500))
        with self._logged(), ExitStack() as stack:
            watcher = daemon._assembled(load(Path(settings)), stack, None, InTurn())
            watcher.begin()
            watcher.look()
        self.keep("slack webhook", json.dumps(self.hook.taken))

    @contextmanager
    def _logged(self):
        """Keep the log of all at debug level; gives it as far as it is written."""
        log = io.StringIO()
        handler = logging.StreamHandler(log)
        handler.setFormatter(self.lines_of_log)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            yield log
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        self.keep("log", log.getvalue())

    def daemon(self):
        """Watch until everybody is told, ask the web for all it has, and keep the log at debug level."""
        (self.folder / "out").mkdir()
        with self._logged() as log, ExitStack() as stack:
            watcher = daemon._assembled(load(Path(self.settings_file)), stack, None, InTurn())
            self.receivers = {each.name for each in watcher.watch.delivery.notifiers}
            watcher.begin()
            watcher.look()
            watcher.sum_up()
            stack.callback(daemon._serve(watcher, stack).shutdown)
            self._web(log.getvalue().rpartition(" metrics on ")[2].split()[0])
            self.files()
        self.told()

    def _web(self, url):
        page = requests.get(f"{url}/", timeout=PATIENCE).text
        linked = {f"/{link}" for link in re.findall(r'href="((?:jobs|causes)/[^"#]+)"', page)}
        for path in [*PATHS, *sorted(linked)]:
            answer = requests.get(f"{url}{path}", timeout=PATIENCE)
            assert answer.ok, path
            self.keep("web " + ROUTES.sub(r"/\1/{}", path), answer.content)
        self.states = Counter(
            j["state"] for j in requests.get(f"{url}/api/v1/jobs", timeout=PATIENCE).json()["jobs"]
        )

    def told(self):
        for message in self.slack.messages:
            self.keep("slack", json.dumps(message.__dict__, default=str))
        for content in self.slack.files.values():
            self.keep("slack file", content)
        self.keep("alertmanager", json.dumps(self.alertmanager.taken))
        self.keep("webhook", json.dumps(self.program.taken))
        for name, server in self.chats.items():
            self.keep(name, json.dumps(server.taken))
        for mail in self.mail.mails:
            for part in mail.walk():
                if not part.is_multipart():
                    self.keep("email", part.get_content())
            self.keep("email", str(dict(mail.items())))

    def files(self):
        for path in (self.folder / "out").rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                self.keep(f"file {path.name}", content)
                if path.name.endswith(".tar.gz"):
                    with tarfile.open(path) as packed:
                        for member in packed:
                            self.keep("recording", packed.extractfile(member).read())
