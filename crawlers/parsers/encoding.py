"""In which encoding an answer is written: what it says itself, where that can be true."""

import codecs
import re

from w3lib.encoding import (
    html_body_declared_encoding,
    html_to_unicode,
    http_content_type_encoding,
    resolve_encoding,
    to_unicode,
)

_NO_ENCODINGS = frozenset(
    {
        *("base64", "bz2", "hex", "quopri", "rot-13", "uu", "zlib"),
        *("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"),
    }
)
"""Codecs of Python that no page is written in: some decode to no text, punycode takes the square of time."""
_BEGINNINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
"""By which XML tells its encoding before it says it (XML 1.0, appendix F)."""
_DECLARED = re.compile(
    rb"""\s{0,1000}<\?xml\s[^<>]{0,200}?\bencoding\s{0,10}=\s{0,10}["']([\w.:-]{1,40})["']"""
)


def page_text(body: bytes, content_type: str) -> str:
    """The text of an HTML page, in the encoding that its header or itself states."""
    header = content_type or None
    if http_content_type_encoding(header) in _NO_ENCODINGS:
        header = None
    if http_content_type_encoding(header) is None and html_body_declared_encoding(body) in _NO_ENCODINGS:
        header = f"text/html; charset={_undeclared(body)}"
    return html_to_unicode(header, body, "utf-8", _undeclared)[1]


def xml_text(body: bytes, content_type: str = "") -> str:
    """The text of an XML document: by how it begins, else by its header, else by its declaration (RFC 7303)."""
    for beginning, encoding in _BEGINNINGS:
        if body.startswith(beginning):
            return body.decode(encoding, "replace")
    named = http_content_type_encoding(content_type)
    if named is None and (declared := _DECLARED.match(body)):
        named = resolve_encoding(declared[1].decode("ascii", "replace"))
    # It would have begun otherwise, if it were in UTF-16 or UTF-32.
    if not named or named in _NO_ENCODINGS or named.startswith("utf-"):
        named = _undeclared(body)
    return to_unicode(body, named)


def json_in_utf8(body: bytes, content_type: str) -> bytes:
    """An answer in JSON, which is always UTF-8 (RFC 8259, 8.1), but for a server that says and does otherwise."""
    named = http_content_type_encoding(content_type)
    if not named or named == "utf-8" or named in _NO_ENCODINGS or "json" not in content_type.lower():
        return body
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return to_unicode(body, named).encode("utf-8", "replace")
    return body


def _undeclared(body: bytes) -> str:
    """The encoding of a page that states none: Windows-1252, as old forums have it, when it is not UTF-8."""
    if body.isascii():
        return "utf-8"
    read = body.decode("utf-8", "replace")
    # Half a character, or a few spoilt ones, do not make a page in UTF-8 another one.
    foreign = len(read) - len(read.encode("ascii", "ignore"))
    return "cp1252" if 2 * read.count("\ufffd") > foreign else "utf-8"
