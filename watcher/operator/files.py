"""Files that a job's HTTP client needs in Prometheus's container.

Ground: prometheus-operator v0.93.0, pkg/prometheus/promcfg.go. Secret and ConfigMap references are
no files to look for: the operator itself copies their bytes to /etc/prometheus/certs.
"""

from typing import Final

from watcher.model.expectations import FilePath
from watcher.model.kube import JSON, JSONObject, KubeObject, flag, mapping, objects, text

_TLS: Final = (
    ("ca_file", "caFile", "ca"),
    ("cert_file", "certFile", "cert"),
    ("key_file", "keyFile", "keySecret"),
)
"""Field of the scrape config; field of the endpoint; the reference that stands instead of it."""


def endpoint_files(endpoint: JSON, scrape_class: JSONObject | None) -> tuple[FilePath, ...]:
    """Files of one endpoint (or of the spec of a Probe or ScrapeConfig).

    A scrape class adds each file that the endpoint neither names nor replaces by a reference, and
    the credentials file of its authorization where the endpoint gives no credentials.
    """
    found: list[FilePath] = []
    own, classed = mapping(endpoint, "tlsConfig"), mapping(scrape_class, "tlsConfig")
    name = text(scrape_class, "name")
    for field, file, reference in _TLS:
        if path := text(endpoint, "tlsConfig", file):
            found.append(FilePath(field=f"tls_config.{field}", path=path))
        elif not mapping(own, reference) and (path := text(classed, file)):
            found.append(FilePath(field=f"tls_config.{field}", path=path, scrape_class=name))
    if path := text(endpoint, "bearerTokenFile"):
        found.append(FilePath(field="bearer_token_file", path=path))
    path = text(scrape_class, "authorization", "credentialsFile")
    if path and not _has_credentials(endpoint, scrape_class):
        field = "authorization.credentials_file"
        found.append(FilePath(field=field, path=path, scrape_class=name))
    return tuple(found)


def scrape_class_of(monitor: KubeObject, prometheus: KubeObject) -> JSONObject | None:
    """The scrape class of *monitor*: the one it names, else the default one, else None.

    None too for a name that *prometheus* does not know; the operator rejects such a monitor.
    """
    wanted = text(monitor.raw, "spec", "scrapeClass")
    for scrape_class in objects(prometheus.raw, "spec", "scrapeClasses"):
        if wanted and text(scrape_class, "name") == wanted:
            return scrape_class
        if not wanted and flag(scrape_class, "default"):
            return scrape_class
    return None


def _has_credentials(endpoint: JSON, scrape_class: JSONObject | None) -> bool:
    """A class's credentials by reference win over its own credentials file."""
    classed = mapping(scrape_class, "authorization", "credentials")
    return bool(mapping(endpoint, "authorization", "credentials") or classed)
