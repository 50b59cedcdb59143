"""The spiders over HTTP, from a replica of the real sources into a database."""

from datetime import timedelta
from typing import Any

import pytest

from demo.replica import Fault, Kind, feeds
from storage.models import Health
from tests.crawlers.complaints import KINDS, posts, show
from tests.crawlers.conftest import Crawling

EDITABLE = [Kind.TRUSTPILOT, Kind.APPLE, Kind.GOOGLE_PLAY, Kind.MASTODON, Kind.FEED]


def texts(crawling: Crawling) -> list[str]:
    return sorted(line["text"] for line in crawling.mentions())


@pytest.mark.parametrize("kind", KINDS)
def test_a_crawl_stores_exactly_the_public_posts_and_again_adds_nothing(
    crawling: Crawling, kind: Kind
) -> None:
    shown = show(crawling, posts(kind, 7))

    first, again = crawling(kind), crawling(kind)

    assert (first.health, first.counts["new"]) == (Health.OK, 7)
    assert (again.health, again.counts["new"], again.counts["edited"]) == (Health.OK, 0, 0)
    assert texts(crawling) == sorted(post.text for post in shown)


@pytest.mark.parametrize("kind", [Kind.TRUSTPILOT, Kind.APPLE, Kind.MASTODON])
def test_a_first_crawl_reads_all_pages(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 105))

    assert crawling(kind).counts["new"] == 105


@pytest.mark.parametrize("kind", EDITABLE)
def test_an_edit_gives_a_second_version(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 3))
    crawling(kind)
    crawling.clock.advance(timedelta(hours=1))
    crawling.replica.posts.edit(shown[1].key, text="Opgelost, maar pas na vier keer bellen. #snelveld")

    outcome = crawling(kind)

    assert (outcome.counts["edited"], outcome.counts["new"]) == (1, 0)
    edited = [line for line in crawling.mentions() if line["status"] == "edited"]
    assert [line["text"] for line in edited] == ["Opgelost, maar pas na vier keer bellen. #snelveld"]


@pytest.mark.parametrize("kind", [Kind.TRUSTPILOT, Kind.MASTODON])
def test_a_post_that_is_taken_away_is_removed(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 25, first=5))
    crawling(kind)
    crawling.replica.posts.remove(shown[3].key)
    show(crawling, posts(kind, 5))
    outcome, again = crawling(kind), crawling(kind)

    assert (outcome.health, outcome.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)
    removed = [line["text"] for line in crawling.mentions() if line["status"] == "removed"]
    assert removed in ([shown[3].text], [""])
    assert len(crawling.mentions()) == 30


def test_a_post_that_is_only_further_down_is_not_removed(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 60, first=100))
    crawling(Kind.TRUSTPILOT)
    show(crawling, posts(Kind.TRUSTPILOT, 45))
    since = len(crawling.replica.requests)

    assert crawling(Kind.TRUSTPILOT).counts["removed"] == 0
    assert not [target for target in crawling.asked(since) if target.startswith("/reviews/")]


def test_the_oldest_review_is_removed_when_the_listing_is_read_to_its_end(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TRUSTPILOT, 45))
    crawling(Kind.TRUSTPILOT)
    crawling.replica.posts.remove(shown[-1].key)
    removed = []
    for _ in range(2):
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(Kind.TRUSTPILOT).counts["removed"])

    assert removed == [1, 0]
    assert len([target for target in crawling.asked() if target.startswith("/reviews/")]) == 1


@pytest.mark.parametrize("pages", [2, 50])
def test_what_slips_out_of_sight_is_not_looked_up(crawling: Crawling, pages: int) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 215, first=5))
    crawling(Kind.TRUSTPILOT, pages=pages)
    show(crawling, posts(Kind.TRUSTPILOT, 5))
    crawling.clock.advance(timedelta(hours=25))
    crawling(Kind.TRUSTPILOT, pages=pages)

    assert not [target for target in crawling.asked() if target.startswith("/reviews/")]


def test_a_reply_that_comes_later_keeps_its_own_time(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TRUSTPILOT, 30))
    crawling(Kind.TRUSTPILOT)
    crawling.clock.advance(timedelta(hours=2))
    crawling.replica.posts.reply(shown[25].key, "Wat vervelend, we bellen je vandaag.")
    crawling.clock.advance(timedelta(hours=1))

    outcome = crawling(Kind.TRUSTPILOT)

    assert outcome.counts["replied"] == 1
    [line] = [line for line in crawling.mentions() if line["reply"]]
    assert line["reply"] == {"text": "Wat vervelend, we bellen je vandaag.", "at": "2026-11-21T14:00:00Z"}


