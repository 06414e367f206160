"""Print the page of a cause. Imports no more than that needs: it is read in the night."""

import sys

from watcher.diagnosis.catalogue import Entry


def page(entry: Entry) -> None:
    """The page of a cause; on a terminal its Markdown is drawn."""
    body = f"# {entry.code}\n\n{entry.page}\n"
    if not sys.stdout.isatty():
        sys.stdout.write(body)
        return
    from rich.markdown import Markdown

    from watcher.cli.terminal import Terminal

    Terminal().print(Markdown(body))
