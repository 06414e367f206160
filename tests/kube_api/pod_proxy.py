"""`pods/[SCHEME:]NAME[:PORT]/proxy/…`, forwarded to the loopback address that stands for the pod."""

import http.client
import ssl

from tests.kube_api.routes import Asked, Route
from tests.kube_api.statuses import Answer, Refused, refuse

_SECONDS = 60
_NOT_FORWARDED = ("authorization", "host", "connection", "content-length", "accept-encoding")
_NOT_RETURNED = ("connection", "content-length", "transfer-encoding", "date", "server")


def pod_of(name: str) -> tuple[str, str, str]:
    """Scheme, pod name and port ("" when not named) of `https:pod:9090`, `pod:9090` or `pod`."""
    match name.split(":"):
        case [scheme, pod, port]:
            return scheme or "http", pod, port
        case [pod, port]:
            return "http", pod, port
        case _:
            return "http", name, ""


def forwarded(asked: Asked, route: Route, address: str | None) -> Answer:
    """The pod's own answer; 503 when no one listens there. The caller's token does not travel."""
    scheme, _, _ = pod_of(route.name)
    if address is None:
        raise _unreachable("dial tcp: connect: connection refused")
    path = (route.rest or "/") + (f"?{asked.raw_query}" if asked.raw_query else "")
    headers = {k: v for k, v in asked.headers.items() if k not in _NOT_FORWARDED}
    connection = _connected(scheme, address)
    try:
        connection.request(asked.method, path, asked.body or None, headers)
        response = connection.getresponse()
        kept = {k: v for k, v in response.getheaders() if k.lower() not in _NOT_RETURNED}
        kind = kept.pop("Content-Type", "text/plain")
        return Answer(response.status, response.read(), kind, kept)
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(str(error)) from error
    finally:
        connection.close()


def _connected(scheme: str, address: str) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl._create_unverified_context()  # noqa: S323 - as the real proxy: any certificate
        return http.client.HTTPSConnection(address, timeout=_SECONDS, context=context)
    return http.client.HTTPConnection(address, timeout=_SECONDS)


def _unreachable(why: str) -> Refused:
    return refuse(503, "ServiceUnavailable", f"error trying to reach service: {why}")
