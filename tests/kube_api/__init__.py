"""A small Kubernetes API server on loopback, for the tests and the demo.

    with KubeApi() as api:
        api.apply({"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, ...})
        config = api.kubeconfig(tmp_path / "kubeconfig")

It speaks the real wire protocol: lists with selectors and paging, single objects, watches (plain
and WatchList), patches, RBAC, access reviews, pod logs, the pod proxy, discovery, and the Status
bodies of a real server.

What was compared with the real thing, and is kept so by tests/adapters/test_kube_api*.py:

- Custom resources: some 260 requests were put to k8s.io/apiextensions-apiserver 0.36 with a real
  etcd, and are put to this server too; their answers are the same but for what
  tests/data/kube-api/differences.yaml names (see docs/recordings.md).
- client-go reads it: Debian's Prometheus 2.53 (client-go 0.32, list and watch) and 3.5 (0.36,
  streaming list, and its way back where the server refuses that) in all five discovery roles.
- The Python client reads objects, pages, watches, and their 410.
- Names of ControllerRevisions: the template of a revision printed from a cluster in 2022 hashes
  to the name it had there (`nginx-sts-6798d68dcd`).

Not compared side by side: what only a whole kube-apiserver has, as RBAC, access reviews, logs and
the defaults of built-in kinds; their words and codes are from the source of Kubernetes. Not served:
forms other than JSON, strategic merge and server-side apply, exec, scale, aggregated discovery,
OpenAPI, admission and schema validation. managedFields stay as given: who writes through HTTP leaves
no trace there.
"""

from tests.kube_api.access import User
from tests.kube_api.api import KubeApi
from tests.kube_api.apiserver import Logged
from tests.kube_api.resources import Object

__all__ = ["KubeApi", "Logged", "Object", "User"]
