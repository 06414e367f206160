"""A world in which everything that is read holds secrets."""

import base64
import json
from datetime import UTC, datetime, timedelta

import yaml

from tests.adapters.prometheus_answers import a_server, a_target, data
from tests.kube_objects import (
    a_namespace,
    a_pod,
    a_pod_monitor,
    a_probe,
    a_prometheus_pod,
    a_prometheus_resource,
    a_service,
    a_service_monitor,
    a_stateful_set,
    an_ingress,
    an_object,
    an_operator,
)

MONITORING = "monitoring.coreos.com"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
NOW = datetime.now(UTC)


def moment(**ago):
    return (NOW - timedelta(**ago)).isoformat(timespec="seconds").replace("+00:00", "Z")


def pool(name, namespace="shop", kind="serviceMonitor"):
    return f"{kind}/{namespace}/{name}" + ("/0" if kind.endswith("Monitor") else "")


class Cluster:
    """The objects. Each has secrets in its annotations, and in its fields where it can."""

    def __init__(self, marks):
        self.marks = marks

    def objects(self, lost, ways):
        """Of *lost* jobs the monitors; *ways* are the kinds of loss that they stand for."""
        for each in self._objects(lost, ways):
            yield self._annotated(each)

    def _annotated(self, raw):
        marks, kind = self.marks, raw["kind"]
        annotations = raw["metadata"].setdefault("annotations", {})
        annotations |= {
            LAST_APPLIED: json.dumps({"data": {"a": marks.plain(f"{kind} last-applied")}}),
            "shop.example/api-token": marks.plain(f"{kind} annotation token"),
            "shop.example/note": marks.words(f"{kind} annotation"),
        }
        raw["metadata"].setdefault("managedFields", []).append(
            {
                "manager": marks.words(f"{kind} field manager"),
                "operation": "Update",
                "time": moment(minutes=4),
                "fieldsV1": {"f:data": {f"f:{marks.words(f'{kind} managed field')}": {}}},
            }
        )
        return raw

    def _objects(self, lost, ways):
        marks = self.marks
        for name in ("monitoring", "shop"):
            yield a_namespace(name)
        yield self._prometheus()
        yield self._operator()
        yield an_object(
            "PrometheusAgent",
            "edge",
            "monitoring",
            f"{MONITORING}/v1alpha1",
            spec={
                "remoteWrite": self._remote_write("PrometheusAgent"),
                "serviceMonitorSelector": {},
            },
        )
        yield from self._monitors(lost)
        yield from self._pods()
        yield from self._events(lost, ways)
        for kind in ("Secret", "ConfigMap"):
            value = marks.plain(f"{kind} data")
            held = base64.b64encode(value.encode()).decode() if kind == "Secret" else value
            yield an_object(kind, "creds", "shop", data={"token": held, "tls.crt": held})
        yield an_object("Node", "node-1", status={"addresses": []})
        yield an_object("Endpoints", "web", "shop", subsets=[])
        yield an_object(
            "EndpointSlice",
            "web-1",
            "shop",
            "discovery.k8s.io/v1",
            endpoints=[],
            ports=[],
            addressType="IPv4",
        )
        yield an_ingress("web", {"host": "shop.example"})
        yield an_object(
            "NetworkPolicy", "deny", "shop", "networking.k8s.io/v1", spec={"podSelector": {}}
        )
        yield an_object(
            "DaemonSet",
            "prom-agent-edge",
            "monitoring",
            "apps/v1",
            spec=self._template("DaemonSet"),
        )
        yield an_object(
            "ControllerRevision",
            "prometheus-k8s-1",
            "monitoring",
            "apps/v1",
            revision=1,
            data={"spec": self._template("ControllerRevision")},
        )

    def _remote_write(self, of):
        marks = self.marks
        return [
            {
                "url": f"http://u:{marks.plain(f'{of} remoteWrite url')}@mimir/push?token={marks.plain(f'{of} remoteWrite query')}",
                "bearerToken": marks.plain(f"{of} remoteWrite bearerToken"),
                "headers": {"X-Api": marks.plain(f"{of} remoteWrite headers")},
            }
        ]

    def _prometheus(self):
        marks = self.marks
        resource = a_prometheus_resource(
            remoteWrite=self._remote_write("Prometheus"),
            externalUrl=f"http://u:{marks.plain('Prometheus externalUrl')}@prometheus/",
            apiserverConfig={
                "host": "https://api",
                "bearerToken": marks.plain("Prometheus apiserverConfig"),
            },
            probeSelector={},
            probeNamespaceSelector={},
            scrapeConfigSelector={},
            scrapeConfigNamespaceSelector={},
            containers=[
                {
                    "name": "prometheus",
                    "args": [f"--web.password={marks.plain('Prometheus args')}"],
                    "env": [{"name": "FOO", "value": marks.plain("Prometheus env")}],
                }
            ],
        )
        resource["status"] = {
            "conditions": [
                {
                    "type": kind,
                    "status": "False",
                    "reason": "ReconciliationFailed",
                    "message": text,
                    "lastTransitionTime": moment(minutes=30),
                }
                for kind, text in (
                    ("Reconciled", marks.words("Prometheus condition")),
                    ("Available", marks.words("Prometheus condition")),
                )
            ]
        }
        return resource

    def _operator(self):
        marks = self.marks
        operator = an_operator(labels={"app.kubernetes.io/name": "prometheus-operator"})
        container = operator["spec"]["template"]["spec"]["containers"][0]
        container["args"] = [
            f"--web.token={marks.plain('operator args')}",
            "--password",
            marks.plain("operator args apart"),
        ]
        container["env"] = [{"name": "PLAIN", "value": marks.plain("operator env")}]
        return operator

    def _template(self, of):
        marks = self.marks
        return {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "prometheus",
                            "args": [f"--password={marks.plain(f'{of} args')}"],
                            "env": [{"name": "PLAIN", "value": marks.plain(f"{of} env")}],
                        }
                    ]
                }
            }
        }

    def _monitors(self, lost):
        marks = self.marks
        for name in lost:
            yield a_service_monitor(
                name,
                "shop",
                endpoints=[
                    {
                        "port": "http",
                        "params": {
                            "token": [marks.plain("ServiceMonitor params token")],
                            "pw": [marks.plain("ServiceMonitor params pw")],
                        },
                        "proxyUrl": f"http://u:{marks.plain('ServiceMonitor proxyUrl')}@proxy",
                        "relabelings": [
                            {
                                "targetLabel": "__param_token",
                                "replacement": marks.plain("ServiceMonitor relabeling"),
                            }
                        ],
                    }
                ],
            )
        yield a_pod_monitor(
            "pods",
            "shop",
            podMetricsEndpoints=[
                {"port": "http", "params": {"code": [marks.plain("PodMonitor params")]}}
            ],
        )
        probe = a_probe(
            "sites",
            "shop",
            staticConfig={
                "static": [
                    f"http://u:{marks.plain('Probe static')}@shop.example/?token={marks.plain('Probe static query')}"
                ]
            },
        )
        probe["spec"]["prober"]["proxyUrl"] = f"http://u:{marks.plain('Probe proxyUrl')}@proxy"
        yield probe
        yield an_object(
            "ScrapeConfig",
            "files",
            "shop",
            f"{MONITORING}/v1alpha1",
            spec={
                "staticConfigs": [
                    {
                        "targets": [f"u:{marks.plain('ScrapeConfig target')}@host:9115"],
                        "labels": {"api_token": marks.plain("ScrapeConfig label")},
                    }
                ],
                "httpSDConfigs": [
                    {
                        "url": f"http://u:{marks.plain('ScrapeConfig httpSD')}@sd/?key={marks.plain('ScrapeConfig httpSD query')}"
                    }
                ],
                "consulSDConfigs": [
                    {"server": "consul:8500", "pathPrefix": "x", "tags": ["a"], "basicAuth": {}}
                ],
                "params": {"pass": [marks.plain("ScrapeConfig params")]},
            },
        )

    def _pods(self):
        marks = self.marks
        yield a_service("web", "shop", spec_note=marks.words("Service"))
        for pod in (
            a_prometheus_pod(ip="10.0.0.2"),
            a_pod("web-0", "shop"),
            a_pod(
                "prometheus-operator-1",
                "monitoring",
                "prometheus-operator",
                {"app.kubernetes.io/name": "prometheus-operator"},
            ),
        ):
            container = pod["spec"]["containers"][0]
            container["args"] = [
                f"--password={marks.plain('Pod args')}",
                "-token",
                marks.plain("Pod args apart"),
            ]
            container["env"] = [{"name": "PLAIN", "value": marks.plain("Pod env")}]
            pod["status"]["containerStatuses"] = [
                {
                    "name": container["name"],
                    "ready": False,
                    "restartCount": 3,
                    "state": {
                        "waiting": {
                            "reason": "CrashLoopBackOff",
                            "message": marks.words("Pod waiting message"),
                        }
                    },
                    "lastState": {
                        "terminated": {
                            "reason": "Error",
                            "exitCode": 1,
                            "message": marks.words("Pod terminated message"),
                            "finishedAt": moment(minutes=10),
                        }
                    },
                }
            ]
            pod["status"]["conditions"] = [
                {"type": "Ready", "status": "False", "message": marks.words("Pod condition")}
            ]
            yield pod
        stateful = a_stateful_set(mounts=[("/etc/prometheus/secrets/web", "web")])
        stateful["spec"]["template"]["spec"]["containers"][0] |= self._template("StatefulSet")[
            "template"
        ]["spec"]["containers"][0]
        yield stateful

    def _events(self, lost, ways):
        marks = self.marks
        about = [("ServiceMonitor", "shop", name) for name in lost] + [
            ("PodMonitor", "shop", "pods"),
            ("Probe", "shop", "sites"),
            ("ScrapeConfig", "shop", "files"),
            ("Prometheus", "monitoring", "k8s"),
            ("Pod", "monitoring", "prometheus-k8s-0"),
            ("StatefulSet", "monitoring", "prometheus-k8s"),
            ("Pod", "shop", "web-0"),
        ]
        for number, (kind, namespace, name) in enumerate(about):
            yield an_object(
                "Event",
                f"event-{number}",
                namespace,
                involvedObject={
                    "kind": kind,
                    "namespace": namespace,
                    "name": name,
                    "apiVersion": f"{MONITORING}/v1",
                },
                reason="InvalidConfiguration",
                type="Warning",
                message=f'"{name}" was rejected due to invalid configuration: {marks.words(f"Event about {kind}")}',
                lastTimestamp=moment(minutes=5),
                firstTimestamp=moment(minutes=6),
                reportingComponent="prometheus-operator-controller",
                source={"component": "prometheus-operator"},
                count=2,
            )


