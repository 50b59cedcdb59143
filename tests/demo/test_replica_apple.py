from datetime import timedelta
from typing import Any

from demo.clock import PlayClock
from demo.replica import Fault, Kind, Replica
from tests.demo.asking import get
from tests.demo.posting import a_post, some_posts


def _feed(replica: Replica, page: int = 1, country: str = "nl") -> dict[str, Any]:
    path = f"/{country}/rss/customerreviews/page={page}/id=987654321/sortBy=mostRecent/json"
    feed: dict[str, Any] = get(replica.url + path).json["feed"]
    return feed


def test_one_review_is_an_object_none_is_no_key_and_more_are_a_list(replica: Replica) -> None:
    assert "entry" not in _feed(replica)
    replica.posts.add(a_post(Kind.APPLE))
    assert _feed(replica)["entry"]["im:rating"] == {"label": "1"}
    replica.posts.add(a_post(Kind.APPLE, text="Nog een"))
    assert len(_feed(replica)["entry"]) == 2


def test_reviews_come_fifty_a_page_and_the_next_link_points_to_xml(replica: Replica) -> None:
    for post in some_posts(70, Kind.APPLE):
        replica.posts.add(post)
    first, second = _feed(replica), _feed(replica, 2)
    assert (len(first["entry"]), len(second["entry"])) == (50, 20)
    links = {link["attributes"]["rel"]: link["attributes"]["href"] for link in first["link"]}
    assert "/page=2/" in links["next"]
    assert "/xml" in links["next"]


def test_every_scalar_is_text_and_the_time_has_the_offset_of_california(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.APPLE, likes=8))
    entry = _feed(replica)["entry"]
    assert entry["updated"]["label"] == "2026-11-20T03:00:00-08:00"
    assert (entry["im:voteSum"]["label"], entry["im:voteCount"]["label"]) == ("8", "10")
    assert entry["id"]["label"].isdigit()


def test_an_edit_moves_the_time_and_the_review_to_the_top(replica: Replica, clock: PlayClock) -> None:
    old, _ = [replica.posts.add(post) for post in reversed(some_posts(2, Kind.APPLE))]
    clock.advance(timedelta(hours=1))
    replica.posts.edit(old.key, text="Werkt weer")
    top = _feed(replica)["entry"][0]
    assert (top["id"]["label"], top["content"]["label"]) == (old.key, "Werkt weer")
    assert top["updated"]["label"] == "2026-11-20T05:00:00-08:00"


def test_another_country_or_another_form_of_the_address_has_nothing(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.APPLE))
    other = get(f"{replica.url}/nl/rss/customerreviews/id=987654321/page=1/sortby=mostrecent/json")
    assert "entry" not in _feed(replica, country="be")
    assert "entry" not in other.json["feed"]


def test_faults_of_the_feed(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.APPLE))
    replica.faults.set(Kind.APPLE, Fault.EMPTY)
    assert "entry" not in _feed(replica)
    replica.faults.set(Kind.APPLE, Fault.APP_ENTRY)
    assert ["im:rating" in entry for entry in _feed(replica)["entry"]] == [False, True]
    replica.faults.set(Kind.APPLE, Fault.CHANGED)
    assert "reviews" in _feed(replica)
    replica.faults.set(Kind.APPLE, Fault.NO_DATES)
    assert "updated" not in _feed(replica)["entry"]
