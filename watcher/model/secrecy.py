"""Takes users, passwords and tokens out of words that people read."""

import re
from typing import Final

_USER: Final = re.compile(r"(://)[^/?#\s\"]*@")  # to the last @: a password may hold some
_SECRET: Final = re.compile(
    r"([?&][^=&\s\"]*(?:token|secret|passw|key|auth|sig)[^=&\s\"]*=)[^&\s\"]+", re.IGNORECASE
)


def without_secrets(text: str) -> str:
    """*text* without user and password in URLs, nor the values of parameters that look secret."""
    return _SECRET.sub(r"\1<secret>", _USER.sub(r"\1", text))
