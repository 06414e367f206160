"""Secrets that can be found again: each is planted once and is known by where."""

import base64
import re
import urllib.parse
from dataclasses import dataclass, field

FORMS = (
    "Bearer eyJhbGciOi{}",
    "Authorization: Bearer {}",
    '"Authorization":"Basic {}=="',
    "password={}",
    "password: {}",
    "token: {}",
    '{{"client_secret":"{}"}}',
    "--web.password={}",
    "--token {}",
    "user:{}@host:9115 refused",
    "http://user:{}@host:9115/",
    "http://user:a/b{}@host:9115/",
    "http://h/x?pw={}",
    "http://h/x?a=b&code={}",
    "http://h/x?sid={}&module=a",
    "http://h/x?jwt={}",
    "http://h/x?passphrase={}",
    "http://h/x?session={}",
    "http://h/x?target=http://u:{}@h",
    "http://h/x%3Ftoken={}",
    "http://h/x?%74oken={}",
    "http://h/x;token={}",
    "http://h/x#access_token={}",
    "https://hooks.slack.com/services/T0/B0/{}",
    "ghp_{}abcdefgh",
    "xoxb-1-{}",
    "-----BEGIN PRIVATE KEY----- {} -----END PRIVATE KEY-----",
    "Cookie: {}",
    "api_key={}",
)
"""How a secret stands in others' words."""


@dataclass
class Marks:
    """All that were planted. ``found_in`` says which of them a text or some bytes hold."""

    planted: dict[str, str] = field(default_factory=dict)
    _turn: int = 0

    def plain(self, where):
        """A secret by itself, for a place that makes it one."""
        mark = f"mArK{len(self.planted):04d}q7"
        self.planted[mark] = where
        return mark

    def words(self, where):
        """A secret in words, in each form in turn."""
        form = FORMS[self._turn % len(FORMS)]
        self._turn += 1
        return form.format(self.plain(f"{where}, as {form}"))

    def all_forms(self, where):
        """One text for each form."""
        return [form.format(self.plain(f"{where}, as {form}")) for form in FORMS]

    def found_in(self, content):
        """The marks in some bytes, as they are, percent-encoded, or as base64."""
        text = content.decode("utf-8", "replace")
        text += "\n" + urllib.parse.unquote(text)
        text += "\n" + "\n".join(map(_decoded, _BASE64.findall(text)))
        return set(_MARK.findall(text)) & self.planted.keys()


_MARK = re.compile(r"mArK\d{4}q7")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{12,}")


def _decoded(text):
    """*text* read as base64 from each place in a group that it may begin at."""
    return "\n".join(
        base64.b64decode(text[shift:][: (len(text) - shift) // 4 * 4]).decode("utf-8", "replace")
        for shift in range(4)
    )
