"""What every parser gives back, and the errors it may raise."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from crawlers.causes import Cause
from crawlers.parsers.quotes import own_words
from storage.records import LONGEST_ID, Kind, Record, Status, clean

E = TypeVar("E")

MOST_ENTRIES = 5_000
"""No source shows more than some hundreds on one page; what follows is refused unread."""
LONGEST_REASON = 200


class ParseError(Exception):
    """A page that cannot be read; `cause` is its stable key. The message holds no text of a post."""

    cause = Cause.ERROR

    def __init__(self, reason: str) -> None:
        super().__init__(" ".join(reason.split())[:LONGEST_REASON])


class FormatChanged(ParseError):
    """The page is not of the form that this parser knows."""

    cause = Cause.FORMAT


class Blocked(ParseError):
    """The site answers, but keeps us out."""

    def __init__(self, cause: Cause, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


class Moved(ParseError):
    """What was asked for now stands somewhere else."""

    cause = Cause.MOVED


class Misconfigured(ParseError):
    """The site does not know what the source is configured to ask for."""

    cause = Cause.CONFIGURATION


@dataclass(frozen=True)
class Problem:
    """A record that was refused: its place on the page and why. Holds no text of the record.

    `identity` is its id where that could be read, so that it is not taken for gone.
    """

    where: str
    what: str
    identity: str | None = None


@dataclass(frozen=True)
class Page:
    """The public posts of one page and where reading goes on.

    `passed` counts posts that were understood but are not collected (another language, an author who does
    not want it); `unsought`, how many of those were whole records that a query leaves out. `expected` is how many posts
    the source says it has; `damage` says that part of the page is missing, so that the records are not all; `rest` that
    it is the last of several pages, whose length is by chance.
    """

    records: tuple[Record, ...] = ()
    problems: tuple[Problem, ...] = ()
    next: str | None = None
    passed: int = 0
    expected: int | None = None
    notes: tuple[str, ...] = ()
    damage: str | None = None
    unsought: int = 0
    rest: bool = False

    @property
    def entries(self) -> int:
        return len(self.records) + len(self.problems) + self.passed

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(record.external_id for record in self.records)

    @property
    def nameless(self) -> int:
        """How many records could not be read, not even their id."""
        return sum(not one.identity for one in self.problems)


@dataclass
class Gathering:
    """Collects the records of one page: a bad one is noted, the good ones next to it are kept.

    `named` says that the source gives ids to its records. An id of ours is made of what a record says, and that of
    one that could not be read tells nothing.
    """

    named: bool = True

    problems: list[Problem] = field(default_factory=list)
    passed: int = 0
    notes: list[str] = field(default_factory=list)
    _records: dict[tuple[str, str], Record] = field(default_factory=dict)

    def add(self, where: str, **fields: Any) -> Record | None:
        """Keep a record of these fields, its text without what it quotes, and give it; None when it is refused.

        The first of two with one id counts, else they would edit each other.
        """
        words = fields.get("text")
        if isinstance(words, str):
            # In reviews a ">" at the start of a line is a bullet or "more than".
            fields["text"] = own_words(words, quotes=fields.get("kind") in (Kind.POST, Kind.COMMENT))
        try:
            record = Record(**fields)
        except ValidationError as error:
            self.refuse(where, explained(error), fields.get("external_id") if self.named else None)
            return None
        return self._records.setdefault((record.namespace, record.external_id), record)

    def refuse(self, where: str, what: str, identity: object = None) -> None:
        known = clean(identity) if isinstance(identity, str) and len(identity) <= LONGEST_ID else None
        self.problems.append(Problem(where, what, known or None))

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def bounded(self, entries: list[E]) -> list[E]:
        """At most `MOST_ENTRIES` of the entries; the rest is one problem."""
        if len(entries) > MOST_ENTRIES:
            self.refuse(
                f"entry {MOST_ENTRIES + 1} and later", f"more than {MOST_ENTRIES:,} entries on a page"
            )
        return entries[:MOST_ENTRIES]

    def page(self, next: str | None = None, expected: int | None = None, damage: str | None = None) -> Page:
        # Half of a surrogate pair, which JSON lets in, can be part of no address.
        next = next and next.encode(errors="replace").decode()
        records = tuple(self._records.values())
        return Page(records, tuple(self.problems), next, self.passed, expected, tuple(self.notes), damage)


P = TypeVar("P", bound=Page)


def holding(page: P, query: str | None, kept: Collection[str] = ()) -> P:
    """`page` with only the records that hold every word of `query`, in their text or title; the others are passed.

    What was `kept` before, by its id, stays: an edit or removal takes the words away, and must be told.
    """
    if not query:
        return page
    words = query.casefold().split()
    said = ((record, f"{record.title or ''} {record.text}".casefold()) for record in page.records)
    found = tuple(
        record for record, text in said if record.external_id in kept or all(word in text for word in words)
    )
    left_out = len(page.records) - len(found)
    return replace(page, records=found, passed=page.passed + left_out, unsought=page.unsought + left_out)


def next_start(start: int, shown: int, total: int | None) -> str | None:
    """Where the page begins that follows one of `shown` posts from `start` on; None at the end of the listing."""
    following = start + shown
    # A total that is below what is shown says nothing.
    ended = total is not None and start < total <= following
    return str(following) if shown and not ended else None


def gone(namespace: str, *external_ids: str) -> Page:
    """A page that says of stored posts that the public cannot read them any more."""
    # A record must say something; of one that is gone, only its status is stored.
    return Page(
        tuple(
            Record(namespace=namespace, external_id=one, text="-", status=Status.REMOVED)
            for one in external_ids
        )
    )


def explained(error: ValidationError) -> str:
    """The first reason why a record was refused, without what it held."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    return f"{key}: {reason}"[:LONGEST_REASON] if key else reason[:LONGEST_REASON]
