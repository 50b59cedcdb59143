"""`/berichten/{id}/waarom`: the words that carried the model's verdict on a mention, worked out when asked."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.explaining import Busy, Explanation
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
    explanation: Explanation | None = None
    trouble: str | None = None


@router.get("/berichten/{mention_id}/waarom")
def show_why(request: Request, mention_id: str, site: SiteNow, visitor: LoggedIn) -> Response:
    # A session of its own, closed before the model works: its connection is not held meanwhile.
    with site.database.read() as session:
        mention = listings.mention(session, whole(mention_id))
        said = corrections.model_verdicts(session, mention.id) if mention else {}
        last = corrections.newest(session, mention.id, mention.version) if mention else None
    if mention is None or mention.pruned or site.explaining is None:
        raise NotFound
    corrected = mention.verdict is not None and mention.verdict.corrected
    verdict = listings.judgement(said[mention.id]) if corrected and said else mention.verdict
    if verdict is None or verdict.corrected:
        raise NotFound
    words = reading(mention.title, mention.text)
    try:
        found = site.explaining.explain(words, verdict.sentiment)
    except Busy:
        return page(request, "mentions_why", WhyPage(mention, verdict, last, trouble="busy"))
    except SentimentError:
        return page(request, "mentions_why", WhyPage(mention, verdict, last, trouble="broken"))
    return page(request, "mentions_why", WhyPage(mention, verdict, last if corrected else None, found))
