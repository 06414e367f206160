"""Whether Go's regexp package (RE2), as Prometheus uses it, compiles a pattern.

It knows where Go and Python differ and says so where only Go could tell. It never matches.
"""

import re
from typing import Final

_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:|[^]\\])*\]|.", re.DOTALL)
_FLAGS: Final = re.compile(r"\(\?[ims]+\)")
_NO_GO_ESCAPES: Final = frozenset("89ZuUN")
_NO_PYTHON_ESCAPES: Final = frozenset("pPzEC")
_NO_GO: Final = re.compile(r"\(\?(?:[=!#(]|<[=!]|P=|>)|(?:[*+?]|\{\d+(?:,\d*)?\})\+")
_NO_PYTHON: Final = re.compile(r"\(\?(?:[a-zA-Z-]*U|<[A-Za-z_]|[a-zA-Z-]+\))")
_LAXER_IN_GO: Final = re.compile(r"[\^$][*+?{]|\{,")
_ODD_CLASS: Final = re.compile(r"\[|--|&&|~~|\|\||\\[0-9A-CE-RT-VX-Zbpuxz]")


def compiles(pattern: str) -> bool | None:
    """True or false, None where this cannot tell."""
    rest = pattern[found.end() :] if (found := _FLAGS.match(pattern)) else pattern
    if r"\Q" in rest:
        return None
    doubtful, bones = False, []
    for token in _TOKEN.findall(rest):
        if token[0] == "\\" and len(token) > 1:
            if token[1] in _NO_GO_ESCAPES:
                return False
            # A single digit would be a back reference, which Go lacks; several are an octal number.
            doubtful |= token[1] in _NO_PYTHON_ESCAPES or token[1] in "1234567"
            bones.append("^" if token[1] in "AbBz" else "x")
        elif token[0] == "[" and len(token) > 1:
            doubtful |= bool(_ODD_CLASS.search(token, 1))
            bones.append("x")
        else:
            bones.append(token)
    skeleton = "".join(bones)
    # A bracket that is left over opens a class that nothing closes.
    if "[" in skeleton or _NO_GO.search(skeleton):
        return False
    if doubtful or _NO_PYTHON.search(skeleton):
        return None
    try:
        re.compile(f"^(?s:{rest})$")
    except (re.error, OverflowError, RecursionError):
        return None if _LAXER_IN_GO.search(skeleton) else False
    return True
