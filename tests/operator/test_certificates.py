from tests.builders import a_running_job, a_server, an_observation
from tests.operator.things import prometheus
from watcher.model.expectations import FilePath
from watcher.operator.certificates import of_jobs, of_resource
from watcher.operator.spots import Spot
from watcher.operator.volumes import Mount

MOUNTS = (Mount(path="/etc/prometheus/secrets/web", volume="secret-web", secret="web"),)
DIRECTORY = "/etc/prometheus/secrets/web"


def uses_of(mounts=MOUNTS, **fields):
    files = fields.pop("files")
    job = a_running_job(
        "web",
        scheme=fields.pop("scheme", "https"),
        files=tuple(FilePath(field=field, path=path) for field, path in files.items()),
        raw=fields,
    )
    return of_jobs(an_observation(a_server(jobs=(job,))), mounts)


def test_certificates_of_a_job_are_its_own_and_those_of_its_authority():
    files = {
        "tls_config.ca_file": f"{DIRECTORY}/ca.crt",
        "tls_config.cert_file": f"{DIRECTORY}/tls.crt",
        "tls_config.key_file": f"{DIRECTORY}/tls.key",
        "oauth2.tls_config.ca_file": f"{DIRECTORY}/oauth.crt",
        "bearer_token_file": "/token",
    }

    found = uses_of(files=files)

    assert [(use.field, use.authority, use.pool) for use in found] == [
        ("tls_config.ca_file", True, "web"),
        ("tls_config.cert_file", False, "web"),
        ("oauth2.tls_config.ca_file", True, "web"),
    ]
    assert found[1].at == (Spot(kind="secret", namespace="monitoring", name="web", key="tls.crt"),)


def test_a_job_that_speaks_no_tls_uses_none():
    assert uses_of(scheme="http", files={"tls_config.cert_file": f"{DIRECTORY}/tls.crt"}) == ()


def test_a_job_that_verifies_nothing_asks_no_authority():
    files = {
        "tls_config.ca_file": f"{DIRECTORY}/ca.crt",
        "tls_config.cert_file": f"{DIRECTORY}/tls.crt",
    }

    found = uses_of(files=files, tls_config={"insecure_skip_verify": True})

    assert [use.field for use in found] == ["tls_config.cert_file"]


def test_where_mounts_are_not_known_nothing_is_left_out():
    files = {"tls_config.ca_file": "/etc/ssl/certs/ca.pem"}

    assert [use.at for use in uses_of(None, files=files)] == [()]
    assert uses_of((), files=files) == ()


def test_a_resource_uses_what_its_clients_and_its_server_name_by_reference_or_file():
    reference = {"secret": {"name": "far", "key": "tls.crt"}}
    resource = prometheus(
        remoteWrite=[{"tlsConfig": {"cert": reference, "caFile": f"{DIRECTORY}/ca.crt"}}],
        alerting={"alertmanagers": [{"tlsConfig": {"ca": reference, "insecureSkipVerify": True}}]},
        web={"tlsConfig": {"cert": {"configMap": {"name": "front", "key": "tls.crt"}}}},
        scrapeClasses=[{"name": "a", "tlsConfig": {"ca": reference}}],
    )

    found = {use.field: use.at for use in of_resource(resource, MOUNTS)}

    assert found == {
        "spec.remoteWrite[0].tlsConfig.ca": (
            Spot(kind="secret", namespace="monitoring", name="web", key="ca.crt"),
        ),
        "spec.remoteWrite[0].tlsConfig.cert": (
            Spot(kind="secret", namespace="monitoring", name="far", key="tls.crt"),
        ),
        "spec.web.tlsConfig.cert": (
            Spot(kind="configmap", namespace="monitoring", name="front", key="tls.crt"),
        ),
    }
