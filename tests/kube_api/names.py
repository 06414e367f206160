"""Which names, labels and annotations an object may have, and the real server's words for others.

Words and patterns are those of k8s.io/apimachinery pkg/util/validation.
"""

import re

_NAME_PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_MARKS = "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
_EXAMPLES = (
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME_PART}')"
)


def bad_name(name: str) -> str:
    """Why an object cannot be called so; empty when it can."""
    if re.fullmatch(_SUBDOMAIN, name):
        return ""
    return (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
        "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
        f"for validation is '{_SUBDOMAIN}')"
    )


def bad_label_value(value: str) -> str:
    """Why a label cannot have this value; empty when it can."""
    if re.fullmatch(_VALUE, value):
        return ""
    return (
        f"a valid label must be an empty string or consist of {_MARKS} (e.g. 'MyValue',  or "
        f"'my_value',  or '12345', regex used for validation is '{_VALUE}')"
    )


def bad_label_key(key: str) -> str:
    """Why neither label nor annotation can have this key; empty when they can."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix or (slash and not prefix):
        return (
            f"a valid label key must consist of {_MARKS} {_EXAMPLES} with an optional DNS subdomain "
            "prefix and '/' (e.g. 'example.com/MyName')"
        )
    return (
        "" if re.fullmatch(_NAME_PART, name) else f"name part must consist of {_MARKS} {_EXAMPLES}"
    )
