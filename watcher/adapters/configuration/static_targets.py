"""How many targets a scrape config names by itself, where no discovery and no relabelling decides."""

from collections.abc import Iterator

from watcher.model.kube import JSON, FieldError, JSONObject, mapping, objects, text, texts
from watcher.operator.relabelings import keeps_count


def static_targets(raw: JSONObject) -> int | None:
    """The number of targets of a scrape config as Prometheus writes it; None where not known.

    Targets with equal labels are one target (Prometheus 3.x, scrape/scrape.go, ``Sync``).
    """
    if any(str(key).endswith("_sd_configs") and found for key, found in raw.items()):
        return None
    try:
        if not keeps_count(_rules(raw)):
            return None
        return len(
            {
                (target, tuple(sorted(mapping(group, "labels").items(), key=str)))
                for group in objects(raw, "static_configs")
                for target in texts(group, "targets")
            }
        )
    except (FieldError, TypeError):
        return None


def _rules(raw: JSON) -> Iterator[JSONObject]:
    """The relabelling in the words of custom resources."""
    for rule in objects(raw, "relabel_configs"):
        yield {
            "action": text(rule, "action"),
            "targetLabel": text(rule, "target_label"),
            "replacement": text(rule, "replacement"),
            "regex": text(rule, "regex"),
        }
