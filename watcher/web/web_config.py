"""TLS and basic authentication by the file format of Prometheus's ``--web.config.file``.

Format: exporter-toolkit, docs/web-configuration.md. What Python's TLS cannot do of it (a client
certificate that is asked for and not checked) and what is not supported is refused by name.
"""

import re
import ssl
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from watcher import decoding, files, yaml_text
from watcher.errors import ConfigError

Version: TypeAlias = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
ClientAuth: TypeAlias = Literal[
    "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"
]

VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
VERIFY: Final = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


class TlsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``tls_server_config``. Paths are relative to the file that names them."""

    cert_file: str
    key_file: str
    client_ca_file: str | None = None
    client_auth_type: ClientAuth = "NoClientCert"
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"


class WebConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. ``basic_auth_users`` has a bcrypt hash for each user."""

    tls_server_config: TlsConfig | None = None
    basic_auth_users: dict[str, str] = {}


def read(path: Path) -> WebConfig:
    """The file, checked. Raises ConfigError, which names file and field."""
    try:
        raw = yaml_text.load(files.read_text(path))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}; correct web.config_file"
        ) from None
    except yaml_text.NotYaml as error:
        raise ConfigError(f"{path}: not valid YAML: {error}; {_ADVICE}") from None
    try:
        config = decoding.convert({} if raw is None else raw, WebConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}; {_ADVICE}") from None
    for user, hashed in config.basic_auth_users.items():
        if not _HASH.fullmatch(hashed):
            raise ConfigError(
                f"{path}: basic_auth_users.{user}: not a bcrypt hash; make one with htpasswd -nBC 10"
            )
    return config


def tls_context(config: TlsConfig, beside: Path) -> ssl.SSLContext:
    """The context of a server; *beside* is the file that the paths are relative to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = VERSIONS[config.min_version]
    context.maximum_version = VERSIONS[config.max_version]
    cert, key = beside.parent / config.cert_file, beside.parent / config.key_file
    try:
        context.load_cert_chain(cert, key)
    except OSError as error:
        raise ConfigError(
            f"{beside}: tls_server_config: {cert} and {key} cannot be used: {error};"
            " name a certificate and its key, both PEM"
        ) from None
    _ask_clients(context, config, beside)
    return context


_HASH: Final = re.compile(r"\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_ADVICE: Final = "see the format of Prometheus's --web.config.file in docs/settings.md"


def _ask_clients(context: ssl.SSLContext, config: TlsConfig, beside: Path) -> None:
    asked = config.client_auth_type != "NoClientCert"
    if asked != (config.client_ca_file is not None):
        lacks = "client_ca_file" if asked else "client_auth_type"
        raise ConfigError(f"{beside}: tls_server_config.{lacks}: needed beside the other; set both")
    if config.client_ca_file is None:
        return
    authority = beside.parent / config.client_ca_file
    try:
        context.load_verify_locations(authority)
    except OSError as error:
        raise ConfigError(
            f"{beside}: tls_server_config.client_ca_file: {authority} cannot be used: {error};"
            " name a PEM file of certificates"
        ) from None
    context.verify_mode = VERIFY[config.client_auth_type]