def test_a_reply_further_down_is_found_within_a_day(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.TRUSTPILOT, 100))
    crawling(Kind.TRUSTPILOT)
    crawling.replica.posts.reply(shown[90].key, "Sorry!")
    crawling.clock.advance(timedelta(hours=2))
    soon = crawling(Kind.TRUSTPILOT)
    crawling.clock.advance(timedelta(hours=23))

    assert (soon.counts["replied"], crawling(Kind.TRUSTPILOT).counts["replied"]) == (0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_new_posts_are_found_where_reading_had_come_to(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 6, first=10))
    crawling(kind)
    show(crawling, posts(kind, 6))

    assert crawling(kind).counts["new"] == 6


@pytest.mark.parametrize(("kind", "pages"), [(Kind.TRUSTPILOT, 2), (Kind.APPLE, 2), (Kind.MASTODON, 1)])
def test_a_later_crawl_reads_only_the_newest_pages(crawling: Crawling, kind: Kind, pages: int) -> None:
    show(crawling, posts(kind, 160))
    crawling(kind)
    crawling(kind)  # may ask once more for an end that showed nothing
    since = len(crawling.replica.requests)
    crawling(kind)

    assert len(crawling.asked(since)) == pages


@pytest.mark.parametrize("kind", [Kind.TRUSTPILOT, Kind.APPLE, Kind.MASTODON])
def test_a_burst_over_many_pages_is_read_whole(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 60, first=170))
    crawling(kind)
    show(crawling, posts(kind, 170))

    assert crawling(kind).counts["new"] == 170


def test_a_pinned_review_on_top_does_not_end_the_reading(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 45, first=100) + posts(Kind.TRUSTPILOT, 1, first=500, pinned=True))
    crawling(Kind.TRUSTPILOT)
    show(crawling, posts(Kind.TRUSTPILOT, 70))

    assert crawling(Kind.TRUSTPILOT).counts["new"] == 70


def test_a_review_that_comes_between_two_pages_is_stored_once(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 50, first=1))
    late = posts(Kind.TRUSTPILOT, 1)

    def arrive(request: Any) -> None:
        if request.first("page") == "2" and late:
            crawling.replica.posts.add(late.pop())

    crawling.replica._watch = arrive
    outcome = crawling(Kind.TRUSTPILOT)

    assert (outcome.counts["new"], outcome.counts["unchanged"]) == (50, 1)
    assert crawling(Kind.TRUSTPILOT).counts["new"] == 1


def test_reading_that_broke_off_is_taken_up_whole(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 120))
    crawling.replica.faults.set(Kind.TRUSTPILOT, Fault.NOT_FOUND, after=3)
    broken = crawling(Kind.TRUSTPILOT)
    crawling.replica.faults.clear()

    whole = crawling(Kind.TRUSTPILOT)

    assert (broken.health, broken.counts["new"]) == (Health.BROKEN, 60)
    assert (whole.health, whole.counts["new"]) == (Health.OK, 60)


def test_at_most_ten_pages_are_asked_for(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 230))
    outcome = crawling(Kind.TRUSTPILOT)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 200)
    assert not [target for target in crawling.asked() if "page=11" in target]


def test_being_asked_to_sign_in_after_good_pages_is_the_end_of_the_view(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 230))
    outcome = crawling(Kind.TRUSTPILOT, pages=15)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 200)
    assert outcome.stats["notes"] == ["the view for visitors ends here"]


def test_an_ignored_language_is_noted_and_left_out(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 25) + posts(Kind.TRUSTPILOT, 25, first=30, language="en"))
    crawling.replica.faults.set(Kind.TRUSTPILOT, Fault.IGNORED_LANGUAGE)
    outcome = crawling(Kind.TRUSTPILOT, languages=["nl"])

    assert (outcome.health, outcome.counts["new"], outcome.stats["passed"]) == (Health.OK, 25, 25)
    assert {line["language"] for line in crawling.mentions()} == {"nl"}


