import re
from datetime import timedelta
from typing import Any

from demo.clock import PlayClock
from demo.replica import Fault, Kind, Replica
from tests.demo.asking import get
from tests.demo.posting import a_post, some_posts

TAG = "/api/v1/timelines/tag/snelveld"


def _statuses(replica: Replica, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(f"{replica.url}{TAG}{query}").json
    return found


def test_the_link_header_pages_back_to_the_first_post(replica: Replica) -> None:
    posts = [replica.posts.add(post) for post in some_posts(90, Kind.MASTODON)]
    address, seen = f"{replica.url}{TAG}?limit=40", list[str]()
    while address:
        page = get(address)
        seen += [status["id"] for status in page.json]
        match = re.search(r'<([^>]+)>; rel="next"', page.headers.get("Link", ""))
        address = match.group(1) if match else ""
    assert seen == [post.key for post in posts]


def test_min_id_gives_the_oldest_after_the_marker_and_since_id_the_newest(replica: Replica) -> None:
    posts = [replica.posts.add(post) for post in some_posts(10, Kind.MASTODON)]
    marker = posts[7].key
    oldest = [s["id"] for s in _statuses(replica, f"?limit=3&min_id={marker}")]
    newest = [s["id"] for s in _statuses(replica, f"?limit=3&since_id={marker}")]
    assert oldest == [post.key for post in posts[4:7]]
    assert newest == [post.key for post in posts[:3]]


def test_paging_forward_from_nothing_begins_with_the_oldest(replica: Replica) -> None:
    posts = [replica.posts.add(post) for post in some_posts(5, Kind.MASTODON)]
    assert [s["id"] for s in _statuses(replica, "?limit=2&min_id=0")] == [post.key for post in posts[3:]]
    assert len(_statuses(replica, "?limit=veel&max_id=x")) == 5


def test_a_status_keeps_its_uri_when_the_server_moves(clock: PlayClock) -> None:
    uris = set()
    for _ in range(2):
        with Replica([a_post(Kind.MASTODON, text="#snelveld")], clock) as replica:
            uris.add(_statuses(replica)[0]["uri"])
    assert len(uris) == 1


def test_limit_is_forty_at_most_and_twenty_by_default(replica: Replica) -> None:
    for post in some_posts(60, Kind.MASTODON):
        replica.posts.add(post)
    assert (len(_statuses(replica)), len(_statuses(replica, "?limit=80"))) == (20, 40)


def test_a_status_has_the_types_of_the_api(replica: Replica) -> None:
    text = "Weer storing <3 & geen hulp #Snelveld"
    replica.posts.add(
        a_post(Kind.MASTODON, text=text, author="Annie", title="", likes=9, shares=5, followers=210)
    )
    status = _statuses(replica)[0]
    assert isinstance(status["id"], str)
    assert status["created_at"] == "2026-11-20T11:00:00.000Z"
    assert (status["favourites_count"], status["reblogs_count"]) == (9, 5)
    assert status["account"]["followers_count"] == 210
    assert status["content"].startswith("<p>Weer storing &lt;3 &amp; geen hulp <a href=")
    assert [tag["name"] for tag in status["tags"]] == ["snelveld"]
    assert status["uri"].endswith(f"/users/annie/statuses/{status['id']}")


def test_only_public_posts_with_the_hashtag_are_listed(replica: Replica) -> None:
    shown = replica.posts.add(a_post(Kind.MASTODON, text="Top! #SnelVeld"))
    replica.posts.add(a_post(Kind.MASTODON, text="Zonder kenmerk over Snelveld"))
    unlisted = replica.posts.add(a_post(Kind.MASTODON, text="Stil #snelveld", visibility="unlisted"))
    private = replica.posts.add(a_post(Kind.MASTODON, text="Onder ons #snelveld", visibility="private"))
    assert [status["id"] for status in _statuses(replica)] == [shown.key]
    single = f"{replica.url}/api/v1/statuses/"
    assert (get(single + unlisted.key).status, get(single + private.key).status) == (200, 404)


def test_edits_answers_and_removals_show(replica: Replica, clock: PlayClock) -> None:
    post = replica.posts.add(a_post(Kind.MASTODON, text="Geen internet #snelveld"))
    clock.advance(timedelta(minutes=3))
    replica.posts.edit(post.key, text="Weer internet #snelveld")
    replica.posts.reply(post.key, "Fijn om te horen!")
    status = _statuses(replica)[0]
    assert (status["edited_at"], status["replies_count"]) == ("2026-11-20T12:03:00.000Z", 1)
    thread = get(f"{replica.url}/api/v1/statuses/{post.key}/context").json["descendants"]
    assert (thread[0]["content"], thread[0]["in_reply_to_id"]) == ("<p>Fijn om te horen!</p>", post.key)
    replica.posts.remove(post.key)
    assert _statuses(replica) == []
    assert get(f"{replica.url}/api/v1/statuses/{post.key}").status == 404


def test_a_closed_instance_answers_401(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.MASTODON, text="#snelveld"))
    replica.faults.set(Kind.MASTODON, Fault.CLOSED, times=1)
    assert get(replica.url + TAG).status == 401
    assert len(_statuses(replica)) == 1


def test_a_changed_format_has_other_keys(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.MASTODON, text="#snelveld"))
    replica.faults.set(Kind.MASTODON, Fault.CHANGED)
    status = _statuses(replica)[0]
    assert not {"content", "created_at"} & set(status)
