"""What is served: /version, health, and the lists of groups and resources."""

from collections.abc import Callable
from typing import Any

from tests.kube_api.resources import RESOURCES, Resource, is_built_in
from tests.kube_api.statuses import TEXT, Answer, Refused, no_such_path, no_such_resource, ok

_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
_STATUS_VERBS = ["get", "patch", "update"]
_REVIEWS = ("authorization.k8s.io", "v1")


def answered(path: str, version: str, serves: Callable[[Resource], bool]) -> Answer:  # noqa: PLR0911
    """404 for every path that is none of these: in plain text below /apis, else with the paths."""
    served = [resource for resource in RESOURCES if serves(resource)]
    groups = sorted({(r.group, r.version) for r in served if r.group} | {_REVIEWS})
    match path.strip("/").split("/"):
        case ["healthz" | "readyz" | "livez"]:
            return Answer(200, b"ok", TEXT)
        case ["version"]:
            return ok(_version(version))
        case ["api"]:
            return ok({"kind": "APIVersions", "versions": ["v1"]})
        case ["apis"]:
            names = sorted({group for group, _ in groups})
            listed = [_group(name, groups) for name in names]
            return ok({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
        case ["apis", group] if group in {g for g, _ in groups}:
            return ok({"kind": "APIGroup", "apiVersion": "v1"} | _group(group, groups))
        case ["api", "v1"]:
            return ok(_resources("v1", [r for r in served if not r.group]))
        case ["apis", group, named] if (group, named) in groups:
            here = [r for r in served if (r.group, r.version) == (group, named)]
            return ok(_resources(f"{group}/{named}", here))
        case _:
            raise _nowhere(path, groups)


def _nowhere(path: str, groups: list[tuple[str, str]]) -> Refused:
    match path.strip("/").split("/"):
        case ["api", *_]:
            return no_such_resource()
        case ["apis", group, _] if is_built_in(group):
            return no_such_resource()
        case ["apis", *_]:
            return no_such_path()
        case _:
            paths = ["/api", "/api/v1", "/apis", *(f"/apis/{g}/{v}" for g, v in groups), "/version"]
            return Refused(ok({"paths": paths}, 404))


def _version(version: str) -> dict[str, str]:
    major, minor, _ = version.lstrip("v").split(".")
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": version,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "2025-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def _group(name: str, groups: list[tuple[str, str]]) -> dict[str, Any]:
    versions = [
        {"groupVersion": f"{group}/{version}", "version": version}
        for group, version in groups
        if group == name
    ]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(group_version: str, resources: list[Resource]) -> dict[str, Any]:
    listed = [
        {
            "name": resource.plural,
            "singularName": resource.kind.lower(),
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": _VERBS,
        }
        for resource in resources
    ]
    listed += [
        {
            "name": f"{resource.plural}/status",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": _STATUS_VERBS,
        }
        for resource in resources
        if resource.has_status
    ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": listed,
    }
