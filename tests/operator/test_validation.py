import pytest

from tests.operator.things import (
    kube_prometheus,
    pod_monitor,
    probe,
    prometheus,
    scrape_config,
    service_monitor,
)
from tests.pems import verdicts
from watcher.model.facts import Known, Unavailable
from watcher.operator.rejection import Reason
from watcher.operator.validation import validate
from watcher.operator.versions import ERAS

KEYS = {
    "secret/monitoring/tls": Known(
        verdicts(
            tls__crt="certificate one",
            tls__key="key one",
            ca__crt="certificate ca",
            other__key="key two",
            rsa__key="key rsa-two",
            bundle="certificate one + certificate ca",
            both="key one + certificate one",
            password="hunter2",
            nothing="",
        )
    ),
    "secret/monitoring/gone": Known(None),
    "configmap/monitoring/ca": Known(
        verdicts(kind="ConfigMap", ca__crt="certificate ca", password="hunter2")
    ),
}
CERT = {"secret": {"name": "tls", "key": "tls.crt"}}
KEY = {"name": "tls", "key": "tls.key"}
USER = {"name": "tls", "key": "password"}
PAIR = {"cert": CERT, "keySecret": KEY}
IN_NOTHING = {"matchExpressions": [{"key": "a", "operator": "In"}]}


def judged(monitor, resource, keys):
    """As the newest operator that is known judges it."""
    return validate(monitor, resource, keys, ERAS[-1])


def endpoint(**fields):
    return service_monitor({"port": "web", **fields})


def pod_endpoint(**fields):
    return pod_monitor({"port": "web", **fields})


def relabeled(**rule):
    return endpoint(relabelings=[rule])


def first(monitor, **spec):
    found = judged(monitor, prometheus(**spec), KEYS)
    return found.rejections[0]


DENIED = {"arbitraryFSAccessThroughSMs": {"deny": True}}
OLD = {"version": "2.16.0"}

