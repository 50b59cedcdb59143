"""HTML of posts as plain text."""

import html
import re
from collections.abc import Sequence

import lxml.html
from lxml import etree

from crawlers.parsers.encoding import page_text
from crawlers.parsers.page import FormatChanged

LONGEST_MARKUP = 1_000_000
"""Characters. Ten times the longest text that is stored, to leave room for the markup round it."""
LONGEST_LINE = 1_000
"""The same. No name, heading or time is that long."""

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>|<!--")
_UNSEEN = frozenset({"script", "style", "template", "noscript", "blockquote", "head", "title"})
_QUOTES = frozenset({"quote", "quote-inline", "quotetitle", "quotecontent", "onebox", "invisible"})
"""Of forums and Mastodon; a onebox is what Discourse shows of a page that a post links to."""
_FILES = frozenset({"lightbox-wrapper", "inline-attachment"})
"""Pictures of Discourse and files of phpBB in a post, with their names, sizes and how often they were opened."""
_EMOJI = frozenset({"emoji", "emojione", "smilies", "smiley", "wp-smiley"})
"""Classes of images that forums and WordPress put in the place of an emoji."""
_ONLY_EMOJI = re.compile(
    "(?:[\u231a-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
    "[\u200d\u20e3\ufe0f\U000e0020-\U000e007f]*|[0-9#*]\ufe0f?\u20e3|\\s)+"
)
"""Emoji with what joins and colours them (skin colours are in the last range), and keys such as 1️⃣."""
_BLOCKS = ("p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "section")
_APART = (
    "address article aside blockquote caption center dd details dialog dt fieldset figcaption figure footer form "
    "header hr legend main nav option pre summary td th"
)
"""The other elements that a browser sets apart (HTML Standard, 15.3): here by a space, so that no words are glued.

A line would tell no more, and nearly every text that holds one would be stored anew, as if its author had edited it.
"""
_AFTER = dict.fromkeys(_APART.split(), " ") | dict.fromkeys(_BLOCKS, "\n")
_BEFORE = _AFTER | {"br": "\n", "p": "\n\n"}


class TooLong(ValueError):
    """More markup than any post holds."""


def plain(markup: str) -> str:
    """The visible words of an HTML fragment, entities unescaped once, without what it quotes of others.

    Raises TooLong for more than `LONGEST_MARKUP` characters.
    """
    if len(markup) > LONGEST_MARKUP:
        raise TooLong(f"more than {LONGEST_MARKUP:,} characters of markup")
    if "<" not in markup:
        return html.unescape(markup)
    root = _tree(markup)
    return "" if root is None else _words(root)


def unescaped(value: str) -> str:
    """A text that may hold HTML: its words when it has tags, else itself with entities unescaped once."""
    return plain(value) if _TAG.search(value) else html.unescape(value)


def words_in(element: etree._Element) -> str:
    """What `plain` gives of an element of a page. Raises TooLong."""
    return plain(etree.tostring(element, encoding="unicode", method="html", with_tail=False))


def line_of(element: etree._Element) -> str:
    """All text in an element, also what `plain` leaves out, on one line of at most `LONGEST_LINE` characters."""
    parts, length = [], 0
    for text in element.itertext():
        parts.append(str(text))
        length += sum(map(len, parts[-1].split()))
        if length > LONGEST_LINE:
            break  # damaged pages have a thousand lines that stand in each other
    return " ".join("".join(parts).split())[:LONGEST_LINE]


def set_apart(elements: Sequence[etree._Element]) -> None:
    """Take elements, in the order of the page, out of it: where an end is missing they stand in each other, and what
    one says would be said by all around it.
    """
    for element in reversed(elements):
        around = element.getparent()
        if around is not None:
            around.remove(element)


def page_tree(body: bytes, content_type: str) -> etree._Element:
    """The elements of a whole page, without comments. Raises FormatChanged when it has none."""
    root = whole_tree(body, content_type, remove_comments=True, remove_pis=True)
    if root is None:
        raise FormatChanged("the page is empty")
    return root


def whole_tree(body: bytes, content_type: str, **left_out: bool) -> etree._Element | None:
    """The elements of a page, in the encoding that its header or itself states; None when it has none."""
    # Of lxml.html, whose elements alone extruct can clean of comments, scripts and styles. Huge: else nothing is read
    # that follows 256 elements within each other; browsers show 512, and a page may leave out an end in each row.
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, **left_out)
    return _parsed(page_text(body, content_type), parser)


def _tree(markup: str) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    return _parsed(f"<div>{markup}</div>", parser)


def _parsed(markup: str, parser: etree.HTMLParser) -> etree._Element | None:
    # Bytes with a named encoding: lxml refuses strings that declare one, and those with a NUL.
    try:
        root = etree.fromstring(markup.replace("\0", "").encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    # What follows an early `</html>`, which a browser shows too, is one more root to lxml, beside the one it gives.
    for more in [] if root is None else list(root.itersiblings("html")):
        root.append(more)
    return root


def _words(root: etree._Element) -> str:
    pieces: list[str] = []
    hidden = 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            hidden += _is_unseen(node)
            if not hidden:
                pieces.append(_BEFORE.get(node.tag, "") + _emoji(node) + _flowing(node.text))
        else:
            unseen = _is_unseen(node)
            hidden -= unseen
            if not hidden:
                after = _AFTER.get(node.tag, "")
                pieces.append((" " if after and unseen else after) + _flowing(node.tail))
    return _tidy("".join(pieces))


def _is_unseen(node: etree._Element) -> bool:
    if not isinstance(node.tag, str) or node.tag in _UNSEEN:
        return True
    return not (_QUOTES | _FILES).isdisjoint((node.get("class") or "").split())


def _emoji(node: etree._Element) -> str:
    """The emoji that an image stands for; of a forum's own smiley how it is typed: `:rage:`, `:(`."""
    if node.tag != "img":
        return ""
    written = [found for found in node.attrib.values() if found.strip() and _ONLY_EMOJI.fullmatch(found)]
    if not written and not _EMOJI.isdisjoint((node.get("class") or "").split()):
        written = [node.get("alt") or node.get("title") or ""]
    return _flowing(written[0]) if written else ""


def _flowing(text: str | None) -> str:
    """Text as HTML has it: a line break in the source is a space."""
    return re.sub(r"\s+", " ", text or "")


def _tidy(words: str) -> str:
    lines = (" ".join(line.split()) for line in words.split("\n"))
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()
