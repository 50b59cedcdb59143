"""Kinds that read the same platform know a post by the same name, and show the same words of it."""

import pytest

from crawlers.parsers import play_developer, trustpilot_api, trustpilot_web
from storage.records import Record
from storage.sameness import Words, shown_before
from tests.crawlers.payloads import REVIEW, review, trustpilot, trustpilot_props
from tests.crawlers.payloads_apps import (
    PACKAGE,
    developer,
    developer_review,
    parse_play,
    play,
    play_page,
    play_review,
    written_out,
)
from tests.crawlers.payloads_reviews import trustpilot_page

PAGE_AND_INTERFACE = (
    trustpilot_web.parse(trustpilot(trustpilot_props(review()))).records[0],
    trustpilot_api.parse(
        trustpilot_page(
            {name: REVIEW[name] for name in ("id", "title", "text")} | {"stars": REVIEW["rating"]}
        )
    ).records[0],
)
LIST_AND_DEVELOPER = (
    parse_play(play(play_page(play_review()))).records[0],
    play_developer.parse(written_out(developer(developer_review())), PACKAGE).records[0],
)


@pytest.mark.parametrize("pair", [PAGE_AND_INTERFACE, LIST_AND_DEVELOPER], ids=["trustpilot", "google play"])
def test_one_review_is_known_by_one_name(pair: tuple[Record, Record]) -> None:
    one, other = pair
    assert (one.namespace, one.external_id) == (other.namespace, other.external_id)
    assert (one.rating, one.rating_max, one.kind) == (other.rating, other.rating_max, other.kind)
    assert (one.author_id or one.author_name) == (other.author_id or other.author_name)
    assert shown_before(words(other), [words(one)])
    assert shown_before(words(one), [words(other)])


def words(record: Record) -> Words:
    return Words(record.title, record.text, record.rating)