REJECTED = [
    (service_monitor(spec={"selector": IN_NOTHING}), {}, Reason.SELECTOR, "at least one value"),
    (
        pod_monitor(spec={"selector": IN_NOTHING}),
        {},
        Reason.SELECTOR,
        "failed to parse label selector: ",
    ),
    (
        service_monitor(spec={"selectorMechanism": "RoleSelector"}),
        OLD,
        Reason.SELECTOR_MECHANISM,
        "only supported in Prometheus 2.17.0",
    ),
    (
        endpoint(bearerTokenFile="/var/run/token"),
        DENIED,
        Reason.TOKEN_FILE_DENIED,
        "endpoints[0]: it accesses file system via bearer token file which",
    ),
    (
        endpoint(tlsConfig={"caFile": "/ca"}),
        DENIED,
        Reason.TLS_FILE_DENIED,
        "endpoints[0]: it accesses file system via tls config which",
    ),
    (
        pod_endpoint(
            authorization={"credentials": KEY}, basicAuth={"username": KEY, "password": KEY}
        ),
        {},
        Reason.SEVERAL_AUTH_METHODS,
        "endpoint[0]: authorization and basicAuth cannot be configured at the same time",
    ),
    (
        endpoint(authorization={"type": "Basic", "credentials": KEY}),
        {},
        Reason.AUTHORIZATION,
        'authorization: \'authorization\' type cannot be set to "basic", use "basicAuth" instead',
    ),
    (
        endpoint(authorization={"type": "Bearer"}),
        {},
        Reason.AUTHORIZATION,
        "'authorization' credentials are required",
    ),
    (
        endpoint(tlsConfig={"ca": CERT, "caFile": "/ca"}),
        {},
        Reason.TLS,
        "tlsConfig: cannot specify both 'caFile' and 'ca'",
    ),
    (
        endpoint(tlsConfig={"certFile": "/crt"}),
        {},
        Reason.TLS,
        "cannot specify client cert without client key",
    ),
    (
        endpoint(tlsConfig={"keyFile": "/key"}),
        {},
        Reason.TLS,
        "cannot specify client key without client cert",
    ),
    (
        endpoint(tlsConfig={"cert": CERT, "keyFile": "/key", "keySecret": KEY}),
        {},
        Reason.TLS,
        "cannot specify both 'keyFile' and 'keySecret'",
    ),
    (
        pod_endpoint(tlsConfig={"cert": CERT}),
        {},
        Reason.SAFE_TLS,
        "client cert specified without client key",
    ),
    (
        scrape_config(tlsConfig={"keySecret": KEY}),
        {},
        Reason.SAFE_TLS,
        "client key specified without client cert",
    ),
    (
        probe(tlsConfig={"minVersion": "TLS13", "maxVersion": "TLS12"}),
        {},
        Reason.SAFE_TLS,
        "maxVersion must more than or equal to minVersion",
    ),
    (
        endpoint(bearerTokenSecret={"name": "gone", "key": "token"}),
        {},
        Reason.REFERENCE_MISSING,
        'bearerTokenSecret: unable to get secret "gone": secrets "gone" not found',
    ),
    (
        scrape_config(basicAuth={"username": KEY, "password": {"name": "tls", "key": "pw"}}),
        {},
        Reason.KEY_MISSING,
        'failed to get basic auth password: key "pw" in secret "tls" not found',
    ),
    (
        endpoint(tlsConfig={"ca": {"configMap": {"name": "ca", "key": "x"}}}),
        {},
        Reason.KEY_MISSING,
        'tlsConfig: failed to get ca: key "x" in configmap "ca" not found',
    ),
    (
        endpoint(tlsConfig={"ca": {"secret": {"name": "tls", "key": "password"}}}),
        {},
        Reason.PEM,
        "endpoints[0]: tlsConfig: ca <secret=tls,key=password>: failed to decode PEM block",
    ),
    (
        pod_endpoint(tlsConfig={"ca": {"secret": KEY}}),
        {},
        Reason.PEM,
        "endpoint[0]: tlsConfig: ca <secret=tls,key=tls.key>: failed to parse certificate",
    ),
    (
        probe(tlsConfig={"ca": {"configMap": {"name": "ca", "key": "password"}}}),
        {},
        Reason.PEM,
        "tlsConfig: ca <configmap=ca,key=password>: failed to decode PEM block",
    ),
    (
        scrape_config(tlsConfig=PAIR | {"keySecret": {"name": "tls", "key": "other.key"}}),
        {},
        Reason.PEM,
        "key <tls/other.key>: tls: private key does not match public key",
    ),
    (
        endpoint(tlsConfig=PAIR | {"keySecret": {"name": "tls", "key": "rsa.key"}}),
        {},
        Reason.PEM,
        "tls: private key type does not match public key type",
    ),
    (
        endpoint(tlsConfig={"cert": {"secret": KEY}, "keySecret": CERT["secret"]}),
        {},
        Reason.PEM,
        "did find a private key; PEM inputs may have been switched",
    ),
    (
        endpoint(tlsConfig=PAIR | {"keySecret": {"name": "tls", "key": "password"}}),
        {},
        Reason.PEM,
        "tls: failed to find any PEM data in key input",
    ),
    (
        endpoint(oauth2={"clientId": {"secret": KEY}, "clientSecret": KEY}),
        {},
        Reason.OAUTH2,
        "oauth2: OAuth2 tokenURL must be specified",
    ),
    (
        endpoint(oauth2={"tokenUrl": "http://t", "clientSecret": KEY}),
        {},
        Reason.OAUTH2,
        "OAuth2 'clientID' must be specified",
    ),
    (
        endpoint(interval="10s", scrapeTimeout="30s"),
        {},
        Reason.TIMEOUT,
        'scrapeTimeout "30s" greater than scrapeInterval "10s"',
    ),
    (
        scrape_config(scrapeTimeout="1m"),
        {"scrapeInterval": "45s"},
        Reason.TIMEOUT,
        'scrapeTimeout "1m" greater than scrapeInterval "45s"',
    ),
    (
        endpoint(interval="often", scrapeTimeout="1s"),
        {},
        Reason.TIMEOUT,
        'invalid scrapeInterval "often"',
    ),
    (
        relabeled(regex="(", targetLabel="a"),
        {},
        Reason.RELABELING,
        "relabelConfigs: [0]: invalid regex (",
    ),
    (relabeled(regex="a(?=b)", targetLabel="a"), {}, Reason.RELABELING, "invalid regex a(?=b)"),
    (
        relabeled(action="replace"),
        {},
        Reason.RELABELING,
        "relabel configuration for replace action needs targetLabel value",
    ),
    (
        relabeled(targetLabel="a-b"),
        {"version": "2.53.0"},
        Reason.RELABELING,
        "\"a-b\" is invalid 'target_label' for replace action",
    ),
    (
        relabeled(action="hashmod", targetLabel="a"),
        {},
        Reason.RELABELING,
        "hashmod requires non-zero modulus",
    ),
    (
        relabeled(action="keepequal", targetLabel="a"),
        {"version": "2.40.0"},
        Reason.RELABELING,
        "keepequal relabel action is only supported from Prometheus version 2.41.0",
    ),
    (
        relabeled(action="Lowercase", targetLabel="a"),
        {"version": "2.35.0"},
        Reason.RELABELING,
        "Lowercase relabel action is only supported from Prometheus version 2.36.0",
    ),
    (
        relabeled(action="labeldrop", regex="a", sourceLabels=["b"]),
        {},
        Reason.RELABELING,
        "labeldrop action requires only 'regex', and no other fields",
    ),
    (
        relabeled(action="dropequal", targetLabel="a", regex="b"),
        {},
        Reason.RELABELING,
        "dropequal action requires only 'source_labels' and `target_label`",
    ),
    (
        endpoint(
            metricRelabelings=[{"action": "uppercase", "targetLabel": "a", "replacement": "x"}]
        ),
        {},
        Reason.RELABELING,
        "metricRelabelConfigs: [0]: 'replacement' can not be set for uppercase action",
    ),
    (
        service_monitor(spec={"scrapeClass": "x"}),
        {},
        Reason.SCRAPE_CLASS,
        'scrapeClassName: scrapeClass "x" not found in Prometheus scrapeClasses',
    ),
    (
        scrape_config(scrapeClass="x"),
        {},
        Reason.SCRAPE_CLASS,
        'scrapeClass "x" not found in Prometheus scrapeClasses',
    ),
    (
        endpoint(proxyConnectHeader={"A": [KEY]}),
        {},
        Reason.PROXY,
        "if proxyConnectHeader is configured, proxyUrl or proxyFromEnvironment must also be",
    ),
    (
        scrape_config(noProxy="a"),
        {},
        Reason.PROXY,
        "if noProxy is configured, proxyUrl must also be configured",
    ),
    (
        probe(targets={}),
        {},
        Reason.NO_TARGETS,
        "at least one of .spec.targets.staticConfig and .spec.targets.ingress is required",
    ),
    (
        probe(prober={"url": "http://bb:9115"}),
        {},
        Reason.PROBER_URL,
        '"http://bb:9115" url specified in proberSpec is invalid, it should be of the format',
    ),
    (
        probe(prober={"url": "bb/probe"}),
        {},
        Reason.PROBER_URL,
        'invalid host: "bb/probe"',
    ),
    (
        probe(targets={"staticConfig": {"static": ["a"], "labels": {"a-b": "c"}}}),
        {"version": "2.53.0"},
        Reason.STATIC_LABEL,
        'targets.staticConfig.labels: invalid label "a-b"',
    ),
    (
        scrape_config(staticConfigs=[{"targets": ["a"], "labels": {"": "c"}}]),
        {},
        Reason.STATIC_LABEL,
        'staticConfigs: [0]: invalid label ""',
    ),
    (
        scrape_config(),
        {"version": "2.39.0"},
        Reason.DISCOVERY,
        "OVHCloudSDConfigs: OVHCloud SD configuration is only supported",
    ),
    (
        scrape_config(dnsSDConfigs=[{"names": ["a"], "type": "A"}]),
        {},
        Reason.DISCOVERY,
        'dnsSDConfigs: [0]: port required for record type "A"',
    ),
    (
        scrape_config(kubernetesSDConfigs=[{"role": "Pod", "selectors": [{"role": "Node"}]}]),
        {},
        Reason.DISCOVERY,
        "kubernetesSDConfigs: [0]: Pod role supports only pod selectors",
    ),
    (
        scrape_config(azureSDConfigs=[{"subscriptionID": "a"}]),
        {},
        Reason.DISCOVERY,
        "azureSDConfigs: [0]: configuration requires a tenantID",
    ),
    (
        scrape_config(puppetDBSDConfigs=[{"url": "ftp://a"}]),
        {},
        Reason.DISCOVERY,
        "URL scheme must be 'http' or 'https'",
    ),
    (
        scrape_config(consulSDConfigs=[{"server": "a", "filter": "b"}]),
        {"version": "2.53.0"},
        Reason.DISCOVERY,
        "field `config.Filter` is only supported for Prometheus version >= 3.0.0",
    ),
    (
        scrape_config(httpSDConfigs=[{"url": "10.0.0.1:8080/sd"}]),
        {},
        Reason.DISCOVERY,
        'httpSDConfigs: [0]: parse "10.0.0.1:8080/sd": first path segment in URL cannot contain',
    ),
    (
        scrape_config(dockerSDConfigs=[{"host": "tcp://a:b"}]),
        {},
        Reason.DISCOVERY,
        'dockerSDConfigs: [0]: parse "tcp://a:b": invalid port ":b" after host',
    ),
    (
        scrape_config(dockerSwarmSDConfigs=[{"host": "tcp://a b", "role": "Nodes"}]),
        {},
        Reason.DISCOVERY,
        'invalid character " " in host name',
    ),
    (
        scrape_config(puppetDBSDConfigs=[{"url": "http://a:b"}]),
        {},
        Reason.DISCOVERY,
        'puppetDBSDConfigs: [0]: parse "http://a:b": invalid port',
    ),
    (
        scrape_config(kumaSDConfigs=[{"server": "http://a:b"}]),
        {},
        Reason.DISCOVERY,
        'kumaSDConfigs: [0]: cannot parse server: parse "http://a:b": invalid port',
    ),
    (
        scrape_config(kumaSDConfigs=[{"server": "a.example"}]),
        {},
        Reason.DISCOVERY,
        "must not be empty and have a scheme: a.example",
    ),
    (
        scrape_config(
            kubernetesSDConfigs=[{"role": "Node", "selectors": [{"role": "Node", "field": "a"}]}]
        ),
        {},
        Reason.DISCOVERY,
        "invalid selector: 'a'; can't understand 'a'",
    ),
    (
        scrape_config(
            azureSDConfigs=[
                {"tenantID": "a", "clientID": "b", "clientSecret": {"name": "tls", "key": "no"}}
            ]
        ),
        {},
        Reason.KEY_MISSING,
        'azureSDConfigs: [0]: key "no" in secret "tls" not found',
    ),
]


