"""Answers of the review platforms' interfaces as they really are, with invented Dutch texts."""

import copy
import json
from collections.abc import Callable
from typing import Any

from crawlers.parsers import feedback_company, kiyoh, trusted_shops, trustpilot_api, webwinkelkeur
from crawlers.parsers.page import Page

KIYOH_REVIEW: dict[str, Any] = {
    "reviewId": "5f8d3c1e-9f1b-4a54-9b55-0c5b6e8d2a11",
    "reviewAuthor": "Kees",
    "city": "Amersfoort",
    "rating": 3,
    "reviewContent": [
        {
            "questionGroup": "DEFAULT_OVERALL",
            "questionType": "INT",
            "rating": "3",
            "order": 0,
            "questionTranslation": "Totaal oordeel",
        },
        {
            "questionGroup": "DEFAULT_ONELINER",
            "questionType": "TEXT",
            "rating": "Afspraak niet nagekomen",
            "order": 1,
            "questionTranslation": "Beschrijf uw ervaring in één zin",
        },
        {
            "questionGroup": "DEFAULT_OPINION",
            "questionType": "TEXT",
            "rating": "Monteur kwam niet opdagen en er werd wel voorrijkosten berekend.",
            "order": 2,
            "questionTranslation": "Uw ervaring",
        },
        {
            "questionGroup": "DEFAULT_RECOMMEND",
            "questionType": "BOOLEAN",
            "rating": "false",
            "order": 3,
            "questionTranslation": "Aanbevelen?",
        },
    ],
    "reviewComments": "Beste Kees, dit had niet mogen gebeuren. De voorrijkosten zijn teruggestort.",
    "reviewLanguage": "nl",
    "dateSince": "2026-11-19T14:22:31.000Z",
    "updatedSince": "2026-11-20T06:11:00.000Z",
}
KIYOH: dict[str, Any] = {
    "locationId": "1064405",
    "uniqueId": "VB-0012",
    "locationName": "Loodgieter Voorbeeld B.V.",
    "canonicalName": "loodgieter_voorbeeld_b_v",
    "categoryName": "Installatie",
    "averageRating": 7.9,
    "numberReviews": 214,
    "percentageRecommendation": 84,
    "viewReviewUrl": "https://www.kiyoh.com/reviews/1064405/loodgieter_voorbeeld_b_v",
    "createReviewUrl": "https://www.kiyoh.com/add-review/1064405/loodgieter_voorbeeld_b_v",
    "dateSince": "2021-03-29T12:30:49.000Z",
    "updatedSince": "2026-11-20T06:11:00.000Z",
    "reviews": [KIYOH_REVIEW],
}
KIYOH_REMOVED: list[dict[str, Any]] = [
    {
        "tenantId": "98",
        "locationId": "1064405",
        "reviewId": "5f8d3c1e-9f1b-4a54-9b55-0c5b6e8d2a11",
        "updatedSince": "2026-11-21T08:00:00.000+01:00",
    }
]


TRUSTPILOT_REVIEW: dict[str, Any] = {
    "links": [],
    "id": "673f0a1b2c3d4e5f60718293",
    "consumer": {
        "links": [],
        "id": "601122334455667788990011",
        "displayName": "Marieke de V.",
        "displayLocation": "Utrecht, NL",
        "numberOfReviews": 3,
    },
    "businessUnit": {
        "links": [],
        "id": "5f1e2d3c4b5a697887766554",
        "identifyingName": "voorbeeldwonen.nl",
        "displayName": "Voorbeeld Wonen",
    },
    "location": None,
    "stars": 1,
    "title": "Bank na 14 weken nog niet geleverd",
    "text": "Drie keer gebeld, telkens een andere leverdatum.",
    "language": "nl",
    "createdAt": "2026-11-18T09:41:22Z",
    "experiencedAt": "2026-11-10T00:00:00Z",
    "updatedAt": None,
    "companyReply": {
        "text": "Beste Marieke, wat vervelend.",
        "createdAt": "2026-11-19T08:02:10Z",
        "updatedAt": None,
    },
    "isVerified": False,
    "reviewVerificationLevel": "not-verified",
    "status": "active",
    "numberOfLikes": 2,
    "countsTowardsTrustScore": True,
    "countsTowardsLocationTrustScore": None,
    "reportData": None,
    "complianceLabels": [],
    "businessUnitHistory": [],
}
TRUSTPILOT: dict[str, Any] = {
    "links": [
        {
            "href": "https://api.trustpilot.com/v1/business-units/5f1e2d3c4b5a697887766554/reviews?page=2",
            "method": "GET",
            "rel": "next-page",
        }
    ],
    "reviews": [TRUSTPILOT_REVIEW],
}


def trustpilot_page(*changes: dict[str, Any]) -> bytes:
    return written_out(TRUSTPILOT | {"reviews": [copy.deepcopy(TRUSTPILOT_REVIEW) | one for one in changes]})


