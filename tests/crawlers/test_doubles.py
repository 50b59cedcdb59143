"""Two sources that would count every review twice are told of before they do."""

from typing import Any

import pytest

from crawlers.doubles import doubles
from storage.configuration import BrandSettings, Configuration, SourceSettings

FEED = {"name": "winkel", "kind": "apple_app", "brand": "Snelveld", "app_id": 987654321}
OWN = {"name": "eigen", "kind": "app_store_connect", "brand": "Snelveld", "app_id": "987654321"}


def configured(*sources: dict[str, Any]) -> Configuration:
    brands = [
        BrandSettings.model_validate({"name": name, "terms": [name]}) for name in ("Snelveld", "Belpunt")
    ]
    return Configuration(
        brand=tuple(brands), source=tuple(SourceSettings.model_validate(one) for one in sources)
    )


@pytest.mark.parametrize("pair", [(FEED, OWN), (OWN, FEED), (FEED, OWN | {"brand": None})])
def test_an_app_that_is_read_in_both_ways_of_apple_is_named(pair: tuple[dict[str, Any], ...]) -> None:
    [fault] = doubles(configured(*pair))

    assert fault.key == f"source {pair[1]['name']}"
    assert f"the same app as {pair[0]['name']}" in fault.message
    assert "counts twice" in fault.message


@pytest.mark.parametrize(
    "changes",
    [
        {"app_id": "123456789"},
        {"country": "be"},
        {"brand": "Belpunt"},
        {"enabled": False},
        {"app_id": "not a number"},
        {"kind": "apple_app"},
    ],
)
def test_another_app_store_or_brand_is_no_double(changes: dict[str, Any]) -> None:
    assert list(doubles(configured(FEED, OWN | changes))) == []


def test_kinds_that_share_the_ids_of_their_posts_are_no_doubles() -> None:
    shared: list[dict[str, Any]] = [
        {"kind": "google_play", "package": "nl.snelveld.app"},
        {"kind": "play_developer", "package": "nl.snelveld.app"},
        {"kind": "trustpilot_web", "domain": "snelveld.nl", "permission": True},
        {"kind": "trustpilot_api", "domain": "snelveld.nl"},
    ]
    named = [one | {"name": f"bron-{place}", "brand": "Snelveld"} for place, one in enumerate(shared)]

    assert list(doubles(configured(*named))) == []
