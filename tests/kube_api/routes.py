"""Paths of the API, read into what they name, and the act that a request is for RBAC."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.kube_api.access import Act, User
from tests.kube_api.resources import NAMESPACES, Resource, by_path
from tests.kube_api.statuses import Refused, bad_request, refuse

_OF_NAMESPACES = ("status", "finalize")
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in; `query` keeps the last value of a repeated parameter."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    raw_query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def watches(self) -> bool:
        return self.flag("watch")

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip()

    def flag(self, name: str) -> bool:
        return self.query.get(name, "0") not in ("0", "false")

    def number(self, name: str) -> int | None:
        """A whole number of the query, None when absent; 400 when it is no number."""
        text = self.query.get(name, "")
        if not re.fullmatch(r"-?\d*", text):
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        return int(text) if text else None

    @property
    def version(self) -> int | None:
        """The resourceVersion that is asked for, None when none is."""
        text = self.query.get("resourceVersion", "")
        if text and not text.isdigit():
            why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": '
            if self.watches:
                raise refuse(500, "", f"{why}invalid syntax")
            raise bad_request(f"invalid resource version: {why}invalid syntax")
        return int(text) if text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path under `/api/v1` or `/apis/GROUP/VERSION` that names a resource."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""  # what follows the subresource, with its leading slash

    @property
    def resource(self) -> Resource | None:
        return by_path(self.group, self.version, self.plural)

    @property
    def qualified(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


def route_of(path: str) -> Route | None:
    """None for paths that name no resource: discovery, /version, health."""
    parts = [unquote(part) for part in path.split("/")][1:]
    match parts:
        case ["api", "v1", plural, *more] if plural:
            return _route("", "v1", plural, more)
        case ["apis", group, version, plural, *more] if plural:
            return _route(group, version, plural, more)
        case _:
            return None


def act_of(asked: Asked, route: Route | None) -> Act:
    if route is None:
        return Act(verb=asked.method.lower(), path=asked.path)
    sub = f"/{route.subresource}" if route.subresource else ""
    return Act(
        verb=_verb(asked, route),
        group=route.group,
        resource=route.plural + sub,
        # A namespace is itself an object "in" that namespace, as on a real server.
        namespace=route.name if route.plural == NAMESPACES.plural else route.namespace,
        name=route.name or _only_name(asked),
    )


def _only_name(asked: Asked) -> str:
    """The one name that a list, watch or deletion of all is about by its selector."""
    found = re.fullmatch(r"metadata\.name==?([^,=]+)", asked.query.get("fieldSelector", ""))
    return found[1] if found else ""


def forbidden(user: User, act: Act, route: Route | None) -> Refused:
    """403 in the real server's words."""
    if route is None:
        message = f'forbidden: User "{user.name}" cannot {act.verb} path "{act.path}"'
        return refuse(403, "Forbidden", message, {})
    where = f'in the namespace "{act.namespace}"' if act.namespace else "at the cluster scope"
    named = f' "{act.name}"' if act.name else ""
    message = (
        f'{route.qualified}{named} is forbidden: User "{user.name}" cannot {act.verb} resource '
        f'"{act.resource}" in API group "{act.group}" {where}'
    )
    details = {"name": act.name, "group": route.group, "kind": route.plural}
    return refuse(403, "Forbidden", message, {k: v for k, v in details.items() if v})


def _route(group: str, version: str, plural: str, more: list[str]) -> Route:
    namespace = ""
    if plural == "namespaces" and len(more) >= 2 and more[1] not in _OF_NAMESPACES:
        namespace, plural, more = more[0], more[1], more[2:]
    name, subresource, *rest = [*more, "", ""]
    tail = "".join(f"/{part}" for part in rest[: len(more) - 2]) if len(more) > 2 else ""
    return Route(
        group=group,
        version=version,
        plural=plural,
        namespace=namespace,
        name=name,
        subresource=subresource,
        rest=tail,
    )


def _verb(asked: Asked, route: Route) -> str:
    if asked.method == "DELETE" and not route.name:
        return "deletecollection"
    if asked.method in _VERBS:
        return _VERBS[asked.method]
    if asked.watches:
        return "watch"
    return "get" if route.name else "list"
