import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.operator.things import operator, prometheus, service_monitor
from watcher.model.facts import Known, Unavailable
from watcher.operator.scope import operator_flags, operator_scope, operator_version
from watcher.operator.selection import CannotTell, Cause, NotSelected, Selected, verdict
from watcher.operator.selectors import SelectorError

NAMESPACES = Known(
    {
        "monitoring": {"kubernetes.io/metadata.name": "monitoring"},
        "shop": {"kubernetes.io/metadata.name": "shop", "team": "a"},
    }
)
WANTS = {"matchLabels": {"release": "kps"}}
TEAM = {"matchLabels": {"team": "a"}}


def judged(resource, *operators, namespace="monitoring", labels=None, known=NAMESPACES):
    monitor = service_monitor(namespace=namespace, labels=labels or {})
    return verdict(monitor, resource, known, [operator_scope(o) for o in operators])


def selecting(objects, namespaces=None):
    return prometheus(serviceMonitorSelector=objects, serviceMonitorNamespaceSelector=namespaces)


def test_a_null_selector_selects_nothing_and_an_empty_one_everything():
    assert judged(selecting({})) == Selected()

    refused = judged(selecting(None))

    assert isinstance(refused, NotSelected)
    assert refused.cause is Cause.SELECTOR_NULL
    assert refused.labels is None


def test_a_null_namespace_selector_is_the_own_namespace_and_an_empty_one_every():
    assert judged(selecting({}, {}), namespace="shop") == Selected()

    refused = judged(selecting({}, None), namespace="shop")

    assert isinstance(refused, NotSelected)
    assert (refused.cause, refused.namespace_labels) == (Cause.NAMESPACE, None)
    assert "only its own namespace monitoring, not shop" in refused.lacks


def test_an_empty_namespace_selector_needs_no_list_of_namespaces():
    assert judged(selecting({}, {}), namespace="shop", known=Unavailable("no")) == Selected()


def test_a_namespace_is_selected_by_its_labels():
    assert judged(selecting({}, TEAM), namespace="shop") == Selected()

    refused = judged(selecting({}, TEAM))

    assert isinstance(refused, NotSelected)
    assert refused.namespace_labels == {"team": "a"}
    assert refused.lacks == "namespace monitoring: label team=a is lacking"


def test_a_namespace_that_is_not_there_yet_is_known_by_its_name():
    by_name = {"matchLabels": {"kubernetes.io/metadata.name": "new"}}

    assert judged(selecting({}, by_name), namespace="new") == Selected()


def test_labels_that_lack_are_named_with_those_to_set():
    refused = judged(selecting(WANTS), labels={"release": "old"})

    assert isinstance(refused, NotSelected)
    assert refused.cause is Cause.LABELS
    assert refused.labels == {"release": "kps"}
    assert judged(selecting(WANTS), labels={"release": "kps"}) == Selected()


def test_everything_that_lacks_is_told_at_once():
    refused = judged(selecting(WANTS, None), namespace="shop")

    assert isinstance(refused, NotSelected)
    assert refused.gaps == 2
    assert refused.cause is Cause.LABELS
    assert "release=kps" in refused.lacks
    assert "own namespace" in refused.lacks


def test_without_the_namespaces_labels_it_cannot_be_told_unless_the_labels_fail_anyway():
    unread = Unavailable("forbidden")

    assert isinstance(judged(selecting({}, TEAM), known=unread), CannotTell)
    assert isinstance(judged(selecting(WANTS, TEAM), known=unread), NotSelected)


def test_an_invalid_selector_tells_nothing_about_any_monitor():
    broken = selecting({"matchExpressions": [{"key": "a", "operator": "In"}]})

    assert isinstance(judged(broken), CannotTell)


