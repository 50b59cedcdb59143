"""`/berichten`: what people say, to filter and search, and `/berichten/{id}`: one mention with all evidence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from alerts.catalogue import Catalogue
from dashboard.differences import Piece, differences
from dashboard.pages.corrections import SAVED, Correcting, correcting
from dashboard.rendering import link, page
from dashboard.site import LoggedIn, NotFound, Reading, SiteNow, whole
from storage import bulletins, listings, sources
from storage.bulletins import IncidentRow
from storage.database import Session
from storage.filters import FOREIGN, MentionFilter, Rating, Said, Signal, Stand
from storage.listings import Copies, Cursor, MentionPage, MentionRow
from storage.models import Brand, MentionVersion, Sentiment, Source
from storage.records import DUTCH, THEMES, aware

router = APIRouter()
PERIODS = {
    "24u": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "jaar": timedelta(days=365),
}
LONGEST_SEARCH = 200
SENTIMENTS = {"negatief": Sentiment.NEGATIVE, "neutraal": Sentiment.NEUTRAL, "positief": Sentiment.POSITIVE}
SAID = {"twijfel": Said.UNSURE, "verbeterd": Said.CORRECTED}
SIGNALS = {"escalatie": Signal.ESCALATION, "vertrek": Signal.CHURN, "hulp": Signal.QUESTION}
RATINGS = {"laag": Rating.LOW, "midden": Rating.MIDDLE, "hoog": Rating.HIGH, "geen": Rating.NONE}
STANDS = {
    "open": Stand.OPEN,
    "beantwoord": Stand.REPLIED,
    "bewerkt": Stand.EDITED,
    "verwijderd": Stand.REMOVED,
}
LANGUAGES = {"nl": DUTCH, "en": "en", "de": "de", "fr": "fr", "anders": FOREIGN}


@dataclass(frozen=True)
class Asked:
    """The filter as it stands in the address; empty means any."""

    merk: str = ""
    bron: str = ""
    periode: str = ""
    sentiment: str = ""
    oordeel: str = ""
    thema: str = ""
    signaal: str = ""
    cijfer: str = ""
    status: str = ""
    taal: str = ""
    zoek: str = ""

    @property
    def any(self) -> bool:
        return self != Asked()

    @property
    def further(self) -> bool:
        """Whether one of the folded choices is made."""
        return any((self.oordeel, self.thema, self.signaal, self.cijfer, self.status, self.taal))

    @property
    def address(self) -> str:
        return link("/berichten", **vars(self))


Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Options:
    """What can be chosen, as values of the address with their words."""

    merk: Choices
    bron: Choices
    periode: Choices
    sentiment: Choices
    oordeel: Choices
    thema: Choices
    signaal: Choices
    cijfer: Choices
    status: Choices
    taal: Choices


@dataclass(frozen=True)
class MentionsPage:
    asked: Asked
    options: Options
    found: MentionPage
    next: str | None
    """The address of older mentions."""
    first: bool


@dataclass(frozen=True)
class VersionView:
    """One version of what the author wrote, and how it differs from the one before."""

    version: MentionVersion
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class MentionView:
    mention: MentionRow
    versions: tuple[VersionView, ...]
    others: tuple[MentionRow, ...]
    copies: Copies
    incidents: list[IncidentRow]
    case_id: int | None
    correcting: Correcting
    explained: bool
    """Whether the model can say which words carried its verdict."""
    saved: bool = False


@router.get("/berichten")
def show_mentions(request: Request, site: SiteNow, visitor: LoggedIn, session: Reading) -> Response:
    brands, known = sources.active_brands(session), sources.active_sources(session)
    asked = _asked(request.query_params, brands, known)
    after = cursor(request.query_params.get("na", ""))
    found = listings.mentions(session, _filter(asked, brands, known, site.clock()), after)
    older = link("/berichten", **vars(asked), na=written(found.next)) if found.next else None
    options = _options(site.text, brands, known)
    return page(request, "mentions", MentionsPage(asked, options, found, older, after is None))


@router.get("/berichten/{mention_id}")
def show_mention(
    request: Request, mention_id: str, site: SiteNow, visitor: LoggedIn, session: Reading, gedaan: str = ""
) -> Response:
    mention = listings.mention(session, whole(mention_id))
    if mention is None:
        raise NotFound
    view = _view(session, mention, explaining=site.explaining is not None, saved=gedaan == SAVED)
    return page(request, "mentions_one", view)


def cursor(text: str) -> Cursor | None:
    """The place in the list that an address names, None for the beginning or for nonsense."""
    moment, _, mention_id = text.rpartition("_")
    try:
        published = aware(datetime.fromisoformat(moment))
    except (ValueError, OverflowError):
        return None
    return Cursor(published, whole(mention_id)) if whole(mention_id) else None


def written(place: Cursor | None) -> str:
    return f"{place.published_at.isoformat()}_{place.mention_id}" if place else ""


def _asked(query: Mapping[str, str], brands: list[Brand], known: list[Source]) -> Asked:
    """The filter that an address asks for; a value that does not exist counts as any."""
    return Asked(
        merk=_known(query, "merk", {brand.name: brand for brand in brands}),
        bron=_known(query, "bron", {source.name: source for source in known}),
        periode=_known(query, "periode", PERIODS),
        sentiment=_known(query, "sentiment", SENTIMENTS),
        oordeel=_known(query, "oordeel", SAID),
        thema=_known(query, "thema", dict.fromkeys(THEMES)),
        signaal=_known(query, "signaal", SIGNALS),
        cijfer=_known(query, "cijfer", RATINGS),
        status=_known(query, "status", STANDS),
        taal=_known(query, "taal", LANGUAGES),
        zoek=query.get("zoek", "").replace("\0", "").strip()[:LONGEST_SEARCH],
    )


def _options(text: Catalogue, brands: list[Brand], known: list[Source]) -> Options:
    def words(group: str, names: Iterable[str]) -> Choices:
        return tuple((name, text(f"mentions.{group}.{name}")) for name in names)

    return Options(
        merk=tuple((brand.name, brand.name) for brand in brands),
        bron=tuple((source.name, source.name) for source in known),
        periode=words("periods", PERIODS),
        sentiment=words("sentiments", SENTIMENTS),
        oordeel=words("said", SAID),
        thema=tuple((theme, theme) for theme in THEMES),
        signaal=words("signals", SIGNALS),
        cijfer=words("ratings", RATINGS),
        status=words("stands", STANDS),
        taal=words("languages", LANGUAGES),
    )


def _known(query: Mapping[str, str], name: str, values: Mapping[str, object]) -> str:
    given = query.get(name, "")
    return given if given in values else ""


def _filter(asked: Asked, brands: list[Brand], known: list[Source], now: datetime) -> MentionFilter:
    period = PERIODS.get(asked.periode)
    return MentionFilter(
        brand_id=next((brand.id for brand in brands if brand.name == asked.merk), None),
        source_id=next((source.id for source in known if source.name == asked.bron), None),
        since=now - period if period else None,
        sentiment=SENTIMENTS.get(asked.sentiment),
        said=SAID.get(asked.oordeel),
        theme=asked.thema or None,
        signal=SIGNALS.get(asked.signaal),
        rating=RATINGS.get(asked.cijfer),
        stand=STANDS.get(asked.status),
        language=LANGUAGES.get(asked.taal),
        text=asked.zoek,
    )


def _view(session: Session, mention: MentionRow, *, explaining: bool, saved: bool) -> MentionView:
    correction = correcting(session, mention)
    stored = listings.versions(session, mention.id)
    pairs = zip(stored, [*stored[1:], None], strict=True)
    return MentionView(
        mention=mention,
        versions=tuple(
            VersionView(newer, differences(older.text if older else newer.text, newer.text))
            for newer, older in pairs
        ),
        others=listings.of_author(session, mention.id),
        copies=listings.copies(session, mention.id),
        incidents=bulletins.of_mention(session, mention.id),
        case_id=listings.case_id_of(session, mention.id),
        correcting=correction,
        explained=explaining and correction.by_model is not None and not mention.pruned,
        saved=saved,
    )
