"""Slack's Block Kit and mrkdwn as HTML, for the page that shows what Slack shows.

Only what messages of ours can hold is drawn; an unknown block is left out. Everything is escaped: the texts quote
strangers.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

_LINK = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_STYLES = (
    (re.compile(r"(?<![\w`])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w`])"), "strong"),
    (re.compile(r"(?<![\w`])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w`])"), "em"),
    (re.compile(r"(?<![\w`])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w`])"), "s"),
    (re.compile(r"`([^`\n]+)`"), "code"),
)
EMOJI = {
    "rotating_light": "🚨",
    "warning": "⚠️",
    "white_check_mark": "✅",
    "eyes": "👀",
    "mute": "🔇",
    "fire": "🔥",
    "chart_with_upwards_trend": "📈",
    "large_green_circle": "🟢",
    "large_orange_circle": "🟠",
    "red_circle": "🔴",
    "bell": "🔔",
    "speech_balloon": "💬",
    "mag": "🔍",
}
_EMOJI = re.compile(r":([a-z0-9_+-]+):")


@dataclass(frozen=True)
class Button:
    text: str
    url: str | None
    style: str


@dataclass(frozen=True)
class Block:
    """One block as the template draws it; `kind` is header, text, context, divider or buttons."""

    kind: str
    lines: tuple[Markup, ...] = ()
    fields: tuple[Markup, ...] = ()
    buttons: tuple[Button, ...] = ()


def blocks(payload: Mapping[str, Any]) -> tuple[Block, ...]:
    """The blocks of a message, of its attachments after them; its plain text when it has none."""
    parts = [*_list(payload, "blocks")]
    for attachment in _list(payload, "attachments"):
        parts += _list(attachment, "blocks")
    found = tuple(block for part in parts if (block := _block(part)) is not None)
    return found or (Block("text", (mrkdwn(str(payload.get("text", ""))),)),)


def colour(payload: Mapping[str, Any]) -> str:
    """`alarm`, `calm` or empty: the bar beside an attachment, which is green when all is well."""
    colours = [str(attachment.get("color", "")) for attachment in _list(payload, "attachments")]
    if not colours or not colours[0]:
        return ""
    return "calm" if colours[0] in ("good", "#2eb67d", "#007a5a", "#2e7d32") else "alarm"


def mrkdwn(text: str) -> Markup:
    """Slack's mark-up as HTML, line by line, with quotes and code blocks."""
    parts = text.split("```")
    drawn = [
        Markup("<pre>{}</pre>").format(html.unescape(part).strip("\n")) if odd else _lines(part)
        for part, odd in zip(parts, [index % 2 for index in range(len(parts))], strict=True)
    ]
    return Markup("").join(drawn)


def _lines(text: str) -> Markup:
    drawn: list[Markup] = []
    quoted: list[Markup] = []
    for line in text.split("\n"):
        quote = re.match(r"(?:&gt;|>) ?(.*)", line)
        if quote:
            quoted.append(_inline(quote[1]))
            continue
        drawn += _quote(quoted)
        quoted = []
        drawn.append(Markup('<span class="line">{}</span>').format(_inline(line)))
    return Markup("").join([*drawn, *_quote(quoted)])


def _quote(lines: list[Markup]) -> list[Markup]:
    if not lines:
        return []
    return [Markup('<blockquote dir="auto">{}</blockquote>').format(Markup("<br>").join(lines))]


def _inline(text: str) -> Markup:
    """Links first: what they hold is not marked up; the rest is unescaped once and escaped again."""
    drawn, end = Markup(""), 0
    for match in _LINK.finditer(text):
        drawn += _styled(text[end : match.start()]) + _link(match[1], match[2])
        end = match.end()
    return drawn + _styled(text[end:])


def _link(target: str, label: str | None) -> Markup:
    address = html.unescape(target)
    if not address.lower().startswith(("http://", "https://")):
        # <!channel>, <@U123>, <#C123|name>: shown as a name, as Slack would.
        return Markup('<span class="ping">{}</span>').format(label or address)
    return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(
        address, _styled(label) if label else address
    )


def _styled(text: str) -> Markup:
    plain = _EMOJI.sub(lambda match: EMOJI.get(match[1], match[0]), html.unescape(text))
    safe = str(escape(plain))
    for pattern, tag in _STYLES:
        safe = pattern.sub(rf"<{tag}>\1</{tag}>", safe)
    # Escaped above; only the four tags were added since.
    return Markup(safe)  # noqa: S704


def _block(part: Mapping[str, Any]) -> Block | None:
    kind = part.get("type")
    if kind == "header":
        return Block("header", (_text(part.get("text")),))
    if kind == "section":
        fields = tuple(_text(field) for field in _list(part, "fields"))
        lines = (_text(part["text"]),) if part.get("text") else ()
        return Block("text", lines, fields, _buttons([part.get("accessory")]))
    if kind == "context":
        return Block("context", tuple(_text(element) for element in _list(part, "elements")))
    if kind == "actions":
        return Block("buttons", buttons=_buttons(_list(part, "elements")))
    return Block("divider") if kind == "divider" else None


def _text(element: object) -> Markup:
    if not isinstance(element, Mapping):
        return Markup("")
    text = str(element.get("text", ""))
    if element.get("type") == "plain_text":
        return escape(_EMOJI.sub(lambda match: EMOJI.get(match[1], match[0]), text))
    return mrkdwn(text)


def _buttons(elements: Sequence[Any]) -> tuple[Button, ...]:
    return tuple(
        Button(str(_text(one.get("text")).unescape()), one.get("url"), str(one.get("style", "")))
        for one in elements
        if isinstance(one, Mapping) and one.get("type") == "button"
    )


def _list(part: Mapping[str, Any], name: str) -> list[Any]:
    found = part.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