@pytest.mark.parametrize(("monitor", "spec", "reason", "words"), REJECTED)
def test_what_the_operator_rejects_is_told_in_its_words(monitor, spec, reason, words):
    found = first(monitor, **spec)

    assert found.reason is reason
    assert words in found.text


def test_every_reason_of_rejection_has_a_case():
    assert {reason for _, _, reason, _ in REJECTED} == set(Reason)


GOOD = [
    service_monitor(),
    pod_monitor(),
    probe(),
    scrape_config(),
    service_monitor(spec={"endpoints": []}),
    endpoint(tlsConfig={"ca": {"configMap": {"name": "ca", "key": "ca.crt"}}}),
    endpoint(tlsConfig={"cert": CERT, "keySecret": KEY, "minVersion": "TLS12"}),
    endpoint(tlsConfig={"caFile": "/a", "certFile": "/b", "keyFile": "/c"}),
    endpoint(bearerTokenFile="/t", basicAuth={"username": KEY, "password": KEY}),
    endpoint(authorization={"credentials": KEY}, interval="1h", scrapeTimeout="1m30s"),
    endpoint(bearerTokenSecret={"name": "", "key": ""}),
    endpoint(oauth2={"tokenUrl": "http://t", "clientId": CERT, "clientSecret": KEY}),
    endpoint(proxyUrl="http://p", noProxy="a", proxyConnectHeader={"A": [KEY]}),
    relabeled(action="drop", regex="(?i)a|b", sourceLabels=["c"]),
    relabeled(action="Replace", targetLabel="${1}_total", regex="(.+)_x"),
    relabeled(action="labelmap", regex="__meta_kubernetes_pod_label_(.+)"),
    relabeled(action="labelmap", regex="(.+)", replacement="k8s_$1"),
    relabeled(targetLabel="a", regex=r"([^:]+)(?::\d+)?"),
    relabeled(targetLabel="grün"),
    probe(prober={"url": "bb.monitoring.svc:9115"}),
    probe(targets={"ingress": {"selector": {}}}),
    scrape_config(dnsSDConfigs=[{"names": ["a"], "type": "SRV"}]),
    scrape_config(httpSDConfigs=[{"url": "http://a/b?c=d"}]),
    scrape_config(httpSDConfigs=[{"url": "a:8080"}]),
    scrape_config(basicAuth={"username": KEY, "password": KEY}, authorization={"credentials": KEY}),
    probe(basicAuth={"username": KEY, "password": KEY}, authorization={"credentials": KEY}),
    scrape_config(dockerSDConfigs=[{"host": "unix:///var/run/docker.sock"}]),
    scrape_config(
        azureSDConfigs=[
            {"authenticationMethod": "SDK", "clientSecret": {"name": "unused", "key": "k"}}
        ]
    ),
    scrape_config(
        kubernetesSDConfigs=[
            {"role": "Pod", "selectors": [{"role": "Pod", "field": "spec.nodeName=a,b!=c,"}]}
        ]
    ),
    scrape_config(kubernetesSDConfigs=[{"role": "EndpointSlice", "selectors": [{"role": "Pod"}]}]),
    endpoint(tlsConfig=PAIR),
    endpoint(tlsConfig=PAIR | {"ca": {"configMap": {"name": "ca", "key": "ca.crt"}}}),
    endpoint(tlsConfig=PAIR | {"cert": {"secret": {"name": "tls", "key": "bundle"}}}),
    endpoint(tlsConfig={"ca": {"secret": {"name": "tls", "key": "nothing"}}}),
    endpoint(tlsConfig=PAIR | {"keySecret": {"name": "tls", "key": "nothing"}}),
    endpoint(
        tlsConfig={
            "cert": {"secret": {"name": "tls", "key": "both"}},
            "keySecret": {"name": "tls", "key": "both"},
        }
    ),
]


