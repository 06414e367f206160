"""Notifies people by e-mail: a thread for each problem, and the weekly inspection.

A mail cannot be edited, so that what changes without noise elsewhere is not sent at all. The first mail
of a problem always has the same Message-ID, by which many programs leave out one that came twice.
"""

import hashlib
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import requests

from watcher.adapters.receivers.failures import Reason
from watcher.adapters.receivers.mail_text import text
from watcher.adapters.receivers.smtp import send
from watcher.characters import as_words, visible
from watcher.engine.announce import Reason as Why
from watcher.engine.wording import Message
from watcher.errors import NotifyError
from watcher.model.history import Sent
from watcher.model.incidents import Status
from watcher.settings import EmailSettings

_PERMANENT: Final = 500
"""From this reply code on an SMTP server refuses for good (RFC 5321, 4.2.1)."""


class Mail:
    """One SMTP server and the people that it tells."""

    name = "email"
    resend: timedelta | None = None

    def __init__(self, settings: EmailSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock

    def notify(self, message: Message, last: Sent | None, *, doubtful: bool = False) -> str:  # noqa: ARG002 -- a mail that was sent cannot be looked up
        """Send *message*; the answer is the Message-ID of its thread."""
        going_on = last is not None and last.status is not Status.RESOLVED and last.handle
        if going_on and message.reason == Why.CHANGED:
            return last.handle if last is not None else ""
        mail = self._blank(_one_line(f"[{_state(message)}] {message.headline}"))
        thread = f"<{hashlib.sha256(message.subject.encode()).hexdigest()[:32]}@{self._domain}>"
        if going_on or message.status is Status.RESOLVED:
            mail["In-Reply-To"] = mail["References"] = thread
        else:
            mail["Message-ID"] = thread
        mail.set_content(visible(text(message)))
        self._send(mail)
        return thread

    def upload(self, file_name: str, content: str | bytes, title: str, comment: str) -> str:
        """Send a file with a *comment*."""
        mail = self._blank(_one_line(title))
        mail.set_content(visible(comment))
        body = content.encode() if isinstance(content, str) else content
        kind = ("text", "html") if file_name.endswith(".html") else ("application", "octet-stream")
        mail.add_attachment(body, maintype=kind[0], subtype=kind[1], filename=file_name)
        self._send(mail)
        return ""

    @property
    def _domain(self) -> str:
        return self._settings.sender.rpartition("@")[2].rstrip(">") or "watcher"

    def _blank(self, subject: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._settings.sender
        mail["To"] = ", ".join(self._settings.to)
        mail["Subject"] = subject
        mail["Date"] = format_datetime(self._clock())
        mail["Auto-Submitted"] = "auto-generated"
        return mail

    def _send(self, mail: EmailMessage) -> None:
        try:
            send(self._settings, mail)
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            error = _error(fault)
        else:
            return
        raise error


def _state(message: Message) -> str:
    return "resolved" if message.status is Status.RESOLVED else message.severity


def _one_line(subject: str) -> str:
    """The subject as one line; no encoded word, in which the library would find line feeds."""
    return as_words(subject).replace("=?", "= ?")


def _error(fault: Exception) -> NotifyError:
    match fault:
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            return _failure(Reason.AUTH, f"login refused ({code}): check email.password_file")
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code = max(code for code, _ in refused.values())
            return _answered(code, "every recipient refused: check email.to")
        case smtplib.SMTPResponseException(smtp_code=code):
            return _answered(code, "refused: see the log of the mail server")
        case TimeoutError() | requests.Timeout():
            return _failure(Reason.TIMEOUT, "no answer in time: it is sent again")
        case FileNotFoundError() | PermissionError() | UnicodeError():
            return _failure(
                Reason.AUTH, "email.password_file cannot be read: let the watcher read it"
            )
        case _:
            kind = type(fault).__name__
            return _failure(
                Reason.NETWORK, f"no answer ({kind}): it is sent again; check email.host"
            )


def _answered(code: int, said: str) -> NotifyError:
    return _failure(Reason.CONTENT if code >= _PERMANENT else Reason.SERVER, f"{code} {said}")


def _failure(reason: Reason, said: str) -> NotifyError:
    permanent = reason in {Reason.AUTH, Reason.CONTENT}
    return NotifyError(f"email: {said}", permanent=permanent, reason=reason.value)
