"""What a recording leaves out for secrecy changes no verdict: every case is told again to the letter."""

import json

import pytest

from tests.replays.staged import API_SERVER, Staged
from tests.rules.raws import NOW
from tests.rules.scene import entries
from tests.rules.test_risks import entries as risk_entries
from watcher.adapters.kubernetes.api import recorded
from watcher.adapters.recordings import recording
from watcher.adapters.recordings.recorded_store import past
from watcher.adapters.recordings.recorder import Recorder
from watcher.app import compose
from watcher.app.compose import Glance
from watcher.app.recording import kept_settings, of
from watcher.settings import checked
from watcher.web.document import as_json, audit_document, document

ENTRIES = [(f"{stem}: {entry['case']}", entry) for stem, entry in entries()]
RISKS = [(f"at risk: {stem}: {entry['case']}", entry) for stem, entry in risk_entries()]


class Kept:
    """A tape that asks the stage, and keeps what came."""

    def __init__(self, staged):
        self._staged, self.recorder = staged, Recorder()

    def ask(self, asked, live):
        return self.recorder.ask(asked, lambda: self._staged.ask(asked, live))


def looked(entry, folder):
    """What is told of the case live, and the recording of that look."""
    staged = Staged(entry, folder)
    settings = checked(staged.settings, None)
    tape = Kept(staged)
    kube = None if staged.outside else recorded(API_SERVER, tape)
    glance = Glance(compose.world(settings, kube, tape), staged.store, lambda: NOW)
    live = told(glance)
    kept = recording.Recording(
        at=NOW,
        settings=kept_settings(settings),
        kubernetes=None if kube is None else kube.server,
        exchanges=tape.recorder.exchanges(),
        past=None if staged.store is None else past(staged.store),
    )
    recording.write(kept, folder / "recording.tar.gz")
    return live, recording.read(folder / "recording.tar.gz")


def told(glance):
    """All that ``once``, ``audit`` and ``explain`` tell."""
    result = glance.result(NOW)
    return {
        "once": json.loads(as_json(document(result))),
        "audit": json.loads(as_json(audit_document(glance.audit(result)))),
        "steps": [[str(s) for s in glance.ladder(result, status)] for status in result.statuses],
    }


@pytest.mark.parametrize("entry", [pytest.param(entry, id=name) for name, entry in ENTRIES + RISKS])
def test_a_case_is_told_again_as_it_was(entry, tmp_path):
    live, kept = looked(entry, tmp_path)

    assert told(of(kept)) == live


def test_most_cases_come_out_on_the_stage_as_the_rules_tell_them(tmp_path):
    some = [entry for _, entry in ENTRIES[::8]]
    wanted = []
    for number, entry in enumerate(some):
        folder = tmp_path / str(number)
        folder.mkdir()
        causes = {
            job["cause"] or "cause-unknown" for job in looked(entry, folder)[0]["once"]["jobs"]
        }
        wanted.append((entry["expect"]["cause"] or "cause-unknown") in causes)

    assert sum(wanted) > 0.8 * len(some)
