"""A fake of Slack's Web API: posting, updating and threading messages, on loopback.

It records and never rate-limits by itself; what Slack would refuse, it refuses with Slack's error.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from threading import RLock
from typing import Any
from urllib.parse import parse_qsl

from demo.clock import Clock, system_clock
from demo.replica import slack_page
from demo.replica.loopback import Answer, Delivery, Loopback, Request
from demo.replica.posts import digest

# https://docs.slack.dev/reference/block-kit: blocks in a message, characters in a section.
MOST_BLOCKS = 50
LONGEST_SECTION = 3000


class SlackFault(StrEnum):
    """Ways in which Slack fails."""

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    HANG = "hang"
    RESET_BEFORE = "reset_before"
    """The connection is reset and nothing was posted."""
    RESET_AFTER = "reset_after"
    """The message was posted, the answer never arrives."""
    INVALID_AUTH = "invalid_auth"
    CHANNEL_NOT_FOUND = "channel_not_found"


@dataclass(frozen=True)
class Message:
    """A message as it stands; `versions` are its earlier wordings, `thread_ts` its parent's ts.

    `given` holds the arguments of the first call as they arrived.
    """

    channel: str
    ts: str
    text: str
    blocks: tuple[dict[str, Any], ...]
    at: datetime
    thread_ts: str | None = None
    broadcast: bool = False
    versions: tuple[str, ...] = ()
    updated_at: datetime | None = None
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call of a method, whether it succeeded or not."""

    method: str
    channel: str
    at: datetime
    error: str | None


class FakeSlack(Loopback):
    """A workspace with every channel one asks for: `with FakeSlack() as slack: slack.api_url`."""

    def __init__(self, clock: Clock = system_clock, port: int = 0) -> None:
        super().__init__(clock, port)
        self._state = RLock()
        self._messages: dict[str, Message] = {}
        self._calls: list[Call] = []
        self._fault: tuple[SlackFault, int | None, int] | None = None

    @property
    def api_url(self) -> str:
        """What WebClient takes as base_url."""
        return f"{self.url}/api/"

    @property
    def messages(self) -> list[Message]:
        """Messages at the top of a channel, oldest first."""
        return [message for message in self._all() if message.thread_ts is None]

    @property
    def calls(self) -> list[Call]:
        """Every call with its time and error, oldest first."""
        with self._state:
            return list(self._calls)

    def thread(self, ts: str) -> list[Message]:
        """The replies in the thread of one message, oldest first."""
        return [message for message in self._all() if message.thread_ts == ts]

    def times(self, channel: str) -> list[datetime]:
        """When something was posted or updated in a channel, given by name or id."""
        wanted = channel_id(channel)
        return [c.at for c in self.calls if c.channel == wanted and c.error is None]

    def fail(self, fault: SlackFault, times: int | None = None, retry_after: int = 1) -> None:
        """Fails the next `times` calls, or all until `mend`."""
        with self._state:
            self._fault = (fault, times, retry_after)

    def mend(self) -> None:
        """Works again."""
        with self._state:
            self._fault = None

    def answer(self, request: Request) -> Answer:
        """The answer to one API call, to `/_replica/…` (messages, faults), or the channel as a page."""
        if request.path.startswith("/_replica/"):
            return self._controlled(request)
        if request.method == "GET" and request.path == "/":
            threads = [(message, self.thread(message.ts)) for message in self.messages]
            named = [message.given.get("channel", "") for message in self.messages]
            return Answer.of("text/html", slack_page.page(named[0] if named else "reputatie", threads))
        self.record(request)
        method = request.path.removeprefix("/api/")
        given = arguments(request)
        fault, retry_after = self._strike()
        if fault in REFUSALS:
            return self._reply(method, given, REFUSALS[fault])
        if fault is not None and fault is not SlackFault.RESET_AFTER:
            return self._broken(method, given, fault, retry_after)
        answer = self._perform(method, given, request)
        return replace(answer, delivery=Delivery.RESET) if fault else answer

    def _perform(self, method: str, given: dict[str, Any], request: Request) -> Answer:
        if not (request.headers.get("authorization") or given.get("token")):
            return self._reply(method, given, "not_authed")
        if method == "auth.test":
            return self._reply(method, given, **_identity(self.url))
        if method not in ("chat.postMessage", "chat.update"):
            return self._reply(method, given, "unknown_method")
        error = complaint(given)
        if error:
            return self._reply(method, given, error)
        return self._post(given) if method == "chat.postMessage" else self._update(given)

    def _post(self, given: dict[str, Any]) -> Answer:
        with self._state:
            now = self.clock()
            message = Message(
                channel=channel_id(given["channel"]),
                ts=self._new_ts(now),
                text=given.get("text", ""),
                blocks=tuple(given.get("blocks") or ()),
                at=now,
                thread_ts=given.get("thread_ts"),
                broadcast=str(given.get("reply_broadcast", "")).lower() in ("true", "1"),
                given=given,
            )
            self._messages[message.ts] = message
        return self._reply("chat.postMessage", given, **_shown(message))

    def _update(self, given: dict[str, Any]) -> Answer:
        with self._state:
            old = self._messages.get(str(given.get("ts")))
            if old is None or old.channel != channel_id(given["channel"]):
                return self._reply("chat.update", given, "message_not_found")
            message = replace(
                old,
                text=given.get("text", old.text),
                blocks=tuple(given.get("blocks") or ()),
                versions=(*old.versions, old.text),
                updated_at=self.clock(),
            )
            self._messages[message.ts] = message
        return self._reply("chat.update", given, **_shown(message))

    def _reply(self, method: str, given: dict[str, Any], error: str | None = None, **more: object) -> Answer:
        with self._state:
            self._calls.append(Call(method, channel_id(given.get("channel", "")), self.clock(), error))
        body = {"ok": False, "error": error} if error else {"ok": True, **more}
        return Answer.of("application/json", json.dumps(body, ensure_ascii=False))

    def _broken(self, method: str, given: dict[str, Any], fault: SlackFault, retry_after: int) -> Answer:
        with self._state:
            self._calls.append(Call(method, channel_id(given.get("channel", "")), self.clock(), str(fault)))
        if fault is SlackFault.RATE_LIMITED:
            body = '{"ok": false, "error": "ratelimited"}'
            return Answer.of("application/json", body, 429, Retry_After=str(retry_after))
        if fault is SlackFault.SERVER_ERROR:
            return Answer.of("text/html", "<h1>500 Server Error</h1>", 500)
        return Answer(delivery=Delivery.HANG if fault is SlackFault.HANG else Delivery.RESET)

    def _strike(self) -> tuple[SlackFault | None, int]:
        with self._state:
            if self._fault is None:
                return None, 0
            fault, times, retry_after = self._fault
            left = None if times is None else times - 1
            self._fault = None if left == 0 else (fault, left, retry_after)
            return fault, retry_after

    def _controlled(self, request: Request) -> Answer:
        if request.path == "/_replica/messages":
            body = json.dumps([vars(message) for message in self._all()], ensure_ascii=False, default=str)
            return Answer.of("application/json", body)
        if request.path != "/_replica/faults":
            return Answer.of("application/json", '{"error": "messages or faults"}', 404)
        if request.method == "DELETE":
            self.mend()
        else:
            given = json.loads(request.body)
            self.fail(SlackFault(given["fault"]), given.get("times"), int(given.get("retry_after", 1)))
        return Answer.of("application/json", '{"ok": true}')

    def _new_ts(self, now: datetime) -> str:
        micros = round(now.timestamp() * 1_000_000)
        while (ts := f"{micros // 1_000_000}.{micros % 1_000_000:06d}") in self._messages:
            micros += 1
        return ts

    def _all(self) -> list[Message]:
        with self._state:
            return list(self._messages.values())


