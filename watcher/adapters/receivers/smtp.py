"""One mail to one SMTP server, which ends within a time and below a number of bytes."""

import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from typing import Any, Final

from watcher.adapters.http.exchange import PATIENCE, Exchange
from watcher.settings import EmailSettings

_LARGEST: Final = 1024 * 1024
"""Most bytes of all that a server answers."""

GOODBYE: Final = 1.0
"""Seconds for the goodbye, when the mail is taken."""


def send(settings: EmailSettings, mail: EmailMessage) -> None:
    """Send *mail*. Returns as soon as the server has taken it, however it says goodbye.

    Raises requests.Timeout, smtplib.SMTPException, OSError, ValueError.
    """
    exchange = Exchange(settings.timeout.total_seconds() * PATIENCE)
    server = None
    try:
        with exchange.within("timed out: the mail was not taken in time"):
            server = _greeted(settings, exchange)
            _log_in(server, settings)
            server.send_message(mail)
        goodbye = Exchange(GOODBYE)
        goodbye.connection = server
        with contextlib.suppress(OSError), goodbye.within("timed out"):
            server.quit()
    finally:
        if server is not None:
            server.close()


def _greeted(settings: EmailSettings, exchange: Exchange) -> smtplib.SMTP:
    where = (settings.host, settings.port)
    timeout = settings.timeout.total_seconds()
    if settings.tls == "implicit":
        context = ssl.create_default_context()
        return _Secure(exchange, *where, timeout=timeout, context=context)
    server = _Plain(exchange, *where, timeout=timeout)
    if settings.tls == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _log_in(server: smtplib.SMTP, settings: EmailSettings) -> None:
    if settings.username is not None and settings.password_file is not None:
        server.login(settings.username, settings.password_file.read_text("utf-8").strip())


class _Bounded:
    """A connection that its exchange can cut, and whose answers have an end."""

    file: Any
    sock: Any

    def __init__(self, exchange: Exchange, *args: Any, **kwargs: Any) -> None:
        exchange.connection = self
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        """As the library does, which reads lines for as long as there come any."""
        if self.file is None and self.sock is not None:
            self.file = _Counted(self.sock.makefile("rb"))
        answer: tuple[int, bytes] = super().getreply()  # type: ignore[misc]  # of the library's class
        return answer


class _Plain(_Bounded, smtplib.SMTP):
    pass


class _Secure(_Bounded, smtplib.SMTP_SSL):
    pass


class _Counted:
    def __init__(self, file: Any) -> None:
        self._file, self._left = file, _LARGEST

    def readline(self, most: int) -> bytes:
        line: bytes = self._file.readline(most)
        self._left -= len(line)
        if (
            self._left < 0 or len(line) >= most
        ):  # the library takes a line without end for a refusal
            raise OSError("the answers are larger than 1 MiB")
        return line

    def close(self) -> None:
        self._file.close()
