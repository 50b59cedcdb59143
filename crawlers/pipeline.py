"""The way from a spider into the database."""

import logging
from typing import Any, Self

from scrapy.crawler import Crawler

from crawlers.causes import Cause, Failure
from crawlers.job import Job, ReadPage
from storage.mentions import StoreCounts
from storage.records import Batch

logger = logging.getLogger(__name__)


class StoringPipeline:
    """Stores each page whole, together with where its part of the source has come to, in one transaction.

    The spider awaits what became of the page in `ReadPage.stored` and decides by it how far to read.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: ReadPage) -> ReadPage:
        job: Job = self.crawler.spider.job  # type: ignore[union-attr]
        try:
            stored = self._stored(job, item)
        except Exception as error:
            job.findings.failures.append(Failure(Cause.ERROR, item.where, type(error).__name__))
            item.stored.set_exception(error)
            item.stored.exception()  # not every spider awaits it, and asyncio would complain
            raise
        item.stored.set_result(stored)
        return item

    def _stored(self, job: Job, item: ReadPage) -> StoreCounts:
        for problem in item.page.problems:
            logger.warning("%s, %s, %s was refused: %s", job.name, item.where, problem.where, problem.what)
        state = None if item.state is None else _with(job.state, item.part, item.state)
        stored = job.store(Batch(records=item.page.records, state=state))
        job.state = job.state if state is None else state
        job.findings.counts += stored
        told = (job.name, item.where, len(item.page.records), stored.new, stored.edited, stored.replied)
        logger.info("%s, %s: %d records, %d new, %d edited, %d replied", *told)
        return stored


def _with(state: dict[str, Any], part: str, its: dict[str, Any]) -> dict[str, Any]:
    """`state` with `its` for a part; a part of which nothing is known any more leaves no name behind."""
    return {key: value for key, value in (state | {part: its}).items() if value or key != part}
