"""Forums, a site's map: the true formats and what is awkward about them."""

import gzip

import pytest

from demo.replica import Fault, Kind, Replica, discourse, phpbb, tweakers
from tests.demo.asking import get
from tests.demo.posting import a_post, some_posts


def test_the_newest_posts_of_a_forum_go_back_by_their_numbers(replica: Replica) -> None:
    for post in some_posts(60, Kind.DISCOURSE):
        replica.posts.add(post)
    first = get(f"{replica.url}/posts.json").json["latest_posts"]
    lowest = first[-1]["id"]
    second = get(f"{replica.url}/posts.json?before={lowest}").json["latest_posts"]
    assert (len(first), len(second)) == (50, 11)
    assert second[0]["id"] == lowest


def test_the_company_answers_as_staff_in_the_same_topic(replica: Replica) -> None:
    post = replica.posts.add(a_post(Kind.DISCOURSE))
    replica.posts.reply(post.key, "We bellen je.")
    topic = get(f"{replica.url}/t/{discourse.topic_id(post.place)}.json").json
    asked, answer, action = topic["post_stream"]["posts"]
    assert (asked["staff"], answer["staff"], answer["reply_to_post_number"]) == (False, True, 1)
    assert (action["post_type"], topic["post_stream"]["stream"]) == (3, [asked["id"], answer["id"]])


def test_a_board_has_sessions_in_its_links_and_both_forms_of_address(replica: Replica) -> None:
    for post in some_posts(12, Kind.PHPBB):
        replica.posts.add(post)
    topic = phpbb.topic_id("storing")
    listed = get(f"{replica.url}/viewforum.php?f=69").text
    page = get(f"{replica.url}/viewtopic.php?t={topic}").text
    assert "sid=" in listed
    assert 'class="row bg2 announce"' in listed
    assert "topic_poll" in page
    assert 'rel="next"' in page
    assert page.count('class="post ') == 10
    assert get(f"{replica.url}/internet-storing-t{topic}.html?start=10").text.count('class="post ') == 2


def test_a_post_that_is_gone_is_404(replica: Replica) -> None:
    post = replica.posts.add(a_post(Kind.PHPBB))
    address = f"{replica.url}/viewtopic.php?p={post.key}"
    assert get(address).status == 200
    replica.posts.remove(post.key)
    assert get(address).status == 404


def test_a_post_that_moved_is_found_by_its_number_in_another_topic(replica: Replica) -> None:
    post = replica.posts.add(a_post(Kind.PHPBB))
    replica.posts.move(post.key, "elders")
    assert f"t={phpbb.topic_id('elders')}" in get(f"{replica.url}/viewtopic.php?p={post.key}").text
    assert get(f"{replica.url}/viewtopic.php?t={phpbb.topic_id('storing')}").status == 404


@pytest.mark.parametrize("path", ["/forum/list_messages/{}/0", "/rss/list_messages/{}"])
def test_the_consent_wall_stands_before_everything(replica: Replica, path: str) -> None:
    replica.posts.add(a_post(Kind.TWEAKERS))
    topic = tweakers.topic_id("storing")
    assert "Al drie weken wachten" in get(replica.url + path.format(topic)).text
    replica.faults.set(Kind.TWEAKERS, Fault.CONSENT)
    assert "Privacy Gate" in get(replica.url + path.format(topic)).text


def test_the_map_is_an_index_of_which_one_part_is_packed(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.SITEMAP, place="zwolle"))
    assert "sitemap-klanten.xml.gz" in get(f"{replica.url}/sitemap.xml").text
    packed = gzip.decompress(get(f"{replica.url}/sitemap-klanten.xml.gz").body).decode()
    assert f"<loc>{replica.url}/klanten/zwolle</loc><lastmod>2026-11-20T" in packed
    assert "ld+json" in get(f"{replica.url}/klanten/zwolle").text
