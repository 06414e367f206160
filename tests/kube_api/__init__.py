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
  tests/data/kube-api/custom/differences.yaml names (see docs/recordings.md).
- Built-in kinds, rights, access reviews, logs and revisions: so were 160 requests to a whole
  kube-apiserver 1.20 with its StatefulSet controller (tests/data/kube-api/core).
- client-go reads it: Debian's Prometheus 2.53 (client-go 0.32, list and watch) and 3.5 (0.36,
  streaming list, and its way back where the server refuses that) in all five discovery roles.
- The Python client reads objects, pages, watches, and their 410.
- Names of ControllerRevisions: those of the real controller; and the template of a revision
  printed from a cluster in 2022 hashes to the name it had there (`nginx-sts-6798d68dcd`).

Not compared: the text of logs, which a kubelet gives, and what newer servers than 1.20 say of
built-in kinds. Not served: forms other than JSON, strategic merge and server-side apply, exec, scale,
aggregated discovery, OpenAPI, admission (but that a namespace must be there) and schema validation.
managedFields stay as given: who writes through HTTP leaves no trace there.
"""

from tests.kube_api.access import User
from tests.kube_api.api import KubeApi
from tests.kube_api.apiserver import Logged
from tests.kube_api.resources import Object

__all__ = ["KubeApi", "Logged", "Object", "User"]
