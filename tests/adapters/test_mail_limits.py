"""No mail server can hold its lane: a mail ends in time, whatever the server says and when."""

import socket
from datetime import UTC, datetime

import pytest

from tests.hostile.answers import drip, flood, leave, serving
from tests.messages import a_message
from tests.patience import PATIENCE
from watcher.adapters.receivers.mail import Mail
from watcher.errors import NotifyError
from watcher.settings import EmailSettings

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
GREETING = b"220 local ESMTP\r\n"
STEPS = (GREETING, b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 continue\r\n", b"250 ok\r\n")
"""What a server says to the greeting, EHLO, MAIL, RCPT, DATA and the content."""

HOSTILE = {
    "drips a line": drip(b"2"),
    "drips lines": drip(b"250-x\r\n"),
    "says lines without end": flood(b"250-more\r\n" * 999),
    "says a line without end": flood(b"2" * 65536),
    "says nothing": lambda connection: connection.recv(1),
    "says what is none": lambda connection: connection.sendall(b"\0\xff<html>\r\n\r\n"),
    "goes": leave,
    "breaks off": lambda connection: connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
    ),
}


def up_to(step, then):
    """A server that is polite for so many steps."""

    def speak(connection):
        with connection.makefile("rwb", buffering=0) as lines:
            for number, reply in enumerate(STEPS[:step]):
                lines.write(reply)
                while (line := lines.readline()) and number == len(STEPS) - 2 and line != b".\r\n":
                    pass
            then(connection)

    return speak


def mail(url, **more):
    host, _, port = url.removeprefix("http://").partition(":")
    given = {"host": host, "port": int(port), "tls": "none", "timeout": "50ms"}
    given |= {"sender": "watcher@example.org", "to": ["ops@example.org"]}
    return Mail(EmailSettings(**given | more), lambda: NOW)


@pytest.mark.parametrize("step", range(len(STEPS)))
@pytest.mark.parametrize("then", HOSTILE.values(), ids=HOSTILE)
def test_a_mail_that_was_not_taken_ends_and_is_sent_again(then, step):
    with serving(up_to(step, then), speaks_first=True) as url, pytest.raises(NotifyError) as raised:
        mail(url).notify(a_message(), None)

    assert not raised.value.permanent


@pytest.mark.parametrize("then", HOSTILE.values(), ids=HOSTILE)
def test_a_mail_that_was_taken_is_sent_however_the_server_says_goodbye(then, monkeypatch):
    monkeypatch.setattr("watcher.adapters.receivers.smtp.GOODBYE", 0.1)
    with serving(up_to(len(STEPS), then), speaks_first=True) as url:
        assert mail(url, timeout=f"{PATIENCE:.0f}s").notify(a_message(), None)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("then", HOSTILE.values(), ids=HOSTILE)
def test_a_server_that_begins_no_tls_ends_too(then, tls):
    step = 2 if tls == "starttls" else 0
    with serving(up_to(step, then), speaks_first=True) as url, pytest.raises(NotifyError):
        mail(url, tls=tls).notify(a_message(), None)
