"""A small Kubernetes API server on loopback, for the tests and the demo.

    with KubeApi() as api:
        api.apply({"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, ...})
        config = api.kubeconfig(tmp_path / "kubeconfig")

It speaks the real wire protocol: lists with selectors and paging, single objects, watches (plain
and WatchList), patches, RBAC, access reviews, pod logs, the pod proxy, discovery, and the Status
bodies of a real server.

What was compared with the real thing, and is kept so by tests/adapters/test_kube_api*.py:

- client-go reads it: Debian's Prometheus 2.53 (client-go 0.32, list and watch) and 3.5 (0.36,
  streaming list, and its way back where the server refuses that) in all five discovery roles.
- The Python client reads objects, pages, watches, and their 410.
- Names of ControllerRevisions: the template of a revision printed from a cluster in 2022 hashes
  to the name it had there (`nginx-sts-6798d68dcd`).
- Words and codes: the source of Kubernetes (apimachinery pkg/api/errors, apiserver's cacher.go,
  watch validation, rbac authorizer) and published transcripts: k3s 1.36 ends a streaming list
  with the annotated bookmark, and tells an expired watch as an ERROR event with code 410,
  `Expired`, `too old resource version: 1 (2)`; a failed `test` of a JSON patch is 422 `Invalid`
  without the name of the operation.

Not compared side by side with a running kube-apiserver. Not served: protobuf, tables, strategic
merge and server-side apply, dry run, exec, scale, aggregated discovery, OpenAPI, admission and
schema validation. managedFields stay as given: who writes through HTTP leaves no trace there.
"""

from tests.kube_api.access import User
from tests.kube_api.api import KubeApi
from tests.kube_api.apiserver import Logged
from tests.kube_api.resources import Object

__all__ = ["KubeApi", "Logged", "Object", "User"]
