"""Where the Kubernetes API is and who we are there, as the ``kubernetes`` client finds it out.

The client loads kubeconfig or the Pod's own account; all reading is done by ``watcher.adapters.kubernetes.api``
over the session made here.
"""

from functools import partial
from pathlib import Path
from typing import Any

import requests
from kubernetes.client import Configuration
from kubernetes.config import (
    KUBE_CONFIG_DEFAULT_LOCATION,
    ConfigException,
    load_incluster_config,
)
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

from watcher import files, yaml_text
from watcher.adapters.http.session import BoundedSession
from watcher.adapters.kubernetes.credentials import Account, Credentials
from watcher.adapters.kubernetes.plugin import Plugin
from watcher.errors import ConfigError
from watcher.secrecy import clipped
from watcher.settings import KubernetesSettings

POOL_SIZE = 16
LARGEST = 512 * 1024 * 1024
"""Most bytes of one answer: lists come in pages, but for those out of the API server's cache."""
_NOT_SET = "~/.kube/config"  # what the client takes when KUBECONFIG is not set; we do not


def load(settings: KubernetesSettings | None) -> Credentials | None:
    """Who we are, and where; None when no cluster is configured at all.

    By the kubeconfig that *settings* name, else in-cluster, else by ``KUBECONFIG``. A plugin is not
    run yet. Raises ConfigError for a kubeconfig that cannot be used.
    """
    settings = settings or KubernetesSettings()
    account = _account(settings)
    if account is None:
        return None
    return Credentials(account, partial(_account, settings), settings.timeout.total_seconds())


def nobody_at(server: str) -> Credentials:
    """Nobody, without any credentials, for *server*."""
    account = Account(configuration=Configuration(host=server))
    return Credentials(account, lambda: account, 0)


def _account(settings: KubernetesSettings) -> Account | None:
    if settings.kubeconfig is None:
        found = _in_cluster()
        if found is not None:
            return Account(configuration=found)
        if KUBE_CONFIG_DEFAULT_LOCATION in ("", _NOT_SET):
            if settings.context:
                raise ConfigError(
                    "kubernetes.context: there is no kubeconfig to take it from: "
                    "set kubernetes.kubeconfig or KUBECONFIG"
                )
            return None
        return _from_file(KUBE_CONFIG_DEFAULT_LOCATION, "KUBECONFIG", settings.context)
    return _from_file(str(settings.kubeconfig), "kubernetes.kubeconfig", settings.context)


def session(credentials: Credentials, seconds: float) -> BoundedSession:
    """A session with the cluster's TLS, proxy and *credentials*.

    Each exchange ends after so many *seconds*.
    """
    configuration = credentials.configuration
    made = BoundedSession(
        seconds=seconds,
        largest=LARGEST,
        insecure=not configuration.verify_ssl,
        server_name=getattr(configuration, "tls_server_name", None),
        pool_size=POOL_SIZE,
    )
    made.trust_env = False  # a .netrc or REQUESTS_CA_BUNDLE is none of the cluster's business
    made.auth = credentials
    made.headers["User-Agent"] = "watcher"
    made.verify = (configuration.ssl_ca_cert or True) if configuration.verify_ssl else False
    if configuration.proxy and not requests.utils.should_bypass_proxies(
        configuration.host, getattr(configuration, "no_proxy", None) or ""
    ):
        made.proxies = {"http": configuration.proxy, "https": configuration.proxy}
    return made


def _in_cluster() -> Any | None:
    configuration = Configuration()
    try:
        load_incluster_config(  # type: ignore[no-untyped-call]  # the client is untyped here
            client_configuration=configuration
        )
    except ConfigException:
        return None
    except OSError as error:
        raise ConfigError(
            f"the Pod's own credentials cannot be read: {error.strerror}: {error.filename}; let the "
            "watcher read the files of its ServiceAccount"
        ) from None
    return configuration


class _Loader(KubeConfigLoader):
    """Leaves a plugin to ``Credentials``: nothing is to wait for one while settings are read."""

    plugin: Plugin | None = None

    def _load_from_exec_plugin(self) -> None:
        user: Any = self._user
        cluster: Any = self._cluster
        if "exec" in user:
            folder = self._get_base_path(cluster.path)  # type: ignore[no-untyped-call]
            self.plugin = Plugin(user["exec"], folder, cluster)  # type: ignore[no-untyped-call]


def _from_file(path: str, setting: str, context: str | None) -> Account:
    if not any(map(_is_file, filter(None, path.split(":")))):
        raise ConfigError(f"{setting}: {path}: no such file; name a readable kubeconfig")
    _require_yaml(path, setting)
    configuration = Configuration()
    try:
        loader = _Loader(
            KubeConfigMerger(path).config,  # type: ignore[no-untyped-call]
            active_context=context,
            config_base_path=None,  # that of each file
        )
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise ConfigError(f"{setting}: {path}: {_line(error)}; fix it and try again") from None
    return Account(configuration=configuration, plugin=loader.plugin)


def _is_file(part: str) -> bool:
    try:
        return Path(part).expanduser().is_file()
    except (OSError, RuntimeError):  # a name that is too long, a home of nobody
        return False


def _require_yaml(paths: str, setting: str) -> None:
    """Raise ConfigError, with the line, for what the client would choke on or misread."""
    for part in filter(None, paths.split(":")):
        path = Path(part).expanduser()
        try:
            if _is_file(part):
                yaml_text.load(files.read_text(path))
        except OSError as error:
            raise ConfigError(f"{setting}: {path}: cannot be read: {error.strerror}") from None
        except yaml_text.NotYaml as error:
            raise ConfigError(f"{setting}: {path}: not valid YAML: {error}") from None


def _line(error: Exception) -> str:
    return clipped(str(error), 300) or type(error).__name__
