"""A page of the catalogue as HTML: the little Markdown that docstrings of rules are written in.

Headings, paragraphs, lists, code blocks, code and links in the text. Everything else is text.
"""

import re

from markupsafe import Markup, escape

_FENCE = re.compile(r"^```.*\n((?:.*\n)*?)^```$", re.MULTILINE)
_CODE = re.compile(r"``(.+?)``|`(.+?)`")


def html(text: str) -> Markup:
    """The text as HTML. What it holds of HTML is escaped."""
    pieces = _FENCE.split(text)
    found = [
        Markup("<pre>{}</pre>").format(piece.rstrip("\n")) if number % 2 else _blocks(piece)
        for number, piece in enumerate(pieces)
    ]
    return Markup("\n").join(piece for piece in found if piece)


def line(text: str) -> Markup:
    """One paragraph as HTML, with its code marked."""
    escaped = str(escape(" ".join(text.split())))
    marked = _CODE.sub(lambda found: f"<code>{found[1] or found[2]}</code>", escaped)
    return Markup(marked)  # noqa: S704 -- escaped above


def _blocks(text: str) -> Markup:
    """Text without fences; indented blocks that stand one after another are one."""
    if not text.strip():
        return Markup("")
    pieces = re.split(r"\n\s*\n(?=\S)|(?<=\n)\n(?= {4})", text.strip("\n"))
    return Markup("\n").join(map(_block, pieces))


def _block(block: str) -> Markup:
    if all(line.startswith("    ") for line in block.splitlines() if line):
        code = "\n".join(line[4:] for line in block.rstrip().splitlines())
        return Markup("<pre>{}</pre>").format(code)
    heading, _, rest = block.partition("\n")
    if level := re.match(r"(#+) (.*)", heading):
        title = Markup("<h{0}>{1}</h{0}>").format(min(len(level[1]), 6), line(level[2]))
        return title + html(rest) if rest.strip() else title
    if re.match(r"([-*]|\d+\.) ", block):
        items = re.split(r"\n(?=(?:[-*]|\d+\.) )", block)
        rows = (line(re.sub(r"^([-*]|\d+\.) ", "", item)) for item in items)
        listed = Markup("").join(Markup("<li>{}</li>").format(row) for row in rows)
        whole = Markup("<ul>{}</ul>") if block[0] in "-*" else Markup("<ol>{}</ol>")
        return whole.format(listed)
    return Markup("<p>{}</p>").format(line(block))
