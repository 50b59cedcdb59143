"""A file on this machine, read without a network."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from crawlers import health
from crawlers.causes import Cause, Failure
from crawlers.job import ReadPage
from crawlers.parameters.files import CsvParameters
from crawlers.parsers import csv
from crawlers.parsers.page import Page, ParseError
from crawlers.spiders.reading import ReadingSpider

LARGEST_FILE = 64 * 1024 * 1024
PART = "file"
MOST_NAMED = 20
"""Refused rows that are named in the figures of the crawl; the log has all, with the reason."""


class CsvSpider(ReadingSpider):
    """State: `had`, how many rows the file held when all of it was last stored, and its `digest` if it was well then.

    A file that is not well is read each time, and so is told to be wrong until it is mended.
    """

    @property
    def wanted(self) -> CsvParameters:
        assert isinstance(self.job.parameters, CsvParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    async def start(self) -> AsyncIterator[Any]:
        body = self._body()
        if body is None:
            return
        digest = hashlib.sha256(body).hexdigest()
        if self.state_of(PART).get("digest") == digest:
            self.job.findings.not_modified += 1
            return
        had, refused = 0, []
        try:
            for page in csv.pages(body, self.wanted, f"csv:{self.job.name}", self.job.now()):
                self.job.findings.read(page)
                had += page.entries
                refused += [problem.where for problem in page.problems]
                item = ReadPage(page, PART, PART)
                yield item
                await item.stored
        except ParseError as error:
            self.note(Failure(error.cause, PART, str(error)))
            return
        if refused:
            self.job.findings.note(_told(refused))
        if not had and (before := self.state_of(PART).get("had")):
            self.note(Failure(Cause.EMPTY_BEFORE, PART, f"{before} were there before"))
            return
        well = health.shape(self.job.kind, self.job.findings) is None
        yield ReadPage(Page(), PART, PART, {"had": had} | ({"digest": digest} if well else {}))

    def _body(self) -> bytes | None:
        """What is in the file; None when it cannot be read, which is noted."""
        path = Path(self.wanted.path)
        try:
            if not path.exists():
                self.note(Failure(Cause.NO_FILE, self.wanted.path, "there is no such file"))
            elif not path.is_file():  # a pipe or a device would never end
                self.note(Failure(Cause.NO_FILE, self.wanted.path, "not a file"))
            elif path.stat().st_size > LARGEST_FILE:
                self.note(
                    Failure(Cause.NO_FILE, self.wanted.path, f"larger than {LARGEST_FILE // 2**20} MiB")
                )
            else:
                return path.read_bytes()
        except OSError as error:
            self.note(Failure(Cause.NO_FILE, self.wanted.path, error.strerror or type(error).__name__))
        return None


def _told(refused: list[str]) -> str:
    more = len(refused) - MOST_NAMED
    return f"refused: {', '.join(refused[:MOST_NAMED])}" + (
        f" and {more} more; see the log" if more > 0 else ""
    )