@pytest.mark.parametrize("monitor", GOOD)
def test_a_valid_object_is_accepted(monitor):
    found = judged(monitor, prometheus(), KEYS)

    assert found.rejections == ()
    assert found.accepted is True


def test_all_monitors_of_kube_prometheus_are_accepted():
    objects = kube_prometheus()
    (resource,) = [item for item in objects if item.kind == "Prometheus"]
    monitors = [item for item in objects if item.kind == "ServiceMonitor"]

    assert [judged(m, resource, {}).accepted for m in monitors] == [True] * 13


@pytest.mark.parametrize("keys", [None, {}])
def test_what_needs_a_secret_that_was_not_read_is_not_called_accepted(keys):
    found = judged(endpoint(bearerTokenSecret=KEY), prometheus(), keys)

    assert found.accepted is None
    assert [untold.text for untold in found.untold] == [
        "endpoints[0]: bearerTokenSecret: secret 'tls' could not be read"
    ]


def test_a_secret_that_could_not_be_read_says_why():
    refused = Unavailable("403 Forbidden", "get secrets in namespace monitoring")
    keys = KEYS | {"secret/monitoring/tls": refused}

    found = judged(endpoint(tlsConfig=PAIR), prometheus(), keys)

    assert found.accepted is None
    assert {untold.lacking for untold in found.untold} == {refused}


