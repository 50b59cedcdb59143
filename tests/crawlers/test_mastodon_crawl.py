"""Reading an instance: hashtags, its search, and posts that reach it late."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crawlers.secrets import missing
from crawlers.spiders.reading import UNKNOWN
from demo.replica import Fault, Kind, Post
from demo.replica.keyed import KEY, said
from demo.replica.loopback import Answer, Request
from storage.models import Health
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import START, Crawling, configured

TOKEN = "KLACHTENRADAR_SOURCE_MASTODON_TOKEN"
FOUND: dict[str, Any] = {"hashtags": [], "query": "snelveld"}


def texts(crawling: Crawling, status: str) -> list[str]:
    return [line["text"] for line in crawling.mentions() if line["status"] == status]


def test_a_post_that_reaches_the_instance_late_is_found_within_a_day(crawling: Crawling) -> None:
    show(crawling, posts(Kind.MASTODON, 130))
    crawling(Kind.MASTODON)
    late = Post(
        Kind.MASTODON, "Pas nu hier #snelveld", START - timedelta(hours=100, minutes=30), author="Laat"
    )
    show(crawling, [late])
    soon = crawling(Kind.MASTODON)
    crawling.clock.advance(timedelta(days=1))

    assert (soon.counts["new"], crawling(Kind.MASTODON).counts["new"]) == (0, 1)


def test_an_edit_and_a_removal_further_down_are_found_within_a_day(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.MASTODON, 130))
    crawling(Kind.MASTODON)
    crawling.clock.advance(timedelta(days=1))
    crawling.replica.posts.edit(shown[90].key, text="Opgelost, na vier keer bellen. #snelveld")
    crawling.replica.posts.remove(shown[100].key)
    outcome, again = crawling(Kind.MASTODON), crawling(Kind.MASTODON)

    assert (outcome.counts["edited"], outcome.counts["removed"]) == (1, 1)
    assert (again.counts["edited"], again.counts["removed"]) == (0, 0)
    assert texts(crawling, "edited") == ["Opgelost, na vier keer bellen. #snelveld"]


@pytest.mark.parametrize(
    ("changes", "removed"), [({"indexable": False}, 1), ({"bot": True}, 0), ({"language": "de"}, 0)]
)
def test_an_author_who_does_not_want_to_be_collected_any_more_is_heeded(
    crawling: Crawling, changes: dict[str, Any], removed: int
) -> None:
    shown = show(crawling, posts(Kind.MASTODON, 9))
    crawling(Kind.MASTODON, languages=["nl"])
    crawling.replica.posts._put(replace(shown[4], **changes))
    first, again = (crawling(Kind.MASTODON, languages=["nl"]) for _ in range(2))
    looked_up = [one for one in crawling.asked() if "/statuses/" in one]

    assert (first.health, again.health) == (Health.OK, Health.OK)
    assert [first.counts["removed"], again.counts["removed"]] == [removed, 0]
    assert len(looked_up) == 1


def test_an_edit_that_takes_the_hashtag_out_is_kept_and_what_becomes_of_it_looked_at_once_a_day(
    crawling: Crawling,
) -> None:
    shown = show(crawling, posts(Kind.MASTODON, 9))
    crawling(Kind.MASTODON)
    crawling.replica.posts.edit(shown[4].key, text="Opgelost.")
    edited, since = crawling(Kind.MASTODON), len(crawling.replica.requests)
    crawling(Kind.MASTODON)
    asked = crawling.asked(since)
    crawling.clock.advance(timedelta(days=1))
    crawling.replica.posts.remove(shown[4].key)
    removed = crawling(Kind.MASTODON)

    assert (edited.counts["edited"], edited.counts["removed"], removed.counts["removed"]) == (1, 0, 1)
    assert not [target for target in asked if "/statuses/" in target]
    assert texts(crawling, "removed") == ["Opgelost."]


def test_what_was_looked_up_today_takes_no_turn_from_what_went_missing_since(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.MASTODON, 36))
    crawling(Kind.MASTODON)
    for post in shown[:30]:
        crawling.replica.posts._put(replace(post, bot=True))
    for _ in range(3):
        crawling(Kind.MASTODON)
    for post in shown[30:35]:
        crawling.replica.posts.remove(post.key)

    assert crawling(Kind.MASTODON).counts["removed"] == 5


def test_a_status_that_is_not_found_is_gone_whatever_else_cannot_be_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = show(crawling, posts(Kind.MASTODON, 9))
    crawling(Kind.MASTODON)
    crawling.replica.posts.remove(shown[4].key)
    play = crawling.replica._played

    def played(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        answer = play(kind, request, fault)
        if "/timelines/" not in request.path:
            return answer
        return replace(
            answer, body=json.dumps([*json.loads(answer.body), {"id": "1", "content": 7}]).encode()
        )

    monkeypatch.setattr(crawling.replica, "_played", played)

    assert crawling(Kind.MASTODON).counts["removed"] == 1


def test_a_status_that_is_looked_up_in_vain_is_not_gone(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.MASTODON, 9))
    crawling(Kind.MASTODON)
    crawling.replica.posts._put(replace(shown[4], text="Opgelost.", tags=()))
    crawling.replica.faults.set(Kind.MASTODON, Fault.CHANGED, after=1)

    assert crawling(Kind.MASTODON).counts["removed"] == 0


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_status_that_is_refused_by_itself_is_looked_up_twice(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    shown = show(crawling, posts(Kind.MASTODON, 9))
    crawling(Kind.MASTODON)
    crawling.replica.posts.remove(shown[4].key)
    play = crawling.replica._played

    def refused_by_itself(kind: Kind, request: Request, fault: Fault | None) -> Answer:
        single = "/statuses/" in request.path
        return said({"error": "This action is not allowed"}, status) if single else play(kind, request, fault)

    monkeypatch.setattr(crawling.replica, "_played", refused_by_itself)
    outcomes = []
    for hours in (1, 1, 24, 24):
        crawling.clock.advance(timedelta(hours=hours))
        outcomes.append(crawling(Kind.MASTODON))

    assert [one.health for one in outcomes] == [Health.BLOCKED, Health.OK, Health.OK, Health.OK]
    assert outcomes[2].stats["notes"] == [UNKNOWN]
    assert len([target for target in crawling.asked() if "/statuses/" in target]) == 2


def test_a_timeline_that_shows_nothing_after_weeks_of_calm_is_not_calm(crawling: Crawling) -> None:
    show(crawling, posts(Kind.MASTODON, 3))
    crawling(Kind.MASTODON)
    crawling.clock.advance(timedelta(days=30))
    calm = crawling(Kind.MASTODON)
    crawling.replica.faults.set(Kind.MASTODON, Fault.EMPTY)
    empty = crawling(Kind.MASTODON)

    assert (calm.health, empty.health, empty.stats["cause"]) == (Health.OK, Health.EMPTY, "empty_before")


def test_what_is_not_collected_still_counts_for_how_far_was_read(crawling: Crawling) -> None:
    show(crawling, posts(Kind.MASTODON, 1, first=900))
    show(crawling, posts(Kind.MASTODON, 400, language="de"))
    crawling(Kind.MASTODON)
    crawling(Kind.MASTODON)  # asks once more for what stood below
    since = len(crawling.replica.requests)
    crawling(Kind.MASTODON)

    assert len(crawling.asked(since)) == 1


def test_a_search_with_a_token_reads_all_pages_once(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, KEY)
    show(crawling, posts(Kind.MASTODON, 95))
    first, again = crawling(Kind.MASTODON, **FOUND), crawling(Kind.MASTODON, **FOUND)

    assert (first.health, first.counts["new"]) == (Health.OK, 95)
    assert (again.counts["new"], again.counts["requests"]) == (0, 2)
    assert "offset=40" in " ".join(crawling.asked())


def test_a_search_without_a_token_is_a_fault_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    [source] = configured("http://127.0.0.1:1", Kind.MASTODON, **FOUND).source
    [fault] = missing(source)

    assert (fault.key, TOKEN in fault.message) == ("source mastodon.token", True)


def test_a_token_that_is_not_taken_is_a_matter_of_the_key(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "verlopen-sleutel")
    outcome = crawling(Kind.MASTODON, **FOUND)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BLOCKED, "key")
    assert TOKEN in str(outcome.reason)
