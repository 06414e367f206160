"""A small Loki: ``/loki/api/v1/query_range`` over lines in memory, with its limits and refusals.

As its documentation tells: selectors of equal labels, one line filter, ``start`` inclusive, ``limit``,
``direction``; streams in no order among each other; errors in plain text.
"""

import json
import re

from tests.adapters.prometheus_answers import Answers, Reply

MOST = 5000
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Loki(Answers):
    """Serves ``lines``: pairs of labels and (Unix nanoseconds, line)."""

    def __init__(self, lines=()) -> None:
        super().__init__({"/loki/api/v1/query_range": self._query})
        self.lines = list(lines)

    def _query(self, asked):
        query = asked.query
        if not query["query"].startswith("{"):
            return Reply(b"parse error at line 1, col 1: syntax error\n", 400)
        if int(query["limit"]) > MOST:
            return Reply(b"max entries limit per query exceeded\n", 400)
        selector, _, words = query["query"].partition("|~")
        wanted = dict(_LABEL.findall(selector))
        found = [
            (labels, at, line)
            for labels, (at, line) in self.lines
            if wanted.items() <= labels.items()
            and at >= int(query["start"])
            and re.search(words.strip(" `"), line)
        ]
        found.sort(key=lambda each: each[1], reverse=query["direction"] == "backward")
        streams = {}
        for labels, at, line in found[: int(query["limit"])]:
            key = tuple(sorted(labels.items()))
            streams.setdefault(key, []).append([str(at), line])
        result = [{"stream": dict(key), "values": values} for key, values in streams.items()]
        data = {"resultType": "streams", "result": result, "stats": {}}
        return Reply(json.dumps({"status": "success", "data": data}).encode())
