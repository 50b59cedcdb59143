import json
import re
from typing import Any

from demo.replica import Fault, Kind, Replica
from tests.demo.asking import get
from tests.demo.posting import a_post, some_posts

BLOCK = re.compile(r'<script type="(application/ld\+json[^"]*)">(.*?)</script>', re.DOTALL)


def _blocks(replica: Replica) -> list[tuple[str, str]]:
    return BLOCK.findall(get(f"{replica.url}/ervaringen/snelveld").text)


def _reviews(block: str) -> Any:
    return json.loads(block)["@graph"][0].get("review")


def test_reviews_stand_in_a_graph_and_in_a_block_with_a_charset_around_a_broken_one(replica: Replica) -> None:
    for post in some_posts(5, Kind.SCHEMA_ORG):
        replica.posts.add(post)
    first, broken, last = _blocks(replica)
    assert [first[0], last[0]] == ["application/ld+json", "application/ld+json; charset=utf-8"]
    assert (len(_reviews(first[1])), len(_reviews(last[1]))) == (3, 2)
    assert broken[1].endswith('"name": ')


def test_fractions_have_a_decimal_comma_and_entities_stay_escaped(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.SCHEMA_ORG, text="Offerte & factuur", rating=7.5, rating_max=10))
    review = _reviews(_blocks(replica)[0][1])
    assert review["reviewRating"] == {
        "@type": "Rating",
        "ratingValue": "7,5",
        "bestRating": 10,
        "worstRating": 1,
    }
    assert review["reviewBody"] == "Offerte &amp; factuur"
    assert review["datePublished"] == "2026-11-20"


def test_an_empty_page_and_a_changed_format_hold_no_reviews(replica: Replica) -> None:
    replica.posts.add(a_post(Kind.SCHEMA_ORG))
    for fault in (Fault.EMPTY, Fault.CHANGED):
        replica.faults.set(Kind.SCHEMA_ORG, fault)
        assert _reviews(_blocks(replica)[0][1]) is None
