"""Plays the watcher against a world in which everything that others write is nasty."""

import io
import json
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.adapters.prometheus_answers import Answers
from tests.nasty.strings import NASTY
from tests.secrets.inputs import Cluster, Server
from tests.secrets.marks import Marks
from tests.secrets.play import Play
from watcher.cli import run
from watcher.cli.logs import TextFormatter


@dataclass
class NastyMarks(Marks):
    """Each string is planted with a mark behind it, by which it is found again; by turns, or all."""

    tame: bool = False

    def plain(self, where):
        return self.words(where)

    def words(self, where):
        if self.tame:
            return "tame"
        self._turn += 1
        return self.nasty(where, list(NASTY)[self._turn % len(NASTY)])

    def all_forms(self, where):
        return [self.nasty(where, kind) for kind in NASTY]

    def nasty(self, where, kind):
        """The nasty string of this *kind*; what is planted is told by where and kind."""
        mark = f"mArK{len(self.planted):04d}q7"
        self.planted[mark] = f"{where}: {kind}"
        return f"{NASTY[kind]}{mark}"

    @property
    def inputs(self):
        return {planted.rpartition(": ")[0] for planted in self.planted.values()}

    def kinds_in(self, contents):
        """Which kinds of string came out in these texts."""
        found = set().union(*(self.found_in(each) for each in contents))
        return {self.planted[mark].rpartition(": ")[2] for mark in found}


class NastyCluster(Cluster):
    """The objects, whose owners say nasty things about their jobs too."""

    def _annotated(self, raw):
        super()._annotated(raw)
        marks, said = self.marks, raw["metadata"]["annotations"]
        said["watcher/owner"] = marks.words(f"{raw['kind']} owner")
        said["watcher/severity"] = marks.words(f"{raw['kind']} severity")
        said["watcher/reason"] = marks.words(f"{raw['kind']} reason")
        raw["metadata"].setdefault("labels", {})["note"] = marks.words(f"{raw['kind']} label")
        if raw["kind"] in {"PodMonitor", "Probe"}:
            said["watcher/ignore"] = "true"
        return raw


class NastyPlay(Play):
    """As the play of secrets; beside it a Prometheus whose jobs have nasty names, and many that are called so."""

    cluster = NastyCluster
    lines_of_log = TextFormatter()

    def __enter__(self):
        with ExitStack() as stack:
            self.outside = stack.enter_context(Answers({}))
            super().__enter__()
            self._stack.push(stack.pop_all())
        return self

    def _fill(self):
        marks = self.marks
        errors = marks.all_forms("lastError of a nasty job")
        jobs = dict(zip(marks.all_forms("job name"), errors, strict=True))
        self.outside.replies = Server(marks).replies(jobs, [])
        super()._fill()

    def _settings(self, log_file):
        marks = self.marks
        marks.tame = True
        settings = super()._settings(log_file)
        marks.tame = False
        number, turns = count(), 4

        def settable(name):  # settings take no null characters
            return [text.replace("\0", "") for text in marks.all_forms(name)]

        servers = settable("prometheuses.servers.name")
        settings["prometheuses"] += [
            {"name": "outside", "servers": [{"name": "outside-0", "url": self.outside.url}]},
            *(
                {
                    "name": name,
                    "servers": [
                        {"name": server, "url": f"http://127.0.0.1:1/{next(number)}"}
                        for server in servers[turn::turns]
                    ],
                }
                for turn, name in enumerate(settable("prometheuses.name")[:turns])
            ),
        ]
        settings["expect"]["pinned"] = [
            {"name": name, "prometheus": "outside", "labels": {"job": label}}
            for name, label in zip(
                settable("expect.pinned.name"),
                settable("expect.pinned.labels"),
                strict=True,
            )
        ]
        settings["expect"]["other_collectors"] = [
            {"name": name, "match": {"namespace": glob}}
            for name, glob in zip(
                settable("expect.other_collectors.name"),
                settable("expect.other_collectors.match"),
                strict=True,
            )
        ]
        settings["mutes"] = [
            {
                "match": {"namespace": glob},
                "cron": "0 5 * * *",
                "lasts": "1h",
                "reason": reason,
            }
            for glob, reason in zip(settable("mutes.match"), settable("mutes.reason"), strict=True)
        ]
        return settings

    def command(self, *words):
        """The command with its output and errors, kept by what form it has."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run([*map(str, words), "--config", self.settings_file])
        form = words[words.index("--format") + 1] if "--format" in words else "text"
        form = "manifests" if "--manifest" in words else form
        self.keep(f"{form} of {words[0]}", out.getvalue())
        self.keep(f"errors of {words[0]}", err.getvalue())
        if "save" in words:
            _change(Path(words[2]))
        return code, out.getvalue()


def _change(saved):
    """Make a saved snapshot another one, so that there are differences."""
    document = json.loads(saved.read_text("utf-8"))
    for job in document["snapshot"]:
        job["state"] = "healthy"
    saved.write_text(json.dumps(document), "utf-8")
