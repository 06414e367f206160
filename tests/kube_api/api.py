"""`KubeApi`: the server as tests and the demo use it, and the order in which a request is dealt with.

The order is the real server's: who are you (401), may you (403), is there such a thing (404).
"""

import base64
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.kube_api import discovery, pod_logs, pod_proxy, reading, watching, writing
from tests.kube_api.access import ADMIN, Access, User, service_account
from tests.kube_api.cluster import Clock, Cluster, wall_clock
from tests.kube_api.faults import Fault, Faults
from tests.kube_api.pod_logs import Log
from tests.kube_api.resources import NEW_EVENTS, PODS, Object, Resource, by_kind
from tests.kube_api.routes import Asked, Route, act_of, forbidden, route_of
from tests.kube_api.statuses import (
    Answer,
    Refused,
    method_not_allowed,
    no_such_path,
    not_found,
    ok,
    refuse,
    unauthorized,
)
from tests.kube_api.store import copied
from tests.kube_api.wire import Reply, Wire

_REASONS = {
    404: ("NotFound", "the server could not find the requested resource"),
    409: ("Conflict", "the server reported a conflict"),
    410: ("Expired", "The resourceVersion for the provided list is too old."),
    429: ("TooManyRequests", "the server has received too many requests, please try again later"),
    500: ("InternalError", "Internal error occurred: etcdserver: request timed out"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "request did not complete within the allotted timeout"),
}
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
_REVIEWS = ("subjectaccessreviews", "selfsubjectaccessreviews")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One request as the server saw it; `user` is empty when the token was not known."""

    method: str
    path: str
    query: dict[str, str]
    user: str


class KubeApi:
    """A Kubernetes API server on loopback, for `with`.

    Without `check_tokens`, a request that shows no token is the cluster's admin; with it, 401. A
    token that is shown must always be known, and its user may only do what the stored RBAC objects
    allow. `watch_list=False` behaves as a server before Kubernetes 1.32.
    """

    def __init__(
        self,
        *,
        tls: bool = False,
        check_tokens: bool = False,
        watch_list: bool = True,
        make_revisions: bool = True,
        version: str = "v1.33.1",
        clock: Clock = wall_clock,
    ) -> None:
        self.cluster = Cluster(clock, make_revisions=make_revisions)
        self.access = Access(self.cluster)
        self.logs: dict[tuple[str, str, str], Log] = {}
        self.previous_logs: dict[tuple[str, str, str], Log] = {}
        self.pod_address: dict[tuple[str, str], str] = {}
        self.ca_pem, context = _certificates() if tls else ("", None)
        self._clock = clock
        self._check_tokens = check_tokens
        self._watch_list = watch_list
        self._version = version
        self._faults = Faults()
        self._log: list[Logged] = []
        self._stopping = threading.Event()
        self._wire = Wire(self._answer, context)

    # ------------------------------------------------------------------ life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._wire.start()

    def stop(self) -> None:
        self._stopping.set()
        self.cluster.store.close()
        self._wire.stop()

    @property
    def url(self) -> str:
        return f"{'https' if self.ca_pem else 'http'}://{self._wire.address}"

    # --------------------------------------------------------------- objects

    def apply(self, given: Object) -> Object:
        """Create or replace the object, whole as given; answers it as the server keeps it."""
        if str(given.get("kind", "")).endswith("List") and "items" in given:
            return {"items": [self.apply(item) for item in given["items"]]}
        entry = self.cluster.write(_resource_of(given), copied(given))
        return _copy(entry.body)

    def apply_all(self, objects: Iterable[Object] | Path | str) -> list[Object]:
        """Objects, a directory of YAML files (or one file), or YAML text of several documents."""
        return [self.apply(each) for each in _documents(objects)]

    def get(self, kind: str, namespace: str | None, name: str) -> Object | None:
        entry = self.cluster.store.get(by_kind(kind), namespace or "", name)
        return _copy(entry.body) if entry else None

    def objects(self, kind: str, namespace: str | None = None) -> list[Object]:
        """All of a kind, by namespace and name."""
        entries = self.cluster.store.snapshot(by_kind(kind)).entries
        return [_copy(e.body) for e in entries if namespace in (None, e.key[0])]

    def delete(self, kind: str, namespace: str | None, name: str) -> None:
        """Delete it; KeyError when there is none."""
        if self.cluster.remove(by_kind(kind), namespace or "", name) is None:
            raise KeyError(f"no {kind} {namespace or ''}/{name} to delete")

    def compact(self) -> None:
        """Forget history: older watches and continue tokens get 410 from now on."""
        self.cluster.store.compact()

    # ---------------------------------------------------------------- access

    @property
    def token(self) -> str:
        """The admin's."""
        return self.access.admin_token

    def token_for(self, namespace: str, service_account_name: str) -> str:
        """A token of a ServiceAccount, which may do what the stored bindings allow."""
        return self.access.token_for(service_account(namespace, service_account_name))

    def allow(
        self, user: str, verb: str, group: str = "*", resource: str = "*", namespace: str = "*"
    ) -> None:
        """A right beside RBAC; the newest rule that fits wins."""
        self.access.add_rule(
            allowed=True, user=user, verb=verb, group=group, resource=resource, namespace=namespace
        )

    def deny(
        self, user: str, verb: str, group: str = "*", resource: str = "*", namespace: str = "*"
    ) -> None:
        self.access.add_rule(
            allowed=False, user=user, verb=verb, group=group, resource=resource, namespace=namespace
        )

    def kubeconfig(self, path: Path, token: str | None = None) -> Path:
        """Write a kubeconfig with the admin's token, or another; answers the path."""
        cluster: dict[str, str] = {"server": self.url}
        if self.ca_pem:
            authority = base64.b64encode(self.ca_pem.encode()).decode()
            cluster["certificate-authority-data"] = authority
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "local",
            "clusters": [{"name": "local", "cluster": cluster}],
            "users": [{"name": "local", "user": {"token": token or self.token}}],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": "local"}}],
        }
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        path.chmod(0o600)
        return path

    # ---------------------------------------------------------------- faults

    def fail(self, pattern: str, **how: Any) -> None:
        """Have requests whose path fits the glob fail; `how` is that of `Fault`."""
        self._faults.add(Fault(pattern=pattern, **how))

    def heal(self) -> None:
        self._faults.clear()

    @property
    def requests(self) -> list[Logged]:
        """All requests so far; `forget_requests` empties it."""
        return list(self._log)

    def forget_requests(self) -> None:
        self._log.clear()

    # -------------------------------------------------------------- requests

    def _answer(self, asked: Asked) -> Reply:
        user = self._user(asked)
        name = user.name if user else ""
        self._log.append(Logged(method=asked.method, path=asked.path, query=asked.query, user=name))
        fault = self._faults.take(asked.path)
        if fault is None:
            return self._right(asked, user)
        if fault.hang:
            self._stopping.wait(fault.hang)
        if fault.drop:
            return None
        if fault.half_json:
            return _half(self._right(asked, user))
        if fault.html:
            body = _HTML if fault.body is None else fault.body
            return Answer(fault.status or 200, body, "text/html")
        if fault.body is not None:
            return Answer(fault.status or 200, fault.body)
        return self._right(asked, user) if fault.status is None else _failed(asked, user, fault)

    def _user(self, asked: Asked) -> User | None:
        shown = asked.headers.get("authorization", "")
        if not shown:
            return None if self._check_tokens else ADMIN
        return self.access.user_of(shown.removeprefix("Bearer ").strip())

    def _right(self, asked: Asked, user: User | None) -> Reply:
        try:
            if user is None:
                raise unauthorized()
            route = route_of(asked.path)
            act = act_of(asked, route)
            if not self.access.decide(user, act).allowed:
                raise forbidden(user, act, route)
            if route is None:
                return self._unrouted(asked)
            if route.group == "authorization.k8s.io" and route.plural in _REVIEWS:
                return self._reviewed(asked, user)
            resource = route.resource
            if resource is None or not self.cluster.serves(resource):
                raise no_such_path()
            return self._of_resource(asked, route, resource)
        except Refused as refused:
            return refused.answer

    def _unrouted(self, asked: Asked) -> Answer:
        if asked.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        return discovery.answered(asked.path, self._version, self.cluster.serves)

    def _reviewed(self, asked: Asked, user: User) -> Answer:
        if asked.method != "POST":
            raise method_not_allowed()
        review = writing.decoded(asked)
        return ok(review | {"status": self.access.review(review, user)}, 201)

    def _of_resource(self, asked: Asked, route: Route, resource: Resource) -> Reply:
        if resource == PODS and route.subresource == "log":
            return self._pod_log(asked, route)
        if resource == PODS and route.subresource == "proxy":
            return self._pod_proxy(asked, route)
        if route.subresource not in ("", "status"):
            raise no_such_path()
        if asked.method != "GET":
            return writing.write(self.cluster, resource, route, asked)
        store = self.cluster.store
        if asked.watches:
            return watching.watch(store, resource, route, asked, watch_list=self._watch_list)
        if route.name:
            return reading.get(store, resource, route)
        return reading.list_(store, resource, route, asked)

    def _pod_log(self, asked: Asked, route: Route) -> Answer:
        pod = reading.found(self.cluster.store, PODS, route).body
        container = pod_logs.container_of(pod, asked.query)
        previous = asked.flag("previous")
        log = (self.previous_logs if previous else self.logs).get(
            (route.namespace, route.name, container)
        )
        if previous and log is None:
            message = f'previous terminated container "{container}" in pod "{route.name}" not found'
            raise refuse(400, "BadRequest", message)
        return pod_logs.answered("" if log is None else log, asked, self._clock())

    def _pod_proxy(self, asked: Asked, route: Route) -> Answer:
        _, pod, port = pod_proxy.pod_of(route.name)
        if self.cluster.store.get(PODS, route.namespace, pod) is None:
            raise not_found(PODS, pod)
        known = self.pod_address
        address = known.get((route.namespace, f"{pod}:{port}")) or known.get((route.namespace, pod))
        return pod_proxy.forwarded(asked, route, address)


