"""What holds for every listing that goes on by a token or a link: app stores and Google's reviews."""

from datetime import timedelta
from typing import Any

import pytest

from demo.replica import Fault, Kind
from storage.models import Health
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling

A_PAGE = {
    Kind.GOOGLE_PLAY: 199,
    Kind.PLAY_DEVELOPER: 100,
    Kind.GOOGLE_BUSINESS: 50,
    Kind.APP_STORE_CONNECT: 200,
}
"""How many reviews one answer holds. Those of the Play Developer API are of a week at most."""


@pytest.mark.parametrize("kind", A_PAGE)
def test_a_review_that_comes_between_two_pages_is_stored_once(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, A_PAGE[kind] + 10, first=1))
    late = posts(kind, 1)

    def arrive(request: Any) -> None:
        # Right after the first page was asked for comes the review; then the second is asked for.
        if len(crawling.asked()) == 2 and late:
            crawling.replica.posts.add(late.pop())

    crawling.replica._watch = arrive
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, A_PAGE[kind] + 10)
    assert outcome.counts["unchanged"] == 1
    assert crawling(kind).counts["new"] == 1


@pytest.mark.parametrize("kind", A_PAGE)
def test_reading_that_broke_off_ends_with_the_same_reviews(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, A_PAGE[kind] + 10))
    crawling.replica.faults.set(kind, Fault.NOT_FOUND, after=1)
    broken = crawling(kind)
    crawling.replica.faults.clear()
    whole = crawling(kind)

    assert (broken.health, broken.counts["new"]) == (Health.BROKEN, A_PAGE[kind])
    assert (whole.health, whole.counts["new"]) == (Health.OK, 10)


@pytest.mark.parametrize("kind", A_PAGE)
def test_an_edit_and_a_reply_of_later_are_found_the_next_day(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 20))
    crawling(kind)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.posts.edit(shown[5].key, text="Nu zelfs twee dagen geen internet.", rating=1)
    crawling.replica.posts.reply(shown[15].key, "We zoeken het uit.")
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["edited"], outcome.counts["replied"]) == (Health.OK, 1, 1)
    [answered] = [line for line in crawling.mentions() if line["reply"]]
    assert answered["reply"] == {"text": "We zoeken het uit.", "at": "2026-11-22T13:00:00Z"}


@pytest.mark.parametrize("kind", A_PAGE)
def test_too_many_requests_leaves_the_source_alone_for_as_long_as_it_asks(
    crawling: Crawling, kind: Kind
) -> None:
    crawling.replica.faults.set(kind, Fault.RATE_LIMITED, retry_after=1800)
    outcome = crawling(kind)

    assert (outcome.stats["cause"], outcome.retry_after) == ("rate_limited", timedelta(minutes=30))
