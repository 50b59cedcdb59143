"""Asking a replica over HTTP, without any of the product's own code."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def get(url: str, timeout: float = 10, **headers: str) -> Got:
    return ask(Request(url, headers={k.replace("_", "-"): v for k, v in headers.items()}), timeout)


def send(method: str, url: str, value: object = None) -> Got:
    return ask(Request(url, data=json.dumps(value).encode() if value is not None else None, method=method))


def ask(request: Request, timeout: float = 10) -> Got:
    try:
        with urlopen(request, timeout=timeout) as answer:
            return Got(answer.status, dict(answer.headers), answer.read())
    except HTTPError as error:
        with error:
            return Got(error.code, dict(error.headers), error.read())


def next_data(page: Got) -> Any:
    """`props.pageProps` of a Trustpilot page."""
    start = page.text.index('<script id="__NEXT_DATA__" type="application/json">')
    data = page.text[start:].split(">", 1)[1].split("</script>", 1)[0]
    return json.loads(data)["props"]["pageProps"]
