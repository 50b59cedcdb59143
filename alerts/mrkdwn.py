"""Slack's mark-up, and keeping the scraped texts that go into it harmless.

https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from urllib.parse import urlsplit

LONGEST_SECTION = 3_000
LONGEST_HEADER = 150
_CALL = re.compile(r"@(?=(?:channel|here|everyone|group)\b)", re.IGNORECASE)
_LINK = re.compile(r"<([^|<>]+)\|([^<>]*)>")
_IN_ADDRESS = str.maketrans({"<": "%3C", ">": "%3E", "|": "%7C", '"': "%22", " ": "%20"})
_JOINER = "\u2060"
"""Invisible; it keeps `@channel` from being one word."""


def escape(text: str) -> str:
    """`text` so that nothing in it is mark-up: no `<!channel>`, no link, no call for everybody."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CALL.sub("@" + _JOINER, text)


def plain(text: str) -> str:
    """What a reader sees of mark-up, for a terminal."""
    text = _LINK.sub(lambda found: f"{found[2]}: {found[1]}", text).replace("*", "").replace(_JOINER, "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def shortened(text: str, longest: int) -> str:
    """`text` on one line, cut at a word where it is longer than `longest` characters."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    word = cut.rfind(" ")
    return (cut[:word] if word > longest // 2 else cut).rstrip(" ,.;:") + "…"


def quote(text: str, longest: int) -> str:
    """A scraped text as a quotation of one line."""
    return "> " + escape(shortened(text, longest))


def link(url: str | None, label: str) -> str | None:
    """A link, or None for anything that is not an http or https address."""
    if url is None or urlsplit(url).scheme.lower() not in ("http", "https"):
        return None
    return f"<{url.translate(_IN_ADDRESS).replace('&', '&amp;')}|{escape(label)}>"


def cut(text: str, longest: int = LONGEST_SECTION) -> str:
    """Mark-up that fits a block: whole lines, the last ones left out."""
    while len(text) > longest and "\n" in text:
        text = text[: text.rfind("\n")]
    return text[:longest]