def _failed(asked: Asked, user: User | None, fault: Fault) -> Answer:
    code, route = fault.status or 500, route_of(asked.path)
    if code == 401:
        return unauthorized().answer
    if code == 403:
        return forbidden(user or ADMIN, act_of(asked, route), route).answer
    reason, message = _REASONS.get(code, ("", f"status {code}"))
    return refuse(code, reason, message).answer


def _half(reply: Reply) -> Reply:
    if not isinstance(reply, Answer):
        return reply
    half = reply.body[: len(reply.body) // 2]
    return Answer(reply.code, half, reply.content_type, reply.headers)


def _copy(body: Object) -> Object:
    copy: Object = copied(body)
    return copy


def _resource_of(given: Object) -> Resource:
    resource = by_kind(given["kind"])
    if resource.kind == "Event" and str(given.get("apiVersion", "")).startswith("events."):
        return NEW_EVENTS
    return resource


def _documents(objects: Iterable[Object] | Path | str) -> list[Object]:
    if isinstance(objects, Path):
        files = sorted(objects.rglob("*.y*ml")) if objects.is_dir() else [objects]
        return [each for file in files for each in _documents(file.read_text(encoding="utf-8"))]
    if isinstance(objects, str):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return [each for each in yaml.load_all(objects, Loader=loader) if each]
    return list(objects)


def _certificates() -> tuple[str, ssl.SSLContext]:
    import trustme  # noqa: PLC0415 - only for those who ask for TLS

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return authority.cert_pem.bytes().decode(), context
