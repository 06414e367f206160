"""Where the Kubernetes API is and who we are there, as the ``kubernetes`` client finds it out.

The client loads kubeconfig or the Pod's own account, runs credential plugins and renews tokens; all
reading is done by ``watcher.adapters.kube`` over the session made here.
"""

import threading
from pathlib import Path
from typing import Any

import requests
import yaml
from kubernetes.client import Configuration
from kubernetes.config import (
    KUBE_CONFIG_DEFAULT_LOCATION,
    ConfigException,
    load_incluster_config,
    load_kube_config,
)
from requests.auth import AuthBase

from watcher.adapters.http import BoundedSession
from watcher.errors import ConfigError
from watcher.settings import KubernetesSettings

POOL_SIZE = 16
LARGEST = 512 * 1024 * 1024
"""Most bytes of one answer: lists come in pages, but for those out of the API server's cache."""
_NOT_SET = "~/.kube/config"  # what the client takes when KUBECONFIG is not set; we do not


def load(settings: KubernetesSettings | None) -> Any | None:
    """The client's Configuration; None when no cluster is configured at all.

    The kubeconfig that *settings* name, else in-cluster, else ``KUBECONFIG``. Raises ConfigError
    for a kubeconfig that cannot be used.
    """
    settings = settings or KubernetesSettings()
    if settings.kubeconfig is None:
        found = _in_cluster()
        if found is not None:
            return found
        if KUBE_CONFIG_DEFAULT_LOCATION in ("", _NOT_SET):
            if settings.context:
                raise ConfigError(
                    "kubernetes.context: there is no kubeconfig to take it from: "
                    "set kubernetes.kubeconfig or KUBECONFIG"
                )
            return None
        return _from_file(KUBE_CONFIG_DEFAULT_LOCATION, "KUBECONFIG", settings.context)
    return _from_file(str(settings.kubeconfig), "kubernetes.kubeconfig", settings.context)


def nobody_at(server: str) -> Any:
    """A Configuration for *server* without any credentials."""
    return Configuration(host=server)


def session(configuration: Any, seconds: float) -> BoundedSession:
    """A session with the cluster's TLS, proxy and credentials; renewed tokens are taken up.

    Each exchange ends after so many *seconds*.
    """
    made = BoundedSession(
        seconds=seconds,
        largest=LARGEST,
        insecure=not configuration.verify_ssl,
        server_name=getattr(configuration, "tls_server_name", None),
        pool_size=POOL_SIZE,
    )
    made.trust_env = False  # a .netrc or REQUESTS_CA_BUNDLE is none of the cluster's business
    made.auth = _ClusterAuth(configuration)
    made.headers["User-Agent"] = "watcher"
    made.verify = (configuration.ssl_ca_cert or True) if configuration.verify_ssl else False
    if configuration.cert_file:
        made.cert = (configuration.cert_file, configuration.key_file or configuration.cert_file)
    if configuration.proxy and not requests.utils.should_bypass_proxies(
        configuration.host, getattr(configuration, "no_proxy", None) or ""
    ):
        made.proxies = {"http": configuration.proxy, "https": configuration.proxy}
    return made


class _ClusterAuth(AuthBase):
    """Puts the Authorization header of the moment on requests to the API server, on no others."""

    def __init__(self, configuration: Any) -> None:
        self._configuration = configuration
        self._lock = threading.Lock()  # the client's renewal writes into its configuration

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not (request.url or "").startswith(f"{self._configuration.host.rstrip('/')}/"):
            return request
        with self._lock:
            given = self._configuration.auth_settings().get("BearerToken")
        if given and given["value"]:
            request.headers["Authorization"] = given["value"].strip()
        return request


def _in_cluster() -> Any | None:
    configuration = Configuration()
    try:
        load_incluster_config(  # type: ignore[no-untyped-call]  # the client is untyped here
            client_configuration=configuration
        )
    except ConfigException:
        return None
    return configuration


def _from_file(path: str, setting: str, context: str | None) -> Any:
    if not any(Path(part).expanduser().is_file() for part in path.split(":") if part):
        raise ConfigError(f"{setting}: {path}: no such file; name a readable kubeconfig")
    configuration = Configuration()
    try:
        load_kube_config(  # type: ignore[no-untyped-call]
            config_file=path,
            context=context,
            client_configuration=configuration,
            persist_config=False,  # we change nothing, not even a renewed token
        )
    except (ConfigException, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise ConfigError(f"{setting}: {path}: {_line(error)}; mend it and try again") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{setting}: {path}: not valid YAML: {_line(error)}") from None
    return configuration


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
