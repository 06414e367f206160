"""Who asks, and may they: bearer tokens, RBAC computed from the stored roles and bindings, reviews.

Explicit `allow` and `deny` rules of a test go before RBAC. Not here: aggregated cluster roles,
impersonation, node authorization.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from tests.kube_api.cluster import Cluster
from tests.kube_api.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
    Object,
)

MASTERS = "system:masters"
EVERYBODY = "system:authenticated"
# What every authenticated user may do on a real server (system:discovery, system:basic-user).
_OPEN_PATHS = ("/api", "/apis", "/version", "/healthz", "/readyz", "/livez", "/openapi")
_SELF_REVIEWS = "selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True)
class User:
    name: str
    groups: tuple[str, ...] = (EVERYBODY,)


ADMIN = User("kubernetes-admin", (MASTERS, EVERYBODY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is asked for: a verb on a resource, or on a path that is none (`path`)."""

    verb: str
    group: str = ""
    resource: str = ""  # with its subresource: pods/log
    namespace: str = ""
    name: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    allowed: bool
    user: str
    verb: str
    group: str
    resource: str
    namespace: str

    def fits(self, user: User, act: Act) -> bool:
        pairs = (
            (self.user, user.name),
            (self.verb, act.verb),
            (self.group, act.group),
            (self.resource, act.resource),
            (self.namespace, act.namespace),
        )
        return not act.path and all(rule in ("*", asked) for rule, asked in pairs)


class Access:
    """Tokens and rights."""

    def __init__(self, cluster: Cluster) -> None:
        self.admin_token = secrets.token_urlsafe(24)
        self._cluster = cluster
        self._users = {self.admin_token: ADMIN}
        self._rules: list[_Rule] = []

    def token_for(self, user: User) -> str:
        """A token of this user; the same one each time."""
        for token, known in self._users.items():
            if known == user:
                return token
        token = secrets.token_urlsafe(24)
        self._users[token] = user
        return token

    def user_of(self, token: str) -> User | None:
        return self._users.get(token)

    def revoke(self, token: str) -> None:
        self._users.pop(token, None)

    def add_rule(
        self, *, allowed: bool, user: str, verb: str, group: str, resource: str, namespace: str
    ) -> None:
        self._rules.insert(0, _Rule(allowed, user, verb, group, resource, namespace))

    def decide(self, user: User, act: Act) -> Decision:
        if MASTERS in user.groups:
            return Decision(allowed=True)
        for rule in self._rules:
            if rule.fits(user, act):
                return Decision(rule.allowed)
        if EVERYBODY in user.groups:
            if act.path.startswith(_OPEN_PATHS):
                return _by_default("system:discovery")
            if (act.verb, act.resource) == ("create", _SELF_REVIEWS):
                return _by_default("system:basic-user")
        return self._by_rbac(user, act)

    def review(self, asked: Object, user: User) -> Object:
        """The status of a SubjectAccessReview, or of a SelfSubjectAccessReview by `user`."""
        spec = asked.get("spec") or {}
        if asked.get("kind") == "SubjectAccessReview":
            user = User(spec.get("user", ""), tuple(spec.get("groups") or ()))
        decision = self.decide(user, _act_of(spec))
        status: dict[str, Any] = {"allowed": decision.allowed}
        if decision.reason:
            status["reason"] = decision.reason
        return status

    def _by_rbac(self, user: User, act: Act) -> Decision:
        for resource in (CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS):
            for entry in self._cluster.store.snapshot(resource).entries:
                namespace, name = entry.key
                if resource == ROLE_BINDINGS and namespace != act.namespace:
                    continue
                to = _bound(entry.body, user, namespace)
                if to and self._grants(entry.body, act, namespace):
                    bound = f"{name}/{namespace}" if namespace else name
                    return Decision(
                        allowed=True,
                        reason=_reason(resource.kind, bound, entry.body["roleRef"], to),
                    )
        return Decision(allowed=False)

    def _grants(self, binding: Object, act: Act, namespace: str) -> bool:
        ref = binding["roleRef"]
        if ref["kind"] == "ClusterRole":
            role = self._cluster.store.get(CLUSTER_ROLES, "", ref["name"])
        else:
            role = self._cluster.store.get(ROLES, namespace, ref["name"])
        rules = (role.body.get("rules") or ()) if role else ()
        return any(_permits(rule, act) for rule in rules)


def service_account(namespace: str, name: str) -> User:
    return User(
        f"system:serviceaccount:{namespace}:{name}",
        (
            "system:serviceaccounts",
            f"system:serviceaccounts:{namespace}",
            EVERYBODY,
        ),
    )


def _act_of(spec: Object) -> Act:
    if path := (spec.get("nonResourceAttributes") or {}).get("path"):
        return Act(verb=spec["nonResourceAttributes"].get("verb", ""), path=path)
    asked = spec.get("resourceAttributes") or {}
    sub = asked.get("subresource")
    return Act(
        verb=asked.get("verb", ""),
        group=asked.get("group", ""),
        resource=f"{asked.get('resource', '')}{'/' + sub if sub else ''}",
        namespace=asked.get("namespace", ""),
        name=asked.get("name", ""),
    )


def _bound(binding: Object, user: User, namespace: str) -> str:
    """By which subject the user is bound, as the reason names it; empty when by none."""
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name", "")
        home = subject.get("namespace", namespace)
        match kind:
            case "ServiceAccount":
                if user.name == f"system:serviceaccount:{home}:{name}":
                    return f'{kind} "{name}/{home}"'
            case "Group":
                if name in user.groups:
                    return f'{kind} "{name}"'
            case _:
                if name == user.name:
                    return f'{kind} "{name}"'
    return ""


def _by_default(role: str) -> Decision:
    ref = {"kind": "ClusterRole", "name": role}
    reason = _reason("ClusterRoleBinding", role, ref, f'Group "{EVERYBODY}"')
    return Decision(allowed=True, reason=reason)


def _reason(kind: str, name: str, role: Object, to: str) -> str:
    return f'RBAC: allowed by {kind} "{name}" of {role["kind"]} "{role["name"]}" to {to}'


def _permits(rule: Object, act: Act) -> bool:
    if not {"*", act.verb} & set(rule.get("verbs") or ()):
        return False
    if act.path:
        paths = rule.get("nonResourceURLs") or ()
        return any(p == act.path or (p[-1:] == "*" and act.path.startswith(p[:-1])) for p in paths)
    sub = act.resource.partition("/")[2]
    names = rule.get("resourceNames") or ()
    return (
        bool({"*", act.group} & set(rule.get("apiGroups") or ()))
        and bool({"*", act.resource, f"*/{sub}"} & set(rule.get("resources") or ()))
        and (not names or act.name in names)
    )
