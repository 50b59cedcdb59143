"""`/berichten/{id}/waarom`: the words that carried the model's verdict on a mention, worked out when asked."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.explaining import Busy, Explanation
from dashboard.pages.corrections import by_model
from dashboard.rendering import page
from dashboard.site import LoggedIn, NotFound, SiteNow, whole
from sentiment.errors import SentimentError
from sentiment.score import reading
from storage import corrections, listings
from storage.listings import Judgement, MentionRow
from storage.models import Correction

router = APIRouter()


@dataclass(frozen=True)
class WhyPage:
    """The model's verdict with what carried it, or in `trouble` the key of why it cannot be said now."""

    mention: MentionRow
    verdict: Judgement
    last: Correction | None
    """The correction that counts instead."""
    explanation: Explanation | None
    trouble: str | None


@router.get("/berichten/{mention_id}/waarom")
def show_why(request: Request, mention_id: str, site: SiteNow, visitor: LoggedIn) -> Response:
    # A session of its own, closed before the model works: its connection is not held meanwhile.
    with site.database.read() as session:
        mention = listings.mention(session, whole(mention_id))
        verdict = by_model(session, mention) if mention else None
        last = corrections.newest(session, mention.id, mention.version) if mention else None
    if mention is None or verdict is None or mention.pruned or site.explaining is None:
        raise NotFound
    explanation: Explanation | None = None
    trouble: str | None = None
    try:
        explanation = site.explaining.explain(reading(mention.title, mention.text), verdict.sentiment)
    except Busy:
        trouble = "busy"
    except SentimentError:
        trouble = "broken"
    return page(request, "mentions_why", WhyPage(mention, verdict, last, explanation, trouble))