def test_a_language_that_the_site_does_not_know_is_a_fault_of_the_configuration(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 45))
    outcome = crawling(Kind.TRUSTPILOT, languages=["xx", "nl"])

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "configuration")
    assert outcome.reason is not None
    assert 'does not know the language "xx"' in outcome.reason
    assert 'in languages, write another one such as "nl"' in outcome.reason
    assert len([one for one in crawling.asked() if "languages=xx" in one]) == 1
    assert outcome.counts["new"] == 45  # those of the other language are read all the same


def test_a_language_in_which_nobody_wrote_is_no_fault_of_the_configuration(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 5))

    assert crawling(Kind.TRUSTPILOT, languages=["fr"]).stats["cause"] == "empty"


@pytest.mark.parametrize("kind", [Kind.TRUSTPILOT, Kind.MASTODON])
def test_other_languages_are_kept_unless_some_are_asked_for(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 3) + posts(kind, 2, first=30, language="en"))

    assert crawling(kind).counts["new"] == 5
    assert sorted(line["language"] for line in crawling.mentions()) == ["en", "en", "nl", "nl", "nl"]


def test_several_languages_are_read_one_after_another(crawling: Crawling) -> None:
    show(crawling, posts(Kind.TRUSTPILOT, 5) + posts(Kind.TRUSTPILOT, 5, first=30, language="en"))

    assert crawling(Kind.TRUSTPILOT, languages=["nl", "en"]).counts["new"] == 10


def test_posts_that_are_not_for_collecting_are_not_collected(crawling: Crawling) -> None:
    show(
        crawling,
        posts(Kind.MASTODON, 1)
        + posts(Kind.MASTODON, 1, first=1, bot=True)
        + posts(Kind.MASTODON, 1, first=2, indexable=False)
        + posts(Kind.MASTODON, 1, first=3, visibility="private")
        + posts(Kind.MASTODON, 1, first=4, language="de"),
    )

    assert crawling(Kind.MASTODON, languages=["nl"]).counts["new"] == 1


def test_a_post_under_two_hashtags_is_stored_once(crawling: Crawling) -> None:
    show(crawling, posts(Kind.MASTODON, 3, tags=("storing",)))
    outcome = crawling(Kind.MASTODON, hashtags=["snelveld", "#storing"])

    assert (outcome.counts["new"], outcome.counts["unchanged"]) == (3, 3)


def test_an_unchanged_feed_is_not_read_again_and_is_healthy(crawling: Crawling) -> None:
    show(crawling, posts(Kind.FEED, 5))
    crawling(Kind.FEED)
    outcome = crawling(Kind.FEED)

    assert (outcome.health, outcome.stats["not_modified"]) == (Health.OK, 1)
    assert crawling.replica.requests[-1].headers["if-none-match"].startswith('"')


def test_a_feed_that_could_not_be_used_is_not_healthy_because_it_did_not_change(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(Kind.FEED, 5))
    own = feeds.FORMS["rss"]
    monkeypatch.setitem(
        feeds.FORMS, "rss", lambda *asked: own(*asked).replace("guid", "nummer").replace("link>", "adres>")
    )
    outcomes = [crawling(Kind.FEED) for _ in range(2)]

    assert [(one.health, one.stats["cause"]) for one in outcomes] == [
        (Health.FORMAT_CHANGED, "all_refused"),
        (Health.FORMAT_CHANGED, "all_refused"),
    ]


@pytest.mark.parametrize("form", ["feeds/snelveld.rss", "feeds/snelveld.atom", "alerts/snelveld"])
def test_every_form_of_feed_is_read(crawling: Crawling, form: str) -> None:
    show(crawling, posts(Kind.FEED, 5))

    assert crawling(Kind.FEED, url=f"https://nieuws.example/{form}").counts["new"] == 5


def test_items_without_a_time_are_stored_and_marked(crawling: Crawling) -> None:
    show(crawling, posts(Kind.FEED, 2))
    crawling.replica.faults.set(Kind.FEED, Fault.NO_DATES)
    outcome = crawling(Kind.FEED)

    assert outcome.health is Health.OK
    assert {line["published_at"] for line in crawling.mentions()} == {"2026-11-21T12:00:00Z"}


@pytest.mark.parametrize("number", [1, 2])
def test_one_review_and_an_entry_about_the_app_are_told_apart(crawling: Crawling, number: int) -> None:
    show(crawling, posts(Kind.APPLE, number))
    crawling.replica.faults.set(Kind.APPLE, Fault.APP_ENTRY)
    outcome = crawling(Kind.APPLE)

    assert (outcome.counts["new"], outcome.counts["refused"]) == (number, 0)
