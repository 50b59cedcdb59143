"""What one crawl is told: read from the parent in the child, made by hand in tests."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crawlers.findings import Findings
from crawlers.parameters.types import Parameters
from crawlers.parsers.page import Page
from storage.mentions import StoreCounts
from storage.records import Batch
from storage.runs import Past
from storage.standing import Standing

Store = Callable[[Batch], StoreCounts]
"""Stores the records of a page, and the source's whole new state, in one transaction."""
Stands = Callable[[datetime, int], Sequence[Standing]]
"""Posts of the source that were published since then and can still be read, as far as is known; the newest, so many."""


@dataclass
class Job:
    """One crawl of one source. `state` is where reading had come to, by part; `now` gives the time.

    `secrets` may be sent to the source and nowhere else; a token that it gave in return is kept among them. `history`
    has the earlier crawls that say what is usual, newest first. `invited`: we come with a key and say that the site
    permits what we do, so that its word to strangers (robots.txt) is not meant for us.
    """

    name: str
    kind: str
    parameters: Parameters
    base_url: str | None
    now: Callable[[], datetime]
    store: Store
    state: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    history: Sequence[Past] = ()
    invited: bool = False
    standing: Stands = lambda since, most: ()
    findings: Findings = field(default_factory=Findings)


def _promise() -> asyncio.Future[StoreCounts]:
    return asyncio.get_running_loop().create_future()


@dataclass
class ReadPage:
    """A page on its way to the database; the pipeline says in `stored` what became of it.

    `part` is the part of the source that was read, `state` where reading it has come to (None: as it was).
    """

    page: Page
    where: str
    part: str
    state: dict[str, Any] | None = None
    stored: asyncio.Future[StoreCounts] = field(default_factory=_promise)

    def __repr__(self) -> str:
        """For Scrapy's log, which must not hold what people wrote."""
        return f"<{len(self.page.records)} records of {self.where}>"