class Server:
    """The answers of a Prometheus."""

    def __init__(self, marks):
        self.marks = marks

    def replies(self, down, running, extra=()):
        marks = self.marks
        targets = []
        for number, (name, error) in enumerate(down.items()):
            target = a_target(name, number, "down", error)
            target["labels"] |= {
                "api_token": marks.plain("target label token"),
                "__param_password": marks.plain("target label param"),
            }
            target["discoveredLabels"] |= {
                "__param_token": marks.plain("discovered __param_token"),
                "__address__": f"u:{marks.plain('discovered address')}@10.0.0.1:9115",
            }
            target["scrapeUrl"] = (
                f"http://u:{marks.plain('scrapeUrl user')}@10.0.0.1:9115/metrics?token={marks.plain('scrapeUrl query')}&sid={marks.plain('scrapeUrl sid')}"
            )
            target["globalUrl"] = target["scrapeUrl"]
            targets.append(target)
        replies = a_server(*targets, jobs=[*down, *running], counts={})
        config = {
            "global": {"external_labels": {"api_token": marks.plain("config external label")}},
            "remote_write": [
                {
                    "url": f"http://u:{marks.plain('config remote_write')}@mimir/",
                    "headers": {"X-Api": marks.plain("config remote_write header")},
                    "bearer_token": marks.plain("config bearer_token"),
                }
            ],
            "scrape_configs": [
                {
                    "job_name": name,
                    "params": {
                        "token": [marks.plain("config params token")],
                        "pw": [marks.plain("config params pw")],
                    },
                    "proxy_url": f"http://u:{marks.plain('config proxy_url')}@proxy",
                    "basic_auth": {"username": "u", "password": marks.plain("config basic_auth")},
                    "authorization": {
                        "type": "Bearer",
                        "credentials": marks.plain("config authorization"),
                    },
                    "oauth2": {
                        "client_id": "x",
                        "client_secret": marks.plain("config oauth2"),
                        "endpoint_params": {"secret": marks.plain("config endpoint_params")},
                    },
                    "relabel_configs": [
                        {
                            "target_label": "__param_token",
                            "replacement": marks.plain("config relabel"),
                        }
                    ],
                    "static_configs": [
                        {
                            "targets": [f"u:{marks.plain('config target')}@host:9115"],
                            "labels": {"password": marks.plain("config label")},
                        }
                    ],
                    "http_headers": {"X-Api": {"values": [marks.plain("config http_headers")]}},
                    "consul_sd_configs": [
                        {"server": "consul:8500", "token": marks.plain("config consul")}
                    ],
                }
                for name in (*down, *running)
            ],
        }
        replies["/api/v1/status/config"] = data({"yaml": yaml.safe_dump(config, width=10_000)})
        sample = {
            "metric": {
                "job": "web",
                "api_token": marks.plain("sample label"),
                "__param_pw": marks.plain("sample param"),
            },
            "value": [NOW.timestamp(), "1"],
        }
        replies["/api/v1/query"] = data({"resultType": "vector", "result": [sample]})
        replies["/api/v1/rules"] = data(
            {"groups": [{"name": "g", "file": "f", "rules": self._rules()}]}
        )
        return replies

    def _rules(self):
        """Alerts that cannot fire while the jobs are lost, and one that always can."""
        marks = self.marks
        return [
            {
                "name": f"Alert{number}",
                "type": "alerting",
                "query": f'up{{job=~"serviceMonitor.*|down.*",api_token="{marks.plain("rule expression")}"}} == 0',
                "duration": 0,
                "labels": {"severity": "critical", "token": marks.plain("rule label")},
                "annotations": {"note": marks.words("rule annotation")},
                "alerts": [],
                "health": "err",
                "lastError": marks.words("rule error"),
                "state": "inactive",
            }
            for number in range(3)
        ]
