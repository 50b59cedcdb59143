"""`/berichten/{id}/oordeel`: somebody says what a mention means, which wins over the model."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from dashboard.rendering import page
from dashboard.site import LoggedIn, NotFound, Posted, SiteNow, value, whole
from storage import corrections, listings
from storage.corrections import Answers, Change
from storage.database import Session
from storage.listings import Judgement, MentionRow
from storage.models import Correction, Sentiment
from storage.records import THEMES

router = APIRouter()
SIGNALS = ("escalation", "churn", "question")
SAVED = "verbeterd"


@dataclass(frozen=True)
class Correcting:
    """What the form on a mention's page shows and sends: the answers that count, and what else was said."""

    seen: int
    """The newest correction of these words, 0 for none: whoever saves from an older page is told so."""
    answers: Answers | None
    by_model: Judgement | None
    """What the model says, whether or not a correction counts instead."""
    history: tuple[Correction, ...]
    sentiments: tuple[Sentiment, ...] = tuple(Sentiment)
    themes: tuple[str, ...] = THEMES
    signals: tuple[str, ...] = SIGNALS

    @property
    def last(self) -> Correction | None:
        """The correction that counts."""
        return self.history[0] if self.seen else None


@dataclass(frozen=True)
class RefusedPage:
    """A correction that came too late: what was wanted, and how the mention stands now."""

    mention: MentionRow
    wanted: Answers
    last: Correction | None


def correcting(session: Session, mention: MentionRow) -> Correcting:
    """How a mention can be corrected."""
    last = corrections.newest(session, mention.id, mention.version)
    return Correcting(
        seen=last.id or 0 if last else 0,
        answers=_counting(mention),
        by_model=by_model(session, mention),
        history=tuple(corrections.history(session, mention.id)),
    )


def by_model(session: Session, mention: MentionRow) -> Judgement | None:
    """What the model says of a mention, whether or not a correction counts instead."""
    if mention.verdict is None or not mention.verdict.corrected:
        return mention.verdict
    said = corrections.model_verdicts(session, mention.id).get(mention.id)
    return listings.judgement(said) if said else None


@router.post("/berichten/{mention_id}/oordeel")
def correct(request: Request, mention_id: str, site: SiteNow, visitor: LoggedIn, form: Posted) -> Response:
    """Keep what somebody says of the mention, or show in a friendly way why not."""
    try:
        sentiment = Sentiment(value(form, "gevoel"))
        themes = tuple(str(one) for one in form.getlist("thema"))
        signals = {name: name in form.getlist("signaal") for name in SIGNALS}
        answers = Answers(sentiment, themes, **signals)
    except ValueError:
        raise NotFound from None
    change = Change(
        mention_id=whole(mention_id),
        version=whole(value(form, "versie")),
        seen=whole(value(form, "gezien")),
        who=visitor.name,
        now=site.clock(),
    )
    try:
        site.database.transact(lambda session: corrections.correct(session, change, answers))
    except corrections.UnknownMention:
        raise NotFound from None
    except corrections.StaleMention:
        with site.database.read() as session:
            return _refused(request, session, change, answers)
    return RedirectResponse(f"/berichten/{change.mention_id}?gedaan={SAVED}", status_code=303)


def _refused(request: Request, session: Session, change: Change, wanted: Answers) -> Response:
    mention = listings.mention(session, change.mention_id)
    if mention is None:
        raise NotFound
    last = corrections.newest(session, mention.id, mention.version)
    return page(request, "mentions_refused", RefusedPage(mention, wanted, last), status=409)


def _counting(mention: MentionRow) -> Answers | None:
    """The verdict that counts, as the form starts from; a model's own themes are not in it."""
    said = mention.verdict
    if said is None:
        return None
    themes = tuple(theme for theme in said.themes if theme in THEMES)
    return Answers(said.sentiment, themes, said.escalation, said.churn, said.question)
