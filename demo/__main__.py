"""Plays the incident. With WAIT=0 it ends by itself: 0 if every act showed what it must, else 1.

``--svg FILE`` draws the act in which the jobs are lost into a picture, and ends by itself too.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

from demo.acts import ACTS, Act, differences, of_jobs, of_slack
from demo.pod import NoRootError
from demo.show import Show
from demo.stage import Stage, Told
from tests.patience import PATIENCE
from tools.prometheus_binary import NoPrometheusError

PICTURED: Final = "b"
"""The act of ``docs/demo.svg``."""


def main() -> int:
    """Play all acts; the answer is the exit code."""
    options = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    options.add_argument("--svg", type=Path, metavar="FILE", help="draw act b into this file")
    svg = options.parse_args().svg
    show = Show(record=svg is not None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _told_to_end)
    # A shell has its background jobs ignore it, and so would all that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What is spoken to stands on the loopback, whatever proxy this machine is to use.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.0/8,localhost"
    try:
        show.looking()
        with Stage() as stage:
            try:
                code = _played(stage, show)
                if code == 0 and svg is not None:
                    svg.write_text(show.pictures[PICTURED], encoding="utf-8")
                elif code == 0 and os.environ.get("WAIT") != "0":
                    _wait(stage, show)
            finally:
                # From here on all that was started is stopped; that is not to be broken off.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
    except (NoPrometheusError, NoRootError) as error:
        show.error(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _told_to_end(number: int, _: object) -> None:
    sys.exit(128 + number)


def _played(stage: Stage, show: Show) -> int:
    show.prologue(stage.binary.version)
    for act in ACTS:
        show.act(act)
        try:
            wrong = _one(stage, show, act)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the act is to be named
            wrong = [f"cannot be played: {type(error).__name__}: {error}"]
        if wrong:
            show.failed(act, wrong, stage.daemon.log if stage.daemon else "")
            return 1
        show.passed(act)
    return 0


def _one(stage: Stage, show: Show, act: Act) -> list[str]:
    """Play an act and wait until the watcher shows what it must; the answer is what it does not."""
    for words, deed in act.steps:
        with show.console.status(f"{words} …"):
            deed(stage)
        show.step(words)
    began = time.monotonic()
    with show.console.status("the watcher looks …"):
        stage.start_watcher()
        _await(stage, act, began + PATIENCE)
        seconds = time.monotonic() - began
        once, audit, wrong = _asked(stage, act, began + PATIENCE)
    show.seen(once, audit, seconds)
    if not stage.slack.messages:
        show.silence()
    for message in stage.slack.messages:
        show.message(message, proof=act.name == "b")
    return wrong


def _await(stage: Stage, act: Act, end: float) -> None:
    """Return as soon as the daemon and Slack show what they must, at *end* in any case."""
    while time.monotonic() < end:
        jobs = stage.daemon.jobs() if stage.daemon else {"jobs": []}
        if not (of_jobs(act.expected, jobs) or of_slack(act.expected, stage.slack.messages)):
            return
        time.sleep(0.25)


def _asked(stage: Stage, act: Act, end: float) -> tuple[Told, Told, list[str]]:
    """What ``once`` and ``audit`` say, asked until it is what they must say, at most until *end*."""
    while True:
        once, audit = stage.ask_both()
        wrong = differences(act.expected, once, audit, stage.slack.messages)
        if not wrong or time.monotonic() > end:
            return once, audit, wrong


def _wait(stage: Stage, show: Show) -> None:
    page = stage.daemon.page if stage.daemon else ""
    show.console.print(f"The page is at [bold]{page}/[/] until Ctrl-C.")
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    sys.exit(main())
