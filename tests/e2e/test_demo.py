"""The demo as a test: every act shows what it must; broken on purpose, it shows what it then must.

The stages stand for the whole module: an act takes some ten seconds on a real Prometheus.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from demo.acts import (
    ACTS,
    KUBELET,
    differences,
    of_jobs,
    of_slack,
    operator_writes,
    patch_by_hand,
    restart,
)
from demo.stage import Stage
from tests.patience import PATIENCE, awaited

ROOT = Path(__file__).parents[2]
A, B, C, D = ACTS
WATCHER = "system:serviceaccount:monitoring:watcher"

pytestmark = pytest.mark.prometheus


@dataclass(frozen=True)
class Scene:
    """What was seen after an act, each of ``once`` and ``audit`` as exit code and JSON."""

    once: tuple
    audit: tuple
    messages: tuple
    page: str

    @property
    def kubelet(self):
        return [job for job in self.once[1]["jobs"] if job["pool"] in KUBELET]


@pytest.fixture(scope="module")
def played(prometheus_binary):
    """The whole play with its daemon: the scene after each act, by the act's name."""
    scenes = {}
    with Stage(prometheus_binary) as stage:
        for act in ACTS:
            act.play(stage)
            stage.start_watcher()
            scenes[act.name] = _told(stage, act.expected)
    return scenes


@pytest.fixture(scope="module")
def forgetful(prometheus_binary):
    """Without ControllerRevisions and without a daemon, so without a history of its own.

    In act b somebody puts the file back before the pod restarts; then it is taken away after all.
    """
    scenes = {}
    with Stage(prometheus_binary, revisions=False) as stage:
        A.play(stage)
        for _, deed in B.steps[:-1]:
            deed(stage)
        patch_by_hand(stage)
        restart(stage)
        scenes["put back"] = _looked(stage, A.expected)
        operator_writes(stage)
        restart(stage)
        forgotten = replace(B.expected, cause="tls-file-missing", findings=frozenset())
        scenes["taken away"] = _looked(stage, forgotten)
    return scenes


@pytest.fixture(scope="module")
def logless(prometheus_binary):
    """The watcher may read no log of a pod; there is no daemon."""
    scenes = {}
    with Stage(prometheus_binary) as stage:
        stage.api.deny(WATCHER, "get", resource="pods/log")
        A.play(stage)
        B.play(stage)
        scenes["b"] = _looked(stage, B.expected)
        C.play(stage)
        scenes["c"] = _looked(stage, C.expected)
    return scenes


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_an_act_shows_what_it_must(played, act):
    scene = played[act.name]

    assert differences(act.expected, scene.once, scene.audit, scene.messages) == []


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_what_once_prints_fits_the_published_schema(played, act):
    schema = json.loads((ROOT / "docs" / "schema-v1.json").read_text(encoding="utf-8"))

    for _, told in (played[act.name].once, played[act.name].audit):
        Draft202012Validator(schema).validate(told)


def test_the_incident_names_who_had_patched_and_both_repairs_at_once(played):
    seen = " ".join(e["seen"] for job in played["b"].kubelet for e in job["evidence"])
    commands = [step["command"] for step in played["b"].kubelet[0]["fix"]]

    assert "kubectl-patch" in seen
    assert "patch prometheus k8s" in commands[0]
    assert "/spec/secrets" in commands[0]
    assert "patch servicemonitor kubelet" in commands[1]
    assert all(f"/spec/endpoints/{index}/" in commands[1] for index in (0, 1))
    assert "restarts the pods" in played["b"].kubelet[0]["fix"][0]["do"]


def test_the_last_sample_of_what_is_lost_is_known(played):
    scene = played["b"]

    assert all(job["last_sample_at"] is not None for job in scene.kubelet)
    assert all(job["targets"]["expected"] == 2 for job in scene.kubelet)
    assert "Last sample" in str(scene.messages[0])
    assert "not known" not in str(scene.messages[0])


def test_slack_has_one_message_edited_in_place_and_a_reply_with_the_duration(played):
    [first] = played["b"].messages
    [changed] = played["c"].messages
    ended, reply = played["d"].messages

    assert first.ts == changed.ts == ended.ts == reply.thread_ts
    assert first.colour == changed.colour != ended.colour
    assert changed.edits > first.edits
    assert re.search(r"Resolved\W+after\W+\d+ (s|min)\b", str(reply))


def test_the_page_says_the_cause_while_the_jobs_are_lost(played):
    assert "hand-patch-reverted" in played["b"].page
    assert "2 of 3 jobs lost" in played["b"].page
    assert "All 3 jobs healthy" in played["d"].page


def test_without_revisions_and_history_the_file_is_just_missing(forgetful):
    told = forgetful["taken away"].kubelet

    assert [job["cause"] for job in told] == ["tls-file-missing"] * 2


def test_with_the_file_put_back_before_the_restart_nothing_is_lost(forgetful):
    scene = forgetful["put back"]

    assert of_jobs(A.expected, scene.once[1]) == []
    assert of_jobs(B.expected, scene.once[1]) != []
    assert scene.once[0] == 0


@pytest.mark.parametrize("act", [B, C], ids=lambda act: act.name)
def test_without_any_log_the_causes_stay_the_same(logless, act):
    scene = logless[act.name]

    assert of_jobs(act.expected, scene.once[1]) == []
    assert "no such file or directory" not in json.dumps(scene.once[1])


@pytest.mark.usefixtures("prometheus_binary")
def test_when_told_to_end_the_demo_leaves_nothing_running(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "WAIT": "0"}
    demo = subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with demo:
        for line in demo.stdout:
            if "the pod starts with the mount" in line:
                break

        demo.send_signal(signal.SIGTERM)

        assert demo.wait(timeout=PATIENCE) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
    assert [line for line in _processes() if str(tmp_path) in line] == []


def _told(stage, expected):
    """The scene, as soon as the daemon and Slack show what they must, else after some patience."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not of_jobs(expected, stage.daemon.jobs()) + of_slack(expected, stage.slack.messages):
            scene = _scene(stage)
            if not differences(expected, scene.once, scene.audit, scene.messages):
                return scene
        time.sleep(0.25)
    return _scene(stage)


def _looked(stage, expected):
    """The scene, as soon as the jobs are as they must be, else after some patience."""
    return awaited(
        lambda: _scene(stage),
        wanted=lambda scene: not of_jobs(expected, scene.once[1]),
        every=0.5,
    )


def _scene(stage):
    once, audit = stage.ask_both()
    page = stage.daemon.front() if stage.daemon else ""
    return Scene(once=once, audit=audit, messages=tuple(stage.slack.messages), page=page)


def _processes():
    return subprocess.run(
        ["ps", "-eo", "args"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
