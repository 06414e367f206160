"""Killed at random moments while Slack misbehaves, the daemon forgets nothing and repeats nothing."""

import sys

import pytest

from tests.e2e.faults import Play

KILLS = 10
SEED = 20261123


@pytest.mark.parametrize("reads", [True, False], ids=["may read", "may not read"])
def test_every_incident_and_its_end_is_told_and_only_a_kill_repeats_it(tmp_path, reads):
    play = Play(tmp_path, KILLS, reads, SEED).run()

    sys.stdout.write(play.figures() + "\n")
    assert len(play.killed_at) == KILLS
    assert play.fired()
    assert play.untold() == set()
    assert play.unexcused() == {}