@pytest.mark.parametrize(
    ("arguments", "namespace", "seen"),
    [
        (["--namespaces=monitoring,shop"], "shop", True),
        (["--namespaces=monitoring"], "shop", False),
        (["-namespaces", "monitoring"], "shop", False),
        (["--deny-namespaces=shop"], "shop", False),
        (["--deny-namespaces=other"], "shop", True),
        (["--namespaces=shop,monitoring", "--deny-namespaces=shop"], "shop", True),
        (["--namespaces=shop", "--prometheus-instance-namespaces=monitoring"], "monitoring", False),
        (["--prometheus-instance-namespaces=monitoring"], "shop", True),
        (["--namespaces=$(MINE)"], "shop", False),
        (["--namespaces=$(MINE)"], "monitoring", True),
    ],
)
def test_an_operator_sees_only_the_namespaces_that_its_flags_leave_it(arguments, namespace, seen):
    mine = {"name": "MINE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}

    found = judged(selecting({}, {}), operator(*arguments, env=[mine]), namespace=namespace)

    assert isinstance(found, Selected) == seen
    if isinstance(found, NotSelected):
        assert found.cause is Cause.SCOPE


def from_field(path):
    return {"name": "WHERE", "valueFrom": {"fieldRef": {"fieldPath": path}}}


@pytest.mark.parametrize(
    ("variable", "seen"),
    [
        (from_field("metadata.annotations['olm.targetNamespaces']"), False),
        (from_field("metadata.annotations['none']"), True),
        (from_field("metadata.labels['place']"), True),
        (from_field("metadata.name"), True),
        ({"name": "WHERE", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}, True),
        ({"name": "WHERE", "value": ""}, True),
        ({"name": "WHERE"}, True),
        ({"name": "ELSE", "value": "shop"}, False),
    ],
)
@pytest.mark.parametrize("words", [["--namespaces=$(WHERE)"], ["--namespaces", "$(WHERE)"]])
def test_a_flag_from_a_variable_is_what_the_pods_template_says(words, variable, seen):
    deployment = operator(*words, env=[variable])
    deployment.raw["spec"]["template"]["metadata"] = {
        "annotations": {"olm.targetNamespaces": "monitoring,db"},
        "labels": {"place": "monitoring,shop"},
    }

    found = judged(selecting({}, {}), deployment, namespace="shop")

    assert isinstance(found, Selected) == seen


def test_a_variable_that_a_config_map_may_hold_leaves_its_flag_unknown():
    deployment = operator("--namespaces", "$(WHERE)", "--controller-id=")
    container = deployment.raw["spec"]["template"]["spec"]["containers"][0]
    container["envFrom"] = [{"configMapRef": {"name": "settings"}}]

    assert operator_flags(deployment) == {"controller-id": ""}


@pytest.mark.parametrize(
    ("arguments", "owned"),
    [
        ([], True),
        (["--prometheus-instance-namespaces=other"], False),
        (["--namespaces=other"], False),
        (["--prometheus-instance-selector=team=a"], True),
        (["--prometheus-instance-selector=team in (b,c)"], False),
        (["--controller-id=blue"], False),
    ],
)
def test_an_operator_ignores_a_prometheus_that_its_flags_leave_out(arguments, owned):
    resource = prometheus(labels={"team": "a"})

    found = judged(resource, operator(*arguments))

    assert isinstance(found, Selected) == owned


def test_a_controller_id_must_be_equal_on_both_sides():
    key = "operator.prometheus.io/controller-id"
    blue = prometheus(annotations={key: "blue"})

    assert judged(blue, operator("--controller-id=blue")) == Selected()
    assert isinstance(judged(blue, operator()), NotSelected)


def test_one_of_two_operators_that_looks_after_it_is_enough():
    narrow, wide = operator("--namespaces=other", name="narrow"), operator(name="wide")

    assert judged(prometheus(), narrow, wide, namespace="shop") == Selected()


def test_an_invalid_instance_selector_is_refused():
    with pytest.raises(SelectorError):
        operator_scope(operator("--prometheus-instance-selector=a in b"))


def test_flags_without_a_value_and_the_version_are_read_too():
    deployment = operator("--web.enable-tls", "--kubelet-service=kube-system/kubelet")

    flags = {"web.enable-tls": "true", "kubelet-service": "kube-system/kubelet"}
    assert operator_flags(deployment) == flags
    assert operator_version(deployment) == "0.93.0"


@given(
    st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy")),
    st.none() | st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy")),
    st.none() | st.just({}) | st.just(TEAM["matchLabels"]),
    st.sampled_from(["monitoring", "shop"]),
)
def test_a_monitor_is_selected_exactly_if_both_its_labels_and_its_namespace_are(
    labels, wanted, of_namespace, namespace
):
    objects = None if wanted is None else {"matchLabels": wanted}
    namespaces = None if of_namespace is None else {"matchLabels": of_namespace}
    here = NAMESPACES.value[namespace]
    inside = (
        namespace == "monitoring" if of_namespace is None else of_namespace.items() <= here.items()
    )
    labelled = wanted is not None and wanted.items() <= labels.items()

    found = judged(selecting(objects, namespaces), namespace=namespace, labels=labels)

    assert isinstance(found, Selected) == (inside and labelled)
