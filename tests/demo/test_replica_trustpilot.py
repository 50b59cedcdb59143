from datetime import timedelta

import pytest

from demo.clock import PlayClock
from demo.replica import Fault, Kind, Replica
from tests.demo.asking import get, next_data
from tests.demo.conftest import NOW
from tests.demo.posting import a_post, some_posts

PAGE = "/review/snelveld.nl?languages=nl&sort=recency&page="


def _ids(replica: Replica, page: int = 1) -> list[str]:
    return [review["id"] for review in next_data(get(f"{replica.url}{PAGE}{page}"))["reviews"]]


def test_reviews_come_twenty_a_page_newest_first(replica: Replica) -> None:
    posts = [replica.posts.add(post) for post in some_posts(45)]
    pages = [_ids(replica, number) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [20, 20, 5, 0]
    assert [key for page in pages for key in page] == [post.key for post in posts]


def test_a_review_has_the_keys_of_the_real_page(replica: Replica) -> None:
    post = replica.posts.add(a_post(author="Marieke de V.", rating=2, likes=3))
    replica.posts.reply(post.key, "Beste Marieke, wat vervelend.")
    review = next_data(get(f"{replica.url}{PAGE}1"))["reviews"][0]
    assert review["rating"] == 2
    assert review["consumer"]["displayName"] == "Marieke de V."
    assert review["dates"] == {
        "experiencedDate": "2026-11-20T00:00:00.000Z",
        "publishedDate": "2026-11-20T11:00:00.000Z",
        "updatedDate": None,
    }
    assert review["reply"]["publishedDate"] == "2026-11-20T12:00:00.000Z"
    assert len(review["id"]) == 24


def test_page_eleven_is_the_sign_in_object_while_the_count_claims_more(replica: Replica) -> None:
    for post in some_posts(230):
        replica.posts.add(post)
    first, last = next_data(get(f"{replica.url}{PAGE}1")), next_data(get(f"{replica.url}{PAGE}11"))
    assert first["filters"]["pagination"]["totalPages"] == 12
    assert last["__N_REDIRECT"].startswith("/users/connect?")
    assert last["__N_REDIRECT_STATUS"] == 307
    assert "reviews" not in last


def test_an_unknown_language_code_is_ignored_like_the_site_does(replica: Replica) -> None:
    replica.posts.add(a_post())
    replica.posts.add(a_post(language="en", text="Waiting for weeks"))
    base = f"{replica.url}/review/snelveld.nl?sort=recency&languages="
    counts = {code: len(next_data(get(base + code))["reviews"]) for code in ("nl", "en", "all", "xx")}
    assert counts == {"nl": 1, "en": 1, "all": 2, "xx": 2}


def test_a_pinned_old_review_stands_first(replica: Replica) -> None:
    old = replica.posts.add(a_post(minutes_ago=90_000, pinned=True))
    for post in some_posts(25):
        replica.posts.add(post)
    assert _ids(replica)[0] == old.key


def test_a_review_that_arrives_between_two_pages_pushes_one_to_be_shown_twice(clock: PlayClock) -> None:
    def arrive(request: object) -> None:
        if "page=2" in getattr(request, "target", ""):
            replica.posts.add(a_post(minutes_ago=0, text="Net binnen"))

    with Replica(some_posts(30), clock, watch=arrive) as replica:
        assert _ids(replica, 1)[-1] == _ids(replica, 2)[0]


def test_an_edit_keeps_the_id_and_says_when(replica: Replica, clock: PlayClock) -> None:
    post = replica.posts.add(a_post())
    clock.advance(timedelta(minutes=5))
    replica.posts.edit(post.key, text="Opgelost, dank!", rating=4)
    review = next_data(get(f"{replica.url}{PAGE}1"))["reviews"][0]
    assert (review["id"], review["text"], review["rating"]) == (post.key, "Opgelost, dank!", 4)
    assert review["dates"]["updatedDate"] == "2026-11-20T12:05:00.000Z"


def test_nothing_is_shown_before_its_time(replica: Replica, clock: PlayClock) -> None:
    post = replica.posts.add(a_post(minutes_ago=-10))
    replica.posts.add(a_post(minutes_ago=1))
    assert post.key not in _ids(replica)
    clock.set(NOW + timedelta(minutes=10))
    assert _ids(replica)[0] == post.key


def test_a_removed_review_is_gone_from_the_list_and_from_its_own_page(replica: Replica) -> None:
    post = replica.posts.add(a_post())
    replica.posts.add(a_post(text="Blijft staan"))
    assert get(f"{replica.url}/reviews/{post.key}").status == 200
    replica.posts.remove(post.key)
    assert post.key not in _ids(replica)
    assert get(f"{replica.url}/reviews/{post.key}").status == 404


def test_a_text_cannot_break_out_of_the_data(replica: Replica) -> None:
    text = "</script><script>alert(1)</script> & <b>"
    replica.posts.add(a_post(text=text))
    page = get(f"{replica.url}{PAGE}1")
    assert next_data(page)["reviews"][0]["text"] == text
    assert "alert(1)</script>" not in page.text


@pytest.mark.parametrize(
    ("fault", "status", "has_data"),
    [
        (Fault.FIREWALL, 403, False),
        (Fault.INTERSTITIAL, 200, False),
        (Fault.SERVER_ERROR, 500, False),
        (Fault.SIGN_IN, 200, True),
    ],
)
def test_a_blocked_page_has_none_of_the_reviews(
    replica: Replica, fault: Fault, status: int, has_data: bool
) -> None:
    replica.posts.add(a_post())
    replica.faults.set(Kind.TRUSTPILOT, fault)
    page = get(f"{replica.url}{PAGE}1")
    assert page.status == status
    assert ("__NEXT_DATA__" in page.text) == has_data
    assert "Al drie weken wachten" not in page.text


def test_an_empty_page_by_mistake_still_claims_its_reviews(replica: Replica) -> None:
    replica.posts.add(a_post())
    replica.faults.set(Kind.TRUSTPILOT, Fault.EMPTY)
    props = next_data(get(f"{replica.url}{PAGE}1"))
    assert (props["reviews"], props["filters"]["pagination"]["totalCount"]) == ([], 1)
    assert props["businessUnit"]["numberOfReviews"] == 1


def test_a_changed_format_has_the_reviews_under_another_key(replica: Replica) -> None:
    replica.posts.add(a_post())
    replica.faults.set(Kind.TRUSTPILOT, Fault.CHANGED)
    props = next_data(get(f"{replica.url}{PAGE}1"))
    assert "reviews" not in props
    assert len(props["reviewList"]) == 1


def test_a_company_can_move_to_another_domain(replica: Replica) -> None:
    replica.posts.add(a_post())
    there = replica.posts.add(a_post(place="nieuw-snelveld.nl", text="Op het nieuwe adres"))
    replica.faults.set(Kind.TRUSTPILOT, Fault.MOVED, times=1)
    assert _ids(replica) == [there.key]
    assert replica.requests[-1].path == "/review/nieuw-snelveld.nl"


def test_the_language_is_ignored_on_command(replica: Replica) -> None:
    replica.posts.add(a_post(language="en"))
    replica.faults.set(Kind.TRUSTPILOT, Fault.IGNORED_LANGUAGE)
    assert len(_ids(replica)) == 1