REFUSALS = {
    SlackFault.INVALID_AUTH: "invalid_auth",
    SlackFault.CHANNEL_NOT_FOUND: "channel_not_found",
}


def arguments(request: Request) -> dict[str, Any]:
    """The arguments of a call, from a JSON or a form body; blocks as a list either way."""
    if request.headers.get("content-type", "").startswith("application/json"):
        given: dict[str, Any] = json.loads(request.body or b"{}")
        return given
    form: dict[str, Any] = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    if isinstance(form.get("blocks"), str):
        form["blocks"] = json.loads(form["blocks"])
    return form


def channel_id(channel: str) -> str:
    """The id of a channel given as #name, name or id; an id stays as it is."""
    if not channel or (channel.startswith(("C", "D", "G")) and channel.isupper() and channel.isalnum()):
        return channel
    return "C" + digest("channel", channel.lstrip("#"))[:10].upper()


def complaint(given: dict[str, Any]) -> str | None:
    """Slack's error for a message that it would refuse, or None."""
    if not given.get("channel"):
        return "channel_not_found"
    blocks = given.get("blocks") or []
    if not given.get("text") and not blocks:
        return "no_text"
    sections = [block.get("text") for block in blocks if block.get("type") == "section"]
    texts = [text.get("text", "") for text in sections if isinstance(text, dict)]
    too_long = any(not text or len(text) > LONGEST_SECTION for text in texts)
    return "invalid_blocks" if too_long or len(blocks) > MOST_BLOCKS else None


def _shown(message: Message) -> dict[str, Any]:
    shown = {"type": "message", "text": message.text, "ts": message.ts, "blocks": list(message.blocks)}
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


def _identity(url: str) -> dict[str, Any]:
    return {
        "url": f"{url}/",
        "team": "Snelveld",
        "user": "klachtenradar",
        "team_id": "T0SNELVELD",
        "user_id": "U0KLACHTEN",
        "bot_id": "B0KLACHTEN",
        "is_enterprise_install": False,
    }
