"""Kills the daemon over and over while jobs come and go and Slack misbehaves, and counts.

The daemon, its SQLite file and the HTTP between all of them are real; Prometheus and Slack are
local servers. `python -m tests.e2e.faults 200` plays 200 kills and prints the figures.
"""

import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tests.adapters.prometheus_answers import Answers, a_server, a_target
from tests.patience import LONG, PATIENCE
from tests.slack_api import CHANNEL, TOKEN, SlackAPI
from tests.slack_wire import Answered, RateLimited, Slow, Torn
from watcher import cli
from watcher.adapters.sql.opening import open_store

JOBS = ("api", "cart", "db", "mail", "shop", "web")
RETENTION = timedelta(days=400)
LOOK = "/metrics"
"""Asked once in each watch."""
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class MoodySlack(SlackAPI):
    """Fails at random, and remembers when each message came."""

    def __init__(self, chance, *, reads):
        super().__init__()
        self.chance = chance
        self.moody = True
        self.scopes |= {"channels:history"} if reads else set()
        # Without the scope an answer that is lost is told twice by design, as one is that a busy
        # machine gives after the client's time-out.
        self.lost = self.impatient = reads
        self.came = {}
        self.answered = Counter()

    def planned(self, method):
        if not self.moody or self.chance.random() < 0.6:
            return None
        after = self.lost and self.chance.random() < 0.5
        kind, failure = self.chance.choice(
            [
                ("429", RateLimited(1)),
                ("500", Answered(500)),
                ("torn", Torn(after=after)),
                *([("time-out", Slow(after=after))] if self.impatient else []),
            ]
        )
        self.answered[kind] += 1
        return failure

    def _keep(self, arguments, channel, files=()):
        kept = super()._keep(arguments, channel, files)
        self.came[kept.ts] = time.monotonic()
        return kept


