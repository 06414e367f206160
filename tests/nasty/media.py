"""What is wrong with a text of each medium, as its own parser reads it; nothing where all is well."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

import watcher
from tests.slack_rules import faults, marks, texts
from watcher.characters import visible

TEMPLATES = Path(watcher.__file__).parent / "web" / "templates"
FORGED = re.compile(r"^(?:0 of 3 jobs lost|Bcc:|body|up\{|# h)", re.MULTILINE)
"""Lines that only a line feed of others begins."""
LOG = re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}Z [a-z]+ ")


def of_plain(text):
    """Text for people, on a terminal or as an answer."""
    if visible(text) != text:
        yield "characters that nobody sees"
    yield from (f"a forged line: {line}" for line in FORGED.findall(text))


def of_log(text):
    yield from of_plain(text)
    yield from (f"no line: {line[:60]}" for line in text.splitlines() if not LOG.match(line))


def of_json(text):
    if visible(text) != text:
        yield "characters that nobody sees"
    try:
        json.loads(text)
    except ValueError as error:
        yield f"no JSON: {error}"


def of_manifests(text):
    if visible(text) != text:
        yield "characters that nobody sees"
    try:
        objects = [each for each in yaml.safe_load_all(text) if each]
    except yaml.YAMLError as error:
        yield f"no YAML: {error}"
        return
    if not objects or any("kind" not in each for each in objects):
        yield "no manifests"


class Elements(HTMLParser):
    """The elements of a text with their attributes, and what stands in scripts."""

    def __init__(self, text):
        super().__init__()
        self.found, self.scripts, self.last = [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.last = tag

    def handle_data(self, words):
        if self.last == "script":
            self.scripts.append(words)

    def handle_endtag(self, tag):
        self.last = None


def _own():
    """The elements and attributes that the templates have, and those of our catalogue's pages."""
    own = {tag: set() for tag in ("p", "pre", "ul", "ol", "li", "code", "h1", "h2", "h3")}
    for template in TEMPLATES.glob("*.html"):
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", template.read_text("utf-8"))
        for tag, attributes in Elements(text).found:
            own.setdefault(tag, set()).update(attributes)
    return own


OWN = _own()
OWN_SCRIPT = (TEMPLATES / "script.js").read_text("utf-8")


def of_html(text):
    """Elements, attributes, scripts and addresses that are not the page's own."""
    if visible(text) != text:
        yield "characters that nobody sees"
    read = Elements(text)
    for tag, attributes in read.found:
        if foreign := attributes.keys() - OWN.get(tag, set()):
            yield f"attributes of {tag}: {sorted(foreign)}"
        if tag not in OWN:
            yield f"an element: {tag}"
        for name in ("href", "src"):
            if re.match(r"\s*(?!data:image/svg)[a-z][a-z0-9+.-]*:|//", attributes.get(name) or ""):
                yield f"an address: {attributes[name]}"
    if "".join(read.scripts).strip() not in {"", OWN_SCRIPT.strip()}:
        yield "a script"


def of_markdown(text):
    """HTML, links and images, of which we write none; rows of other lengths than their heads."""
    if visible(text) != text:
        yield "characters that nobody sees"
    cells, width = 0, None
    for block in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        for each in (block, *(block.children or ())):
            if each.type in {"html_block", "html_inline", "link_open", "image", "hr", "em_open"}:
                yield f"{each.type}: {block.content[:80]}"
        match block.type:
            case "table_open":
                width = None
            case "th_open" | "td_open":
                cells += 1
            case "tr_open":
                cells = 0
            case "tr_close":
                width = width or cells
                if cells != width:
                    yield f"a row of {cells} cells, not {width}"


def of_slack(text):
    """A message of Slack, as JSON: marks that are not ours, links to elsewhere."""
    message = json.loads(text)
    yield from faults({k: v for k, v in message.items() if k in {"text", "blocks", "attachments"}})
    for said in texts(message):
        seen = said.replace("\u2060", "")  # our own, see watcher/adapters/slack/text.py
        if visible(seen) != seen:
            yield f"characters that nobody sees: {said!a:.80}"
    for said in texts(message, "mrkdwn"):
        foreign = [m for m in marks(said) if m not in {"*", "_", "code", "<h"}]
        foreign = [m for m in foreign if not re.fullmatch(r":\d", m)]  # of times of day
        if foreign or marks(said).count("*") % 2 or marks(said).count("_") % 2:
            yield f"marks {foreign}: {said!a:.80}"
        outside = re.sub(r"```.*?```|`[^`\n]+`", "", said, flags=re.DOTALL)
        for url in re.findall(r"<([^|>]*)", outside):
            if not url.startswith(
                ("http://watcher.example/", "http://127.0.0.1", "http://prometheus/")
            ):
                yield f"a link: {url}"


def of_metrics(text):
    try:
        families = list(text_string_to_metric_families(text))
    except ValueError as error:
        yield f"not in the exposition format: {error}"
        return
    for family in families:
        if not family.name.startswith(("watcher_", "python_", "process_")):
            yield f"a metric: {family.name}"


HEADERS = {
    "From", "To", "Subject", "Date", "Auto-Submitted", "Message-ID", "In-Reply-To", "References",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition",
}  # fmt: skip


def of_mail(mail):
    """A mail as it was taken: its headers, and each part by its own kind."""
    if foreign := set(mail.keys()) - HEADERS:
        yield f"headers: {foreign}"
    if not str(mail["Subject"]).isprintable():
        yield f"a subject: {mail['Subject']!a}"
    if mail["To"] != "sre@shop.example":
        yield f"a recipient: {mail['To']}"
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            # Its sentences are wrapped, so that any word may begin a line.
            text = part.get_content().replace("\r\n", "\n")
            yield from ["characters that nobody sees"] * (visible(text) != text)
        elif part.get_content_type() == "text/html":
            yield from of_html(part.get_content())


MEDIA = (
    (r"web /(?:|causes|causes/\{\}|jobs/\{\}|inspections/latest)", of_html),
    (r"html of .*|slack file|file .*\.html", of_html),
    (
        r"web /api/.*|(?:json|sarif) of .*|alertmanager|webhook|teams|feishu|dingtalk|file .*\.json",
        of_json,
    ),
    (r"web /metrics", of_metrics),
    (r"markdown of .*", of_markdown),
    (r"web /-/.*|text of .*|errors of .*", of_plain),
    (r"manifests of .*", of_manifests),
    (r"log", of_log),
    (r"slack", of_slack),
    (r"email", None),  # read as mails, not as texts
    (r"file watcher\.db.*", None),  # read by the watcher alone
    (r"recording|file recording.*", None),  # as above
)
"""Each output belongs to the first whose pattern it fits."""


def checked_by(where):
    """What checks an output; None where nothing does. LookupError for one that is not known."""
    for pattern, check in MEDIA:
        if re.fullmatch(pattern, where):
            return check
    raise LookupError(where)
