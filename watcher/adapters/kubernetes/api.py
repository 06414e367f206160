"""Reads the Kubernetes API: lists, single objects, logs, access reviews. Changes nothing.

Objects stay raw JSON, decoded by msgspec. What they mean is no business of this module. Safe to
be used by several threads of a bounded pool.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from watcher.adapters.http.session import BoundedSession
from watcher.adapters.kubernetes import session as kube_session
from watcher.adapters.kubernetes.changes import Changes, changes_since
from watcher.adapters.kubernetes.credentials import Credentials
from watcher.adapters.kubernetes.failures import (
    NoSuchResource,
    decoded,
    is_missing_object,
    refusal,
    unlike,
)
from watcher.adapters.kubernetes.pages import ALL, Listed, ManagedFields, Pages, Which
from watcher.adapters.kubernetes.resources import (
    ACCESS_REVIEWS,
    OWN_ACCESS_REVIEWS,
    POD_LOGS,
    PODS,
    Resource,
    is_path_segment,
)
from watcher.adapters.kubernetes.transport import SOURCE, Transport
from watcher.adapters.tape import LIVE, Tape
from watcher.model.facts import AccessReview
from watcher.model.kube import KubeObject, text
from watcher.settings import KubernetesSettings

__all__ = ["ALL", "SOURCE", "KubeApi", "ManagedFields", "NoSuchResource", "Which", "connect"]


def connect(
    settings: KubernetesSettings | None, tape: Tape = LIVE, drafts: Sequence[KubeObject] = ()
) -> "KubeApi | None":
    """The API server that *settings* or the surroundings name; None when there is none.

    All is asked of it through *tape*; *drafts* are as if they had been applied. Raises ConfigError for a kubeconfig that cannot be used. Asks the server nothing yet.
    """
    credentials = kube_session.load(settings)
    if credentials is None:
        return None
    timeout = (settings or KubernetesSettings()).timeout.total_seconds()
    return KubeApi(credentials, timeout, tape, drafts)


def recorded(server: str, tape: Tape) -> "KubeApi":
    """The API server that was at *server* when *tape* was recorded; nothing is asked of it."""
    return KubeApi(
        kube_session.nobody_at(server), KubernetesSettings().timeout.total_seconds(), tape
    )


class _Review(msgspec.Struct):
    class Status(msgspec.Struct):
        allowed: bool
        reason: str = ""

    status: Status


class _Served(msgspec.Struct):
    class Resource(msgspec.Struct):
        name: str

    resources: list[Resource]


class KubeApi:
    """One API server. All methods raise SourceUnavailable for what could not be read.

    *drafts* are objects that are not there yet: lists and reads hold them as if they were, in the
    place of those of the same name.
    """

    def __init__(
        self,
        credentials: Credentials,
        timeout: float,
        tape: Tape = LIVE,
        drafts: Sequence[KubeObject] = (),
    ) -> None:
        self._drafts = drafts
        self._credentials = credentials
        self.server: str = str(credentials.configuration.host).rstrip("/")
        """Its address, without a slash at the end."""
        self._timeout = timeout
        session = kube_session.session(credentials, timeout)
        self._transport = Transport(session, self.server, timeout, tape)

    def list(
        self, resource: Resource, namespace: str = "", which: Which = ALL
    ) -> tuple[KubeObject, ...]:
        """The objects of *resource*, of one namespace or of all.

        From the API server's cache (``resourceVersion=0``). Half a list is never given for the
        whole. Raises NoSuchResource when the API server does not know the resource. ``kind`` and
        ``apiVersion``, which lists leave out, are put in.
        """
        return self.listed(resource, namespace, which).objects

    def listed(self, resource: Resource, namespace: str = "", which: Which = ALL) -> Listed:
        """As ``list``, with the version from which ``changes`` continues."""
        listed = Pages(self._transport, resource, namespace, which).all()
        own = {d.full_name: d for d in self._of(resource) if namespace in {"", d.namespace}}
        if not own or which.labels or which.fields:
            return listed
        there = (each for each in listed.objects if each.full_name not in own)
        return replace(listed, objects=(*there, *own.values()))

    def _of(self, resource: Resource) -> Iterator[KubeObject]:
        """The drafts of *resource*; the API group decides, not the version."""
        for draft in self._drafts:
            group = (text(draft.raw, "apiVersion") or "").rpartition("/")[0]
            if draft.kind == resource.kind and group == resource.group:
                yield draft

    def changes(
        self, resource: Resource, namespace: str, which: Which, version: str
    ) -> Changes | None:
        """What changed in a list since *version*; None where it has to be read again as a whole."""
        return changes_since(self._transport, resource, namespace, which, version)

    def get(self, resource: Resource, namespace: str, name: str) -> KubeObject | None:
        """One object, None when it is not there.

        Raises NoSuchResource when the API server does not even know its kind.
        """
        if not is_path_segment(name):
            return None  # no object can have it, so none is asked for
        for draft in self._of(resource):
            if (draft.namespace, draft.name) == (namespace, name):
                return draft
        answer = self._transport.ask(resource.path(namespace, name))
        if answer.status == 404 and is_missing_object(answer, name):  # noqa: PLR2004
            return None
        if not answer.ok:
            raise refusal(answer, resource, "get", namespace)
        found = decoded(answer, dict[str, Any], f"one of {resource.qualified}")
        if found.setdefault("kind", resource.kind) != resource.kind:
            raise unlike(answer, f"one of {resource.qualified}")
        return KubeObject(found)

    def log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        since: datetime | None = None,
        last_lines: int | None = None,
        limit_bytes: int | None = None,
    ) -> str:
        """Log of a container (of the one before it with *previous*), its oldest lines first.

        *limit_bytes* cuts off what is newer, *last_lines* what is older.
        """
        query = {"container": container}
        query |= {"previous": "true"} if previous else {}
        query |= {"sinceTime": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"} if since else {}
        query |= {"tailLines": str(last_lines)} if last_lines else {}
        query |= {"limitBytes": str(limit_bytes)} if limit_bytes else {}
        path = f"{PODS.path(namespace, pod)}/log"
        answer = self._transport.ask(path, query, limit=limit_bytes)
        if not answer.ok:
            raise refusal(answer, POD_LOGS, "get", namespace)
        return answer.body.decode(errors="replace")

    def may(self, account: tuple[str, str], verb: str, what: Resource, where: str) -> AccessReview:
        """Whether a ServiceAccount (namespace, name) may do *verb*; *where* "" is everywhere.

        Asks by a SubjectAccessReview, which changes nothing.
        """
        user = f"system:serviceaccount:{account[0]}:{account[1]}"
        asked = {"verb": verb, "group": what.group, "resource": what.plural, "namespace": where}
        groups = ("serviceaccounts", f"serviceaccounts:{account[0]}", "authenticated")
        review = {
            "apiVersion": ACCESS_REVIEWS.api_version,
            "kind": ACCESS_REVIEWS.kind,
            "spec": {
                "user": user,
                "groups": [f"system:{group}" for group in groups],
                "resourceAttributes": asked,
            },
        }
        answer = self._transport.ask(ACCESS_REVIEWS.path(), post=review)
        if not answer.ok:
            raise refusal(answer, ACCESS_REVIEWS, "create", "")
        status = decoded(answer, _Review, "an access review").status
        return AccessReview(
            user=user,
            verb=verb,
            group=what.group,
            resource=what.plural,
            namespace=where,
            allowed=status.allowed,
            reason=status.reason,
        )

    def may_we(self, verb: str, what: Resource, where: str = "") -> bool:
        """Whether this watcher itself may do *verb*; *where* "" is everywhere. Changes nothing."""
        asked = {"verb": verb, "group": what.group, "resource": what.plural, "namespace": where}
        if "/" in what.plural:
            asked["resource"], asked["subresource"] = what.plural.split("/")
        review = {
            "apiVersion": OWN_ACCESS_REVIEWS.api_version,
            "kind": OWN_ACCESS_REVIEWS.kind,
            "spec": {"resourceAttributes": asked},
        }
        answer = self._transport.ask(OWN_ACCESS_REVIEWS.path(), post=review)
        if not answer.ok:
            raise refusal(answer, OWN_ACCESS_REVIEWS, "create", "")
        return decoded(answer, _Review, "an access review").status.allowed

    def plurals(self, group: str, version: str) -> frozenset[str]:
        """Names of the resources that the API server serves; none where it lacks the group.

        Needs no right: every account that is known may ask.
        """
        answer = self._transport.ask(f"/apis/{group}/{version}")
        if answer.status == 404:  # noqa: PLR2004
            return frozenset()
        if not answer.ok:
            raise refusal(answer, Resource(group, version, "", "", namespaced=False), "list", "")
        found = decoded(answer, _Served, f"the resources of {group}/{version}")
        return frozenset(resource.name for resource in found.resources)

    def proxy_url(self, namespace: str, pod: str, port: int | str, scheme: str = "http") -> str:
        """Address of a Pod's port by way of the API server, which needs ``get pods/proxy``."""
        target = f"{'https:' if scheme == 'https' else ''}{pod}:{port}"
        return f"{self.server}{PODS.path(namespace, target)}/proxy"

    def proxy_session(self) -> BoundedSession:
        """A session of its own, with the cluster's TLS and credentials, for such addresses."""
        return kube_session.session(self._credentials, self._timeout)

    @property
    def calls(self) -> int:
        """How many requests were made so far."""
        return self._transport.calls

    @property
    def bytes_read(self) -> int:
        """How many bytes of answers were read so far, unpacked."""
        return self._transport.bytes_read

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
