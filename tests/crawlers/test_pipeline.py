"""What the pipeline stores of a page."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crawlers.job import Job, ReadPage
from crawlers.parameters.types import Parameters
from crawlers.parsers.page import Page
from crawlers.pipeline import StoringPipeline
from storage.mentions import StoreCounts
from storage.records import Batch


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        ({"newest": "today"}, {"one": {"newest": "today"}, "other": {"mark": "7"}}),
        ({}, {"other": {"mark": "7"}}),
        (None, {"one": {"newest": "before"}, "other": {"mark": "7"}}),
    ],
)
def test_a_part_of_which_nothing_is_known_leaves_no_name_in_the_state(
    left: dict[str, Any] | None, kept: dict[str, Any]
) -> None:
    stored: list[Batch] = []

    def store(batch: Batch) -> StoreCounts:
        stored.append(batch)
        return StoreCounts()

    before = {"one": {"newest": "before"}, "other": {"mark": "7"}}
    job = Job(
        name="shop",
        kind="feed",
        parameters=Parameters(),
        base_url=None,
        now=lambda: datetime(2026, 11, 18, tzinfo=UTC),
        store=store,
        state=before,
    )
    pipeline = StoringPipeline(cast("Any", SimpleNamespace(spider=SimpleNamespace(job=job))))

    async def read() -> None:
        pipeline.process_item(ReadPage(Page(), "page 1", "one", left))

    asyncio.run(read())

    assert job.state == kept
    assert stored[0].state == (None if left is None else kept)
