"""The order in which a request is dealt with, which is the real server's.

Who are you (401), may you (403), is there such a thing (404); only then what was asked for. A
fault that a test has set goes before all of it.
"""

import threading
from dataclasses import dataclass, replace

from tests.kube_api import deleting, discovery, pod_logs, pod_proxy, reading, watching, writing
from tests.kube_api.access import ADMIN, Access, User
from tests.kube_api.cluster import Clock, Cluster
from tests.kube_api.faults import Fault, Faults
from tests.kube_api.forms import check_form
from tests.kube_api.pod_logs import Log
from tests.kube_api.resources import PODS, Resource, is_built_in
from tests.kube_api.routes import Asked, Route, act_of, forbidden, route_of
from tests.kube_api.statuses import (
    Answer,
    Refused,
    bad_request,
    method_not_allowed,
    no_such_path,
    no_such_resource,
    not_found,
    ok,
    refuse,
    unauthorized,
)
from tests.kube_api.wire import Reply

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


class ApiServer:
    """Answers requests from the cluster; what a test sets beside the objects is public here."""

    def __init__(
        self,
        cluster: Cluster,
        *,
        clock: Clock,
        check_tokens: bool,
        watch_list: bool,
        version: str,
    ) -> None:
        self.cluster = cluster
        self.access = Access(cluster)
        self.faults = Faults()
        self.logs: dict[tuple[str, str, str], Log] = {}
        self.previous_logs: dict[tuple[str, str, str], Log] = {}
        self.pod_address: dict[tuple[str, str], str] = {}
        self.requests: list[Logged] = []
        self.stopping = threading.Event()
        self._clock = clock
        self._check_tokens = check_tokens
        self._watch_list = watch_list
        self._version = version

    def answer(self, asked: Asked) -> Reply:
        user = self._user(asked)
        name = user.name if user else ""
        self.requests.append(
            Logged(method=asked.method, path=asked.path, query=asked.query, user=name)
        )
        fault = self.faults.take(asked.path)
        if fault is None:
            return self._right(asked, user)
        if fault.hang:
            self.stopping.wait(fault.hang)
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
        return self.access.user_of(shown.partition(" ")[2].strip())  # the scheme in any case

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
                raise no_such_resource() if is_built_in(route.group) else no_such_path()
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
        review = writing.decoded(asked, "SubjectAccessReview")
        return ok(review | {"status": self.access.review(review, user)}, 201)

    def _of_resource(self, asked: Asked, route: Route, resource: Resource) -> Reply:
        if resource == PODS and route.subresource == "log":
            return self._pod_log(asked, route)
        if resource == PODS and route.subresource == "proxy":
            return self._pod_proxy(asked, route)
        if resource.namespaced and not route.namespace and (route.name or asked.method == "POST"):
            raise _without_namespace(resource, route)
        if route.subresource and not (route.subresource == "status" and resource.has_status):
            raise not_found(resource, route.name) if resource.custom else no_such_resource()
        if asked.method in ("GET", "HEAD"):
            return self._read(asked, route, resource)
        if asked.method == "DELETE":
            return deleting.delete(self.cluster, resource, route, asked)
        return writing.write(self.cluster, resource, route, asked)

    def _read(self, asked: Asked, route: Route, resource: Resource) -> Reply:
        check_form(asked)
        store = self.cluster.store
        if route.name:
            return reading.get(store, resource, route, asked)
        if asked.watches:
            return watching.watch(store, resource, route, asked, watch_list=self._watch_list)
        return reading.list_(store, resource, route, asked)

    def _pod_log(self, asked: Asked, route: Route) -> Answer:
        pod = reading.found(self.cluster.store, PODS, route).body
        container = pod_logs.container_of(pod, asked.query)
        pod_logs.check(route.name, asked)
        previous = asked.flag("previous")
        log = (self.previous_logs if previous else self.logs).get(
            (route.namespace, route.name, container)
        )
        if previous and log is None:
            message = f'previous terminated container "{container}" in pod "{route.name}" not found'
            raise refuse(400, "BadRequest", message)
        if log is None and not (pod.get("spec") or {}).get("nodeName"):
            return Answer(204, b"", "")
        return pod_logs.answered("" if log is None else log, asked, self._clock())

    def _pod_proxy(self, asked: Asked, route: Route) -> Answer:
        _, pod, port = pod_proxy.pod_of(route.name)
        entry = self.cluster.store.get(PODS, route.namespace, pod)
        if entry is None:
            raise not_found(PODS, pod)
        known = self.pod_address
        address = known.get((route.namespace, f"{pod}:{port}")) or known.get((route.namespace, pod))
        if address is None and not (entry.body.get("status") or {}).get("podIP"):
            raise bad_request("address not allowed")
        return pod_proxy.forwarded(asked, route, address)


def _without_namespace(resource: Resource, route: Route) -> Refused:
    if resource.custom:
        return no_such_path()
    return no_such_resource() if route.name else method_not_allowed()


def _failed(asked: Asked, user: User | None, fault: Fault) -> Answer:
    code, route = fault.status or 500, route_of(asked.path)
    if code == 401:
        return unauthorized().answer
    if code == 403:
        return forbidden(user or ADMIN, act_of(asked, route), route).answer
    reason, message = _REASONS.get(code, ("", f"status {code}"))
    waits = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    return replace(refuse(code, reason, message).answer, headers=waits)


def _half(reply: Reply) -> Reply:
    if not isinstance(reply, Answer):
        return reply
    half = reply.body[: len(reply.body) // 2]
    return Answer(reply.code, half, reply.content_type, reply.headers)