def test_a_rejection_is_certain_even_where_a_secret_was_not_read():
    monitor = endpoint(bearerTokenSecret=KEY, interval="1s", scrapeTimeout="2s")

    assert judged(monitor, prometheus(), None).accepted is False


def test_every_endpoint_is_looked_at_and_named_by_its_index():
    monitor = service_monitor({"port": "a"}, {"port": "b", "tlsConfig": {"certFile": "/b"}})

    found = judged(monitor, prometheus(), KEYS)

    assert [r.text.split(":")[0] for r in found.rejections] == ["endpoints[1]"]


def test_a_pattern_that_only_go_could_judge_is_told_as_such():
    deep = "(" * 300 + "a" + ")" * 300

    found = judged(relabeled(targetLabel="a", regex=deep), prometheus(), KEYS)

    assert found.accepted is None


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        ("0.78.2", True),
        ("0.79.0", False),
        ("v0.79.0-rc.1", False),
        ("0.93.0", False),
        ("1.2", False),
    ],
)
def test_an_operator_checks_what_its_own_version_checks(version, accepted):
    monitor = service_monitor({"port": "web"}, spec={"selector": IN_NOTHING})

    assert validate(monitor, prometheus(), KEYS, version).accepted is accepted


@pytest.mark.parametrize("version", [None, "main", "latest"])
def test_where_the_version_is_not_known_only_what_all_of_them_do_is_told(version):
    differs = service_monitor({"port": "web"}, spec={"selector": IN_NOTHING})
    never = endpoint(interval="1s", scrapeTimeout="2s")

    found = validate(differs, prometheus(), KEYS, version)

    assert found.accepted is None
    assert "it depends on the operator's version" in found.untold[0].text
    assert validate(never, prometheus(), KEYS, version).accepted is False
    assert validate(endpoint(), prometheus(), KEYS, version).accepted is True


def test_a_version_that_was_never_seen_is_judged_as_those_around_it():
    differs = pod_endpoint(
        basicAuth={"username": USER, "password": USER}, authorization={"credentials": USER}
    )

    told = {v: validate(differs, prometheus(), KEYS, v).accepted for v in ("0.85", "0.86", "0.87")}

    assert told == {"0.85": True, "0.86": None, "0.87": False}
