"""Answers of the app stores and of Google's reviews as the real interfaces give them, with invented Dutch texts."""

import copy
import json
from collections.abc import Callable
from typing import Any

from crawlers.parsers import app_store_connect, google_business, google_play, play_developer
from crawlers.parsers.page import Page

PACKAGE = "nl.snelveld.app"
PLAY_REVIEW: list[Any] = [
    "a1b2c3d4-0000-4000-8000-abcdefabcdef",
    ["Henk", [None, 2, None, [None, None, "https://play-lh.googleusercontent.com/a/x"]]],
    1,
    None,
    "Crasht bij het openen.",
    [1794998642, 0],
    7,
    ["Voorbeeld BV", "Beste Henk, update 8.14.3 lost dit op.", [1795085042, 0]],
    None,
    None,
    "8.14.2",
]


def play_review(changes: dict[int, Any] | None = None) -> list[Any]:
    found = copy.deepcopy(PLAY_REVIEW)
    for place, value in (changes or {}).items():
        found[place] = value
    return found


def play_page(*reviews: object, following: str | None = "CqwBVOORBEELDTOKEN") -> list[Any]:
    return [list(reviews), None, [None, following] if following else None, None][: 4 if following else 3]


def play(page: object) -> bytes:
    """The whole answer around what our call gave; None stands for null."""
    inner = None if page is None else json.dumps(page)
    return play_envelope(["wrb.fr", "oCPfdb", inner, None, None, None, "generic"])


def play_envelope(*answers: object) -> bytes:
    return b")]}'\n\n" + json.dumps(list(answers)).encode()


def parse_play(body: bytes) -> Page:
    return google_play.parse(body, PACKAGE, "nl")


BUSINESS_REVIEW: dict[str, Any] = {
    "name": "accounts/1029384756/locations/5647382910/reviews/AbFvOq1ExampleReviewId",
    "reviewId": "AbFvOq1ExampleReviewId",
    "reviewer": {
        "profilePhotoUrl": "https://lh3.googleusercontent.com/a/voorbeeld",
        "displayName": "Sanne B.",
        "isAnonymous": False,
    },
    "starRating": "TWO",
    "comment": "Lange wachttijd en onvriendelijk aan de balie.",
    "createTime": "2026-11-18T10:20:30.123456Z",
    "updateTime": "2026-11-18T10:25:00.000000Z",
    "reviewReply": {
        "comment": "Dank voor uw reactie, we nemen contact op.",
        "updateTime": "2026-11-19T08:00:00Z",
    },
}
LEFT_OUT = object()
"""For a key that an answer does not have."""


def business_review(**changes: Any) -> dict[str, Any]:
    found = copy.deepcopy(BUSINESS_REVIEW) | changes
    return {key: one for key, one in found.items() if one is not LEFT_OUT}


def business(*reviews: object, **changes: Any) -> dict[str, Any]:
    return {
        "reviews": list(reviews),
        "averageRating": 4.1,
        "totalReviewCount": 356,
        "nextPageToken": "CAoQAA",
    } | changes


CONNECT_REVIEW: dict[str, Any] = {
    "type": "customerReviews",
    "id": "00000010-aaaa-bbbb-cccc-0000deadbeef",
    "attributes": {
        "rating": 1,
        "title": "Inloggen lukt niet meer",
        "body": "Sinds de update krijg ik steeds fout 403.",
        "reviewerNickname": "reiziger_nl",
        "createdDate": "2026-11-17T05:12:09-07:00",
        "territory": "NLD",
    },
    "relationships": {"response": {"data": {"type": "customerReviewResponses", "id": "resp-1"}}},
}
CONNECT_RESPONSE: dict[str, Any] = {
    "type": "customerReviewResponses",
    "id": "resp-1",
    "attributes": {
        "responseBody": "Dit is verholpen in 8.14.3.",
        "lastModifiedDate": "2026-11-18T01:00:00-08:00",
        "state": "PUBLISHED",
    },
}


def connect_review(identity: str = CONNECT_REVIEW["id"], **about: Any) -> dict[str, Any]:
    found = copy.deepcopy(CONNECT_REVIEW)
    return found | {"id": identity, "attributes": found["attributes"] | about}


def connect(*reviews: object, **changes: Any) -> dict[str, Any]:
    here = "https://api.appstoreconnect.apple.com/v1/apps/1/customerReviews"
    return {
        "data": list(reviews),
        "included": [copy.deepcopy(CONNECT_RESPONSE)],
        "links": {"self": here, "next": f"{here}?cursor=x"},
        "meta": {"paging": {"total": 812, "limit": 200}},
    } | changes


DEVELOPER_REVIEW: dict[str, Any] = {
    "reviewId": "a1b2c3d4-0000-4000-8000-abcdefabcdef",
    "authorName": "Henk",
    "comments": [
        {
            "userComment": {
                "text": "Crasht bij het openen.",
                "lastModified": {"seconds": "1794998642", "nanos": 0},
                "starRating": 1,
                "reviewerLanguage": "nl",
                "device": "x",
                "androidOsVersion": 35,
                "appVersionCode": 81402,
                "appVersionName": "8.14.2",
                "thumbsUpCount": 7,
                "thumbsDownCount": 0,
            }
        },
        {
            "developerComment": {
                "text": "Beste Henk, update 8.14.3 lost dit op.",
                "lastModified": {"seconds": "1795085042", "nanos": 0},
            }
        },
    ],
}


def developer_review(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(DEVELOPER_REVIEW) | changes


def developer(*reviews: object, **changes: Any) -> dict[str, Any]:
    return {"reviews": list(reviews), "tokenPagination": {"nextPageToken": "x"}} | changes


def parse_developer(body: bytes) -> Page:
    return play_developer.parse(body, PACKAGE)


def written_out(tree: object) -> bytes:
    return json.dumps(tree).encode()


TREES: dict[str, tuple[Callable[[bytes], Page], Any, Callable[[Any], bytes]]] = {
    "google play": (parse_play, play_page(play_review(), play_review({0: "b"})), play),
    "play developer": (parse_developer, developer(developer_review()), written_out),
    "app store connect": (app_store_connect.parse, connect(connect_review()), written_out),
    "google business": (google_business.parse, business(business_review()), written_out),
}
"""How each answer is read, one of them as a tree, and how that is written out."""
