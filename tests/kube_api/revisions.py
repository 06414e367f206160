"""ControllerRevisions of StatefulSets, as the StatefulSet controller makes them.

Known from kubernetes pkg/controller/statefulset/stateful_set_control.go and
pkg/controller/history/controller_history.go: a template equal to one of before takes that object
again, with the next number and its old creation time; only a new template makes a new object.
The rollout itself is taken as done at once.
"""

import json
from typing import Any

from tests.kube_api.resources import Object

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def next_revision(stateful_set: Object, existing: list[Object]) -> Object | None:
    """The revision to write now: new, or an old one renumbered; None when the newest still fits."""
    ordered = sorted(existing, key=lambda revision: revision["revision"])
    patch = _patch(stateful_set)
    number = ordered[-1]["revision"] + 1 if ordered else 1
    equal = [revision for revision in ordered if revision["data"] == patch]
    if not equal:
        return _revision(stateful_set, patch, number)
    if equal[-1] is ordered[-1]:
        return None
    return {**equal[-1], "revision": number}


def surplus(stateful_set: Object, existing: list[Object]) -> list[Object]:
    """The oldest revisions beyond revisionHistoryLimit, not counting the current one."""
    ordered = sorted(existing, key=lambda revision: revision["revision"])
    limit = stateful_set["spec"].get("revisionHistoryLimit", 10)
    return ordered[: max(0, len(ordered) - 1 - limit)]


def belongs(revision: Object, stateful_set: Object) -> bool:
    owners = revision["metadata"].get("ownerReferences") or ()
    return any(owner.get("uid") == stateful_set["metadata"]["uid"] for owner in owners)


def name_of(stateful_set: Object) -> str:
    """`<name>-<hash>`, also the label controller-revision-hash of its pods."""
    patch = _patch(stateful_set)
    return f"{stateful_set['metadata']['name']}-{_hash(patch)}"


def _patch(stateful_set: Object) -> dict[str, Any]:
    template = stateful_set["spec"].get("template", {})
    return {"spec": {"template": {**template, "$patch": "replace"}}}


def _revision(stateful_set: Object, patch: dict[str, Any], number: int) -> Object:
    meta = stateful_set["metadata"]
    labels = stateful_set["spec"].get("template", {}).get("metadata", {}).get("labels") or {}
    owner = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "metadata": {
            "name": name_of(stateful_set),
            "namespace": meta["namespace"],
            "labels": {**labels, "controller.kubernetes.io/hash": _hash(patch)},
            "annotations": dict(meta.get("annotations") or {}),
            "ownerReferences": [owner],
        },
        "data": patch,
        "revision": number,
    }


def _hash(patch: dict[str, Any]) -> str:
    """FNV-1 (32 bit) of the patch, as Go encodes it, and the collision count 0; no vowels."""
    text = json.dumps(patch, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    total = 2166136261
    for byte in f"{text}0".encode():
        total = (total * 16777619 & 0xFFFFFFFF) ^ byte
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(total))
