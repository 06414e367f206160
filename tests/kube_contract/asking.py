"""Puts the questions of a scenario to a server and keeps the answers in comparable form."""

import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any, Protocol

import requests

from tests.kube_api.resources import by_kind
from tests.kube_contract.questions import METHODS, Scenario
from tests.kube_contract.sameness import Versions, comparable
from tests.patience import PATIENCE

Step = dict[str, Any]
Answers = dict[str, dict[str, Any]]

_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
    "yaml": "application/yaml",
    "text": "text/plain",
}
_MONITORING = "/apis/monitoring.coreos.com/v1"
_PATHS = {
    "monitors": f"{_MONITORING}/namespaces/shop/servicemonitors",
    "bank": f"{_MONITORING}/namespaces/bank/servicemonitors",
    "none": f"{_MONITORING}/namespaces/none/servicemonitors",
    "all-monitors": f"{_MONITORING}/servicemonitors",
    "prometheuses": f"{_MONITORING}/namespaces/shop/prometheuses",
    "shop": "/api/v1/namespaces/shop",
    "sets": "/apis/apps/v1/namespaces/shop/statefulsets",
    "revisions": "/apis/apps/v1/namespaces/shop/controllerrevisions",
    "new-events": "/apis/events.k8s.io/v1/namespaces/shop/events",
    "reviews": "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    "self-reviews": "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "long": "word " * 40_000,
}
_TOLD_HEADERS = {"Content-Encoding": "encoding", "Retry-After": "retry"}


class Server(Protocol):
    """An API server that can be asked."""

    url: str

    def token(self, user: str) -> str:
        """What a user shows; of the admin for "", and nothing where the server asks for none."""

    def forget(self) -> None:
        """Have it forget all history."""

    def settle(self) -> None:
        """Wait until what follows from the writes so far is done."""


def asked(scenario: Scenario, server: Server, session: requests.Session) -> Answers:
    """The answer to each step by its name."""
    asking = _Asking(server, session)
    for body in scenario.given:
        asking.make(body)
    seen: Answers = {}
    for at_once in _groups(scenario.steps):
        with ThreadPoolExecutor(len(at_once)) as pool:
            for step, answer in zip(at_once, pool.map(asking.take, at_once), strict=True):
                if answer is not None:
                    seen[step["name"]] = answer
    versions = Versions(seen.values())
    return {
        name: comparable(answer, versions, managed=scenario.managed)
        for name, answer in seen.items()
    }


def _groups(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Watches that follow each other are asked at once: their answers take their time."""
    for waits, group in groupby(
        steps, key=lambda s: "watch" in s.get("GET", "") and "meanwhile" not in s
    ):
        if waits:
            yield list(group)
        else:
            yield from ([step] for step in group)


class _Asking:
    def __init__(self, server: Server, session: requests.Session) -> None:
        self._server = server
        self._session = session
        self._kept = dict(_PATHS)

    def make(self, body: dict[str, Any]) -> None:
        resource, meta = by_kind(body["kind"]), body["metadata"]
        folder = f"/namespaces/{meta['namespace']}" if resource.namespaced else ""
        root = f"/apis/{resource.group}" if resource.group else "/api"
        path = f"{root}/{resource.version}{folder}/{resource.plural}"
        whole = {"apiVersion": resource.api_version, **body}
        self._send("POST", path, {"body": whole}).raise_for_status()

    def take(self, step: Step) -> dict[str, Any] | None:
        """The raw answer; None for a step that asks nothing."""
        if step.get("forget"):
            self._server.forget()
        if step.get("settle"):
            self._server.settle()
        method = next((method for method in METHODS if method in step), None)
        if method is None:
            return None
        response = self._answer(method, step)
        answer: dict[str, Any] = {"code": response.status_code}
        if (kind := response.headers.get("Content-Type", "")) != "application/json":
            answer["type"] = kind
        answer |= {
            told: response.headers[name]
            for name, told in _TOLD_HEADERS.items()
            if name in response.headers
        }
        watched = "watch" in self._filled(step[method])
        body = _read(response, lines=watched and response.ok)
        for name, path in step.get("keep", {}).items():
            self._kept[name] = str(_found(body, path))
        return answer | _shown(body, step.get("show", "all"))

    def _answer(self, method: str, step: Step) -> requests.Response:
        """The answer to a step; what happens `meanwhile` does so a moment after it was asked."""
        path = self._filled(step[method])
        if "meanwhile" not in step:
            return self._send(method, path, step)
        with ThreadPoolExecutor(1) as elsewhere:
            waiting = elsewhere.submit(self._send, method, path, step)
            time.sleep(1)
            self.take(step["meanwhile"])
            return waiting.result()

    def _send(self, method: str, path: str, step: Step) -> requests.Response:
        content = step.get("raw")
        if content is None and "body" in step:
            content = self._filled(json.dumps(step["body"]))
        kind = step.get("as")
        headers = {
            "Accept": step.get("accept", "application/json"),
            "Accept-Encoding": step.get("encoding", "identity"),
            "Content-Type": _TYPES[kind] if kind else "application/json",
            "User-Agent": step.get("agent", "asker/1"),
        }
        if token := self._server.token(step.get("as-user", "")):
            headers["Authorization"] = f"Bearer {token}"
        if content is None:
            del headers["Content-Type"]
        return self._session.request(
            method, self._server.url + path, data=content, headers=headers, timeout=PATIENCE
        )

    def _filled(self, text: str) -> str:
        for name, value in self._kept.items():
            text = text.replace("{" + name + "}", value)
        return text


def _read(response: requests.Response, *, lines: bool) -> Any:
    """JSON, or a list of its lines, or text that is none."""
    try:
        if lines:
            return [json.loads(line) for line in response.text.splitlines()]
        return json.loads(response.text)
    except ValueError:
        return response.text


def _shown(body: Any, show: str | list[str]) -> dict[str, Any]:
    if isinstance(show, list) and isinstance(body, dict) and body.get("kind") != "Status":
        return {"at": {path: _found(body, path) for path in show}}
    match show:
        case "code":
            return {}
        case "keys":
            return {"keys": sorted(body)}
        case "names" if isinstance(body, dict) and isinstance(body.get("items"), list):
            names = [
                f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"
                for item in body["items"]
            ]
            return {"list": body["metadata"], "names": names}
        case _:
            return {"body": body}


def _found(body: Any, path: str) -> Any:
    """What is at a path of keys and places; None where there is nothing."""
    for key in path.split("."):
        try:
            body = body[int(key) if isinstance(body, list) else key]
        except (KeyError, IndexError):
            return None
    return body
