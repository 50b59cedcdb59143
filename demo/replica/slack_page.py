"""The channel of the fake Slack as a page, roughly as people would see it in Slack.

It renders the Block Kit elements that a message may hold and the markup inside them; a broadcast
such as `<!channel>` that really would fire is shown as one, so that nobody overlooks it.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
LINK = re.compile(r"&lt;(https?://[^|&\s]+(?:&amp;[^|&\s]+)*)(?:\|(.*?))?&gt;")
BROADCAST = re.compile(
    r"&lt;!(channel|here|everyone)(?:\|[^&]*)?&gt;|&lt;(@[UW]\w+|!subteam\^\w+)(?:\|[^&]*)?&gt;"
)
EMPHASIS = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w_/])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), r"<em>\1</em>"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), r"<s>\1</s>"),
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
)
STYLE = """
:root{color-scheme:light dark;--ink:#1d1c1d;--soft:#616061;--line:#ddd;--paper:#fff;--link:#1264a3;--app:#611f69}
@media(prefers-color-scheme:dark){
:root{--ink:#e8e8e8;--soft:#a5a5a5;--line:#3c3f42;--paper:#1a1d21;--link:#4aa8e0;--app:#8d4a96}}
body{font:15px/1.47 Lato,"Segoe UI",system-ui,sans-serif;color:var(--ink);background:var(--paper);
margin:0 auto;max-width:46rem;padding:1rem}
header{border-bottom:1px solid var(--line);margin-bottom:1rem;padding-bottom:.5rem;font-weight:900;font-size:1.1rem}
article{display:grid;grid-template-columns:36px 1fr;gap:0 .6rem;margin:0 0 1.2rem}
.face{width:36px;height:36px;border-radius:6px;background:var(--app);color:#fff;display:grid;place-items:center;
font-weight:900}
.who{font-weight:900}.app{font-size:.65rem;border-radius:3px;background:var(--line);padding:0 .3rem;margin:0 .3rem}
time,.edited,.context,.none{color:var(--soft);font-size:.8rem}
h2{font-size:1.15rem;margin:.3rem 0}p{margin:.3rem 0;overflow-wrap:anywhere}a{color:var(--link)}
blockquote{margin:.2rem 0;padding-left:.7rem;border-left:4px solid var(--line)}
hr{border:0;border-top:1px solid var(--line)}pre{white-space:pre-wrap;border:1px solid var(--line);padding:.5rem}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:.3rem 1rem}
.button{display:inline-block;border:1px solid var(--line);border-radius:4px;padding:.2rem .7rem;font-weight:700;
color:var(--ink);text-decoration:none;margin:.2rem .4rem .2rem 0}
.fired{background:#fff1b8;color:#7a4d00;padding:0 .2rem;border-radius:3px}
.thread{grid-column:2;border-left:2px solid var(--line);padding-left:.8rem;margin-top:.4rem}
@media(max-width:30rem){.fields{grid-template-columns:1fr}}
"""


class Shown(Protocol):
    """What the page needs of a message."""

    @property
    def text(self) -> str: ...
    @property
    def blocks(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime | None: ...


def page(channel: str, threads: Sequence[tuple[Shown, Sequence[Shown]]]) -> str:
    """The page of a channel; each message comes with the replies in its thread."""
    articles = "".join(message(first, replies) for first, replies in threads)
    nothing = '<p class="none">Nog geen berichten in dit kanaal.</p>'
    name = html.escape(channel.lstrip("#"))
    return (
        '<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>#{name}</title><style>{STYLE}</style></head>"
        f"<body><header># {name}</header><main>{articles or nothing}</main></body></html>"
    )


def message(first: Shown, replies: Sequence[Shown] = ()) -> str:
    """One message with its thread."""
    clock = first.at.astimezone(AMSTERDAM)
    edited = '<span class="edited">(bewerkt)</span>' if first.updated_at else ""
    inside = "".join(message(reply) for reply in replies)
    thread = f'<div class="thread">{inside}</div>' if inside else ""
    return (
        '<article><div class="face" aria-hidden="true">K</div><div>'
        '<span class="who">Klachtenradar</span><span class="app">APP</span>'
        f'<time datetime="{first.at.isoformat()}">{clock:%H:%M}</time>'
        f"{_body(first)}{edited}</div>{thread}</article>"
    )


def markup(text: str) -> str:
    """Slack's mrkdwn as HTML; what is not markup is escaped."""
    # Slack wants &, < and > escaped by the sender: take that off once, then escape for HTML.
    plain = text.replace("&lt;", "\x01").replace("&gt;", "\x02").replace("&amp;", "\x03")
    safe = html.escape(plain, quote=True)
    safe = BROADCAST.sub(
        lambda m: f'<span class="fired">@{(m.group(1) or m.group(2)).lstrip("@!")}</span>', safe
    )
    parts = LINK.split(safe)
    # LINK.split gives text, address, label, text, …: emphasis belongs in texts and labels only.
    shown = [_emphasised(parts[0])]
    for address, label, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        shown += [
            f'<a href="{address}" rel="noreferrer">{_emphasised(label or address)}</a>',
            _emphasised(rest),
        ]
    text = "".join(shown)
    return text.replace("\x01", "&lt;").replace("\x02", "&gt;").replace("\x03", "&amp;")


def _emphasised(text: str) -> str:
    for pattern, replacement in EMPHASIS:
        text = pattern.sub(replacement, text)
    return text


def _body(shown: Shown) -> str:
    if not shown.blocks:
        return _lines(shown.text)
    return "".join(BLOCKS.get(block.get("type", ""), _unknown)(block) for block in shown.blocks)


def _header(block: Mapping[str, Any]) -> str:
    return f"<h2>{html.escape(block['text']['text'])}</h2>"


def _section(block: Mapping[str, Any]) -> str:
    text = _text(block["text"]) if "text" in block else ""
    inside = "".join(f"<div>{_text(part)}</div>" for part in block.get("fields", ()))
    fields = f'<div class="fields">{inside}</div>' if inside else ""
    return f"{text}{fields}{_element(block.get('accessory'))}"


def _context(block: Mapping[str, Any]) -> str:
    return f'<div class="context">{"".join(_text(part) for part in block["elements"])}</div>'


def _actions(block: Mapping[str, Any]) -> str:
    return f"<p>{''.join(_element(part) for part in block['elements'])}</p>"


def _divider(block: Mapping[str, Any]) -> str:
    return "<hr>"


def _unknown(block: Mapping[str, Any]) -> str:
    return f"<pre>[{html.escape(str(block.get('type')))}]</pre>"


def _element(element: Mapping[str, Any] | None) -> str:
    if not element or element.get("type") != "button":
        return ""
    label, address = html.escape(element["text"]["text"]), str(element.get("url", ""))
    if not address.startswith(("http://", "https://")):
        return f'<span class="button">{label}</span>'
    return f'<a class="button" href="{html.escape(address)}" rel="noreferrer">{label}</a>'


def _text(part: Mapping[str, Any]) -> str:
    text = str(part.get("text", ""))
    return _lines(text) if part.get("type") == "mrkdwn" else f"<p>{html.escape(text)}</p>"


def _lines(text: str) -> str:
    return "".join(map(_line, text.split("\n")))


def _line(line: str) -> str:
    if line.startswith(">"):
        return f"<blockquote>{markup(line[1:].lstrip())}</blockquote>"
    return f"<p>{markup(line)}</p>" if line.strip() else ""


BLOCKS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
}