def kiyoh_review(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(KIYOH_REVIEW) | changes


def kiyoh_page(*reviews: object, **changes: Any) -> bytes:
    return written_out(copy.deepcopy(KIYOH) | {"reviews": list(reviews)} | changes)


def written_out(tree: object) -> bytes:
    return json.dumps(tree).encode()


def _removed(body: bytes) -> Page:
    return kiyoh.removed(body, "1064405")


WEBWINKELKEUR_RATING: dict[str, Any] = {
    "name": "Fatima",
    "email": "prive@example.org",
    "rating": 2,
    "ratings": {"shippingtime": 1, "customerservice": 2, "pricequality": 3, "aftersale": 1},
    "comment": "Retour duurde vijf weken.",
    "date": "2026-11-15",
    "read": True,
    "quarantine": False,
}
WEBWINKELKEUR: dict[str, Any] = {
    "status": "success",
    "message": "Ratings successfully retrieved!",
    "ratings": [WEBWINKELKEUR_RATING],
    "total": 97,
}


def webwinkelkeur_page(*changes: dict[str, Any], **around: Any) -> bytes:
    return written_out(WEBWINKELKEUR | {"ratings": [WEBWINKELKEUR_RATING | one for one in changes]} | around)


def _webwinkelkeur(body: bytes) -> Page:
    return webwinkelkeur.parse(body, "1234")


TRUSTED_SHOPS_REVIEW: dict[str, Any] = {
    "_object": "CustomerReview",
    "id": "rev-9f8e7d6c-1234-4abc-9def-0123456789ab",
    "accountRef": "acc-1f2e",
    "channelRef": "chl-7a6b",
    "inviteRef": "inv-55aa",
    "type": "SERVICE_REVIEW",
    "state": "APPROVED",
    "rating": 2.0,
    "title": "Verkeerd artikel",
    "comment": "Maat 42 besteld, 39 ontvangen. Klantenservice onbereikbaar.",
    "createdAt": "2026-11-16T18:30:11.000Z",
    "submittedAt": "2026-11-16T18:30:11.000Z",
    "updatedAt": "2026-11-17T09:00:00.000Z",
    "editedAt": None,
    "feedbackType": "REVIEW",
    "verificationType": "VERIFIED",
    "hasAttachments": False,
    "reply": {
        "comment": "We sturen de juiste maat na.",
        "createdAt": "2026-11-17T09:00:00.000Z",
        "updatedAt": "2026-11-17T09:00:00.000Z",
        "sendNotification": True,
    },
    "customer": {
        "firstName": "Piet",
        "lastName": "Visser",
        "fullName": "Piet Visser",
        "email": "prive@example.org",
        "mobile": None,
    },
    "transaction": {"reference": "NL-100234", "date": "2026-11-05T10:00:00.000Z"},
    "event": {"id": "evt-1", "type": "checkout"},
    "questionnaire": {"id": "qre-1", "locale": "nl_NL", "templateRef": "tpl-1"},
    "metadata": {},
    "surveyData": {},
    "additionalInformation": {},
}
TRUSTED_SHOPS: dict[str, Any] = {
    "totalElements": 0,
    "paging": {
        "count": 50,
        "cursor": {"before": "rev-0a1b", "after": "rev-9f8e"},
        "links": {
            "previous": "https://api.etrusted.com/reviews?count=50&before=rev-0a1b",
            "next": "https://api.etrusted.com/reviews?count=50&after=rev-9f8e",
        },
    },
    "items": [TRUSTED_SHOPS_REVIEW],
}


def trusted_shops_page(*changes: dict[str, Any], **around: Any) -> bytes:
    return written_out(TRUSTED_SHOPS | {"items": [TRUSTED_SHOPS_REVIEW | one for one in changes]} | around)


FEEDBACK_REVIEW: dict[str, Any] = {
    "id": 8812345,
    "date_created": "2026-11-17 20:15:04",
    "total_score": 1.5,
    "recommends": "Nee",
    "client": {"name": "J. Jansen"},
    "product": None,
    "questions": [{"question_id": "q1", "value": "Pakket beschadigd ontvangen, geen reactie op mijn mails."}],
}
FEEDBACK: dict[str, Any] = {
    "success": True,
    "error": False,
    "reviews": [FEEDBACK_REVIEW],
    "count": {"total": 431},
}
FEEDBACK_SUMMARY: dict[str, Any] = {
    "data": [
        {
            "shop": {
                "name": "Voorbeeld",
                "review_url": "https://www.feedbackcompany.com/nl-nl/reviews/voorbeeld/",
            },
            "review_summary": {"total_merchant_reviews": 431, "merchant_score": 4.1, "max_score": 5},
        }
    ]
}


def feedback_page(*changes: dict[str, Any], **around: Any) -> bytes:
    return written_out(FEEDBACK | {"reviews": [FEEDBACK_REVIEW | one for one in changes]} | around)


def _feedback(body: bytes) -> Page:
    return feedback_company.parse(body, feedback_company.Shop())


def _feedback_summary(body: bytes) -> Page:
    feedback_company.summary(body)
    return Page()


JSON: dict[str, tuple[Callable[[bytes], Page], Any]] = {
    "kiyoh": (kiyoh.parse, KIYOH),
    "webwinkelkeur": (_webwinkelkeur, WEBWINKELKEUR),
    "trusted shops": (trusted_shops.parse, TRUSTED_SHOPS),
    "feedback company": (_feedback, FEEDBACK),
    "feedback company's summary": (_feedback_summary, FEEDBACK_SUMMARY),
    "trustpilot api": (trustpilot_api.parse, TRUSTPILOT),
    "kiyoh removed": (_removed, KIYOH_REMOVED),
}
