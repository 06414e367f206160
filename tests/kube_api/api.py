"""`KubeApi`: the server as tests and the demo use it: start, objects, rights, faults, stop."""

import base64
import ssl
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.kube_api.access import service_account
from tests.kube_api.apiserver import ApiServer, Logged
from tests.kube_api.cluster import Clock, Cluster, wall_clock
from tests.kube_api.faults import Fault
from tests.kube_api.resources import NEW_EVENTS, Object, Resource, by_kind
from tests.kube_api.store import copied
from tests.kube_api.wire import Wire


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
        self._server = ApiServer(
            self.cluster,
            clock=clock,
            check_tokens=check_tokens,
            watch_list=watch_list,
            version=version,
        )
        self.access = self._server.access
        self.logs, self.previous_logs = self._server.logs, self._server.previous_logs
        self.pod_address = self._server.pod_address
        self.ca_pem, context = _certificates() if tls else ("", None)
        self._wire = Wire(self._server.answer, context)

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
        self._server.stopping.set()
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
        self._server.faults.add(Fault(pattern=pattern, **how))

    def heal(self) -> None:
        self._server.faults.clear()

    @property
    def requests(self) -> list[Logged]:
        """All requests so far; `forget_requests` empties it."""
        return list(self._server.requests)

    def forget_requests(self) -> None:
        self._server.requests.clear()


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
