"""The HTTP session through which every peer is spoken to: bounded, patient, and true to its origin.

Whatever a peer does, one exchange ends: within a time, from the first byte sent to the last one of
the body, and below a number of bytes. Credentials go to no other origin.
"""

import logging
import ssl
import time
from typing import Any, Final

import requests
from requests.auth import AuthBase
from urllib3.util.ssl_ import create_urllib3_context

from watcher.adapters.http.exchange import Adapter, Exchange, exchanging, fill, first_asked
from watcher.adapters.http.retry_after import seconds_to_wait

# It writes whole addresses, some of which are secrets (webhooks), also as a warning.
logging.getLogger("urllib3").setLevel(logging.ERROR)

ANSWER_OF_A_RECEIVER: Final = 1024 * 1024
"""Most bytes that are read of an answer that only says whether something was taken."""

WELL: Final = range(200, 300)
"""The statuses of an answer to what was asked."""

_UNAUTHORIZED: Final = 401
_BUSY: Final = frozenset({429, 503})
_READS: Final = "GET"
_SHARE: Final = 0.25
"""Of the time that is left so much may be waited: the answer needs some, too."""


class Rotating(AuthBase):
    """Credentials that may be others at the next request: each is signed with those of its moment."""

    def renew(self, refused: requests.PreparedRequest) -> None:
        """Read again what was read once, as the peer answered *refused* with 401."""

    def certificate(self) -> tuple[str, str] | None:
        """Files of the client certificate and its key, where these rotate."""
        return None


class BoundedSession(requests.Session):
    """A session whose every exchange ends after *seconds*, with at most *largest* bytes of body.

    A request with ``stream=True`` leaves the body to the caller, for ``read_whole``, within the same
    time. *insecure* does not verify certificates; *trusts_system* takes the machine's authorities
    beside those of requests; *server_name* is what the certificate must name instead of the host.
    """

    def __init__(
        self,
        *,
        seconds: float,
        largest: int,
        insecure: bool = False,
        trusts_system: bool = False,
        server_name: str | None = None,
        pool_size: int = 10,
    ) -> None:
        super().__init__()
        self._seconds, self._largest = seconds, largest
        self._was_busy = False
        self.verify = not insecure
        self.auth = _as_it_is  # without one the library reads ~/.netrc
        adapter = Adapter(
            _context(insecure=insecure, trusts_system=trusts_system), server_name, pool_size
        )
        # With a context of its own: a client certificate stays in that with which it was shown once.
        self._of_others = Adapter(_context(insecure=insecure, trusts_system=trusts_system), None, 1)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send it; the body of the answer is read, unless it is to be streamed.

        With credentials that rotate, a request that is answered with 401 is sent a second time with
        those of that moment. A read that is answered with 429 or 503 and a ``Retry-After`` is sent a second time after
        that wait, if the time of the exchange allows for both. A peer that is still busy then is not
        waited for again until it has answered well.
        """
        is_streamed = kwargs.pop("stream", self.stream)
        with exchanging(self._seconds) as (exchange, begins):
            if not begins:
                if self._is_elsewhere(request.url):
                    kwargs = {**kwargs, "cert": None}
                return super().send(request, stream=True, **kwargs)
            exchange.first_asked = request.url or ""
            response = self._sent(request, kwargs)
            if self._is_worth_the_wait(response, exchange):
                response.close()
                response = self._sent(request, kwargs)
            self._was_busy = response.status_code in _BUSY
        if not is_streamed:
            fill(response, self._largest)
        return response

    def _sent(self, request: requests.PreparedRequest, kwargs: Any) -> requests.Response:
        """The answer, to the second try where the credentials of the first were refused as old."""
        response = self._answer(request, kwargs)
        again = self._signed_again(request, response)
        if again is None:
            return response
        response.close()
        return self._answer(again, kwargs)

    def _answer(self, request: requests.PreparedRequest, kwargs: Any) -> requests.Response:
        certificate = self.auth.certificate() if isinstance(self.auth, Rotating) else None
        if certificate is not None:
            kwargs = {**kwargs, "cert": certificate}
        try:
            return super().send(request, stream=True, **kwargs)
        except requests.RequestException:
            raise
        except ValueError:  # the library looks at the place even where it is not to go there
            raise requests.exceptions.InvalidURL(
                "redirected to something that is not an address"
            ) from None

    def _signed_again(
        self, request: requests.PreparedRequest, response: requests.Response
    ) -> requests.PreparedRequest | None:
        """*request* with the credentials as they are now, None where that changes nothing."""
        is_refused = response.status_code == _UNAUTHORIZED and not response.history
        if not is_refused or not isinstance(self.auth, Rotating):
            return None
        self.auth.renew(request)
        again = self.auth(request.copy())
        if self.auth.certificate() is not None:  # the files may be the same, and hold another one
            self.get_adapter(request.url or "").close()
            return again
        name = "Authorization"
        return again if again.headers.get(name) != request.headers.get(name) else None

    def _is_worth_the_wait(self, response: requests.Response, exchange: Exchange) -> bool:
        """Whether *response* asked for a wait, which is over when this returns."""
        method = response.request.method
        if method != _READS or response.status_code not in _BUSY or self._was_busy:
            return False
        wait = seconds_to_wait(response.headers)
        if wait is None or wait > exchange.left * _SHARE:
            return False
        time.sleep(wait)
        return True

    def merge_environment_settings(self, *args: Any, **kwargs: Any) -> Any:
        """Of the surroundings, authorities (REQUESTS_CA_BUNDLE) count only where none are set."""
        merged = super().merge_environment_settings(*args, **kwargs)
        return merged if self.verify is True else {**merged, "verify": self.verify}

    def get_adapter(self, url: str) -> requests.adapters.BaseAdapter:
        """That of others for another origin than was asked first."""
        return self._of_others if self._is_elsewhere(url) else super().get_adapter(url)

    def _is_elsewhere(self, url: str | None) -> bool:
        """Whether a redirect led to another origin, which does not learn who we are."""
        first = first_asked()
        return bool(first) and bool(self.should_strip_auth(first, url or ""))  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Let go of all connections."""
        super().close()
        self._of_others.close()

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """After a redirect: no credentials for another origin, neither ours nor those of a .netrc."""
        before, after = response.request.url or "", prepared_request.url or ""
        if self.should_strip_auth(before, after):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _context(*, insecure: bool, trusts_system: bool) -> ssl.SSLContext:
    """Verifies as the other clients of a cluster do.

    Python 3.13 began to refuse authorities without key usage or key identifier, which kubectl and
    Prometheus (crypto/x509 of Go) take.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_NONE if insecure else ssl.CERT_REQUIRED)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if trusts_system:
        context.load_default_certs()
    return context