@dataclass
class Play:
    """So many kills; ``figures`` when it is over. *reads*: the app may read its channel."""

    folder: Path
    kills: int
    reads: bool
    seed: int
    killed_at: list[float] = field(default_factory=list)

    def run(self):
        chance = random.Random(self.seed)  # noqa: S311 -- the same moments each time, or nearly
        slack = MoodySlack(random.Random(self.seed + 1), reads=self.reads)  # noqa: S311
        with Answers(a_server()) as self.prometheus, slack as self.slack:
            for server in (self.prometheus, self.slack):  # a killed client is no news
                server._server.handle_error = lambda *_: None
            self._lose(())
            self._write_settings()
            for _ in range(self.kills):
                daemon = self._start()
                self._come_and_go(chance, chance.uniform(0.3, 2.0))
                daemon.kill()
                daemon.join()
                self.killed_at.append(time.monotonic())
            self.slack.moody = False
            self._lose(())
            daemon = self._start()
            try:
                self._wait_until_settled()
            finally:
                daemon.kill()
                daemon.join()
        return self

    @property
    def url(self):
        return f"sqlite:///{self.folder / 'watcher.db'}"

    def fired(self):
        """The problems that fired, as the store knows them."""
        with open_store(self.url, RETENTION, read_only=True) as store:
            return {i.group for i in store.incidents(*EVER) if i.group}

    def told(self):
        """The messages of each problem in the channel, and the replies that tell its end."""
        posted, ends = {}, {}
        for message in self.slack.messages:
            payload = message.metadata["event_payload"]
            if message.thread_ts is None:
                posted.setdefault(payload["subject"], []).append(message)
            elif payload["status"] == "resolved":
                ends.setdefault(payload["subject"], []).append(message)
        return posted, ends

    def untold(self):
        """Problems of which the start or the end never came."""
        posted, _ = self.told()
        ended = {
            subject
            for subject, messages in posted.items()
            if any(m.metadata["event_payload"]["status"] == "resolved" for m in messages)
        }
        return self.fired() - ended

    def repeats(self):
        """How often each problem was told more than once, its start or its end."""
        posted, ends = self.told()
        found = Counter()
        for several in (*posted.items(), *ends.items()):
            found[several[0]] += len(several[1]) - 1
        return +found

    def unexcused(self):
        """Problems told more often than there were kills while they were told."""
        posted, ends = self.told()
        found = {}
        for subject, count in self.repeats().items():
            came = [self.slack.came[m.ts] for m in posted.get(subject, []) + ends.get(subject, [])]
            kills = sum(min(came) <= at <= max(came) for at in self.killed_at)
            if count > kills:
                found[subject] = (count, kills)
        return found

    def figures(self):
        answers = ", ".join(f"{kind} {n}" for kind, n in sorted(self.slack.answered.items()))
        return (
            f"{len(self.killed_at)} kills, {'with' if self.reads else 'without'} the scope to read:"
            f" {len(self.fired())} problems fired, {len(self.untold())} untold,"
            f" {sum(self.repeats().values())} told twice; Slack answered {answers}"
        )

    def _start(self):
        """A daemon that has begun to look: how long that takes is the machine's affair."""
        daemon = CONTEXT.Process(target=_daemon, args=(str(self.folder),))
        daemon.start()
        self._wait_for_looks(1)
        return daemon

    def _wait_for_looks(self, count):
        wanted = self.prometheus.paths().count(LOOK) + count
        end = time.monotonic() + PATIENCE
        while self.prometheus.paths().count(LOOK) < wanted:
            assert time.monotonic() < end, f"{count} looks were not taken in {PATIENCE} s"
            time.sleep(0.02)

    def _come_and_go(self, chance, seconds):
        """What is lost changes at random, and the last of it is looked at, or not quite."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._lose([name for name in JOBS if chance.random() < 0.4])
            time.sleep(min(left, chance.uniform(0.1, 0.6)))
        self._wait_for_looks(chance.randrange(4))

    def _lose(self, lost):
        there = [a_target(name) for name in JOBS if name not in lost]
        self.prometheus.replies = a_server(*there, jobs=JOBS)

    def _write_settings(self):
        (self.folder / "token").write_text(TOKEN)
        server = {"name": "p-0", "url": self.prometheus.url}
        settings = {
            "store": self.url,
            "prometheuses": [{"name": "edge", "servers": [server]}],
            "watch_interval": "100ms",
            "snapshot_interval": "1s",
            "pending_watches": 1,
            "pending_for": "1ms",
            "resolve_watches": 1,
            "settle": "1ms",
            "flap_turns": 1_000_000,
            "web": {"listen": "127.0.0.1:0"},
            "slack": {
                "api_url": self.slack.url,
                "token_file": str(self.folder / "token"),
                "channel": CHANNEL,
                "timeout": "2s" if self.reads else LONG,
            },
        }
        (self.folder / "watcher.yaml").write_text(yaml.safe_dump(settings))

    def _wait_until_settled(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with open_store(self.url, RETENTION, read_only=True) as store:
                if not store.unsettled() and not store.owed() and store.first_watch():
                    return
            time.sleep(0.2)
        log = (self.folder / "watcher.log").read_text()[-3000:]
        raise AssertionError(f"not settled in {PATIENCE} s:\n{log}")


CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["watcher.cli", "alembic.command"])
"""Each daemon is a process of its own; what it imports is read once for all of them."""


def _daemon(folder):
    log = os.open(f"{folder}/watcher.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.exit(cli.run(["run", "--config", f"{folder}/watcher.yaml"]))


def main(kills, seed):
    """Play, say the figures; the answer is an exit code."""
    wrong = 0
    for reads in (True, False):
        with TemporaryDirectory() as folder:
            play = Play(Path(folder), kills // 2, reads, seed).run()
            sys.stdout.write(play.figures() + "\n")
            wrong += len(play.untold()) + len(play.unexcused())
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), seed=int(time.time())))
