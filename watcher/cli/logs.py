"""The lines of the log: as text or JSON, on standard error."""

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum

from watcher.characters import in_one_line, visible
from watcher.secrecy import without_secrets


class LogFormat(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line)


class TextFormatter(logging.Formatter):
    """One line for each record, whatever is in it; then the lines of its traceback."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102 -- as the class says
        line = f"{_time(record)} {record.levelname.lower():7} {in_one_line(record.getMessage())}"
        if record.exc_info is None:
            return line
        return f"{line}\n{visible(without_secrets(self.formatException(record.exc_info)))}"


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def set_up_logging(form: LogFormat) -> None:
    """Our own lines at info, those of libraries at warning, on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if form is LogFormat.JSON else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("watcher").setLevel(logging.INFO)
