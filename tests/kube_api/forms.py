"""Which forms of an answer a caller takes (`Accept`). Served is JSON alone, and that as it is.

Tables, metadata alone, YAML and protobuf are refused as a real server refuses what it has not,
rather than answered in another form than was asked for.
"""

from tests.kube_api.routes import Asked
from tests.kube_api.statuses import JSON, not_acceptable


def check_form(asked: Asked) -> None:
    """Raises 406 for a request that takes no plain JSON."""
    taken = [form.strip() for form in asked.headers.get("accept", "*/*").split(",")]
    if not any(_plain(form) for form in taken):
        raise not_acceptable()


def _plain(form: str) -> bool:
    kind, *parameters = (part.strip() for part in form.split(";"))
    special = any(each.startswith("as=") for each in parameters)
    return kind in (JSON, "application/*", "*/*") and not special
