"""Lists of mentions and cases: filtered, in order, a page at a time, without reading everything."""

from datetime import timedelta

import pytest
from sqlmodel import select

from storage import bulletins, cases, inbox, listings, reputation, verdicts
from storage.database import Database
from storage.filters import FOREIGN, MentionFilter, Rating, Said, Signal, Stand
from storage.inbox import CaseCursor, InboxFilter
from storage.models import Delivery, DeliveryForm, DeliveryState, Incident, Mention, Severity, Verdict
from storage.records import Reply, Sentiment, Status
from storage.trends import Figures
from tests.storage.shop import NOW, record, set_up, store

MODEL = "proef-1"


@pytest.fixture
def shop(database: Database) -> Database:
    """Five mentions, an hour apart, the newest first in the list."""
    set_up(database)
    store(
        database,
        record("1", rating=1, published_at=NOW - timedelta(hours=1)),
        record(
            "2", rating=3, published_at=NOW - timedelta(hours=2), author_id="b", reply=Reply(text="Sorry")
        ),
        record(
            "3", rating=5, published_at=NOW - timedelta(hours=3), author_id="c", text="Heel BLIJ, 100% top"
        ),
        record("4", rating=None, rating_max=None, published_at=NOW - timedelta(hours=4), author_id="d"),
    )
    store(
        database,
        record(
            "5",
            namespace="feed:x",
            text="Belpunt meldt winst",
            author_id="e",
            published_at=NOW - timedelta(days=9),
        ),
        source="nieuws",
    )
    with database.write() as session:
        judged = [
            verdicts.Judgement(
                one.mention_id,
                one.version,
                Sentiment.POSITIVE if "BLIJ" in one.text else Sentiment.NEGATIVE,
                dict.fromkeys(Sentiment, 1 / 3),
                ("retour", "prijs") if "BLIJ" in one.text else (),
                False,
                "BLIJ" in one.text,
                False,
                "en" if "Belpunt" in one.text else "nl",
                unsure="Belpunt" in one.text,
            )
            for one in verdicts.unjudged(session, 10)
        ]
        verdicts.store(session, judged, MODEL, NOW)
    return database


def _found(database: Database, wanted: MentionFilter) -> list[str]:
    with database.read() as session:
        rows = listings.mentions(session, wanted).rows
        names = dict(session.exec(select(Mention.id, Mention.external_id)).all())
    return [names[row.id] for row in rows]


def _brand(database: Database, name: str) -> int:
    from storage.sources import brand_named

    with database.read() as session:
        return brand_named(session, name).id or 0


_FILTERS: list[tuple[MentionFilter, list[str]]] = [
    (MentionFilter(), ["1", "2", "3", "4", "5"]),
    (MentionFilter(since=NOW - timedelta(hours=3)), ["1", "2", "3"]),
    (MentionFilter(until=NOW - timedelta(hours=3)), ["4", "5"]),
    (MentionFilter(sentiment=Sentiment.POSITIVE), ["3"]),
    (MentionFilter(sentiment=Sentiment.NEUTRAL), []),
    (MentionFilter(said=Said.UNSURE), ["5"]),
    (MentionFilter(said=Said.CORRECTED), []),
    (MentionFilter(theme="retour"), ["3"]),
    (MentionFilter(theme="levering"), []),
    (MentionFilter(signal=Signal.CHURN), ["3"]),
    (MentionFilter(signal=Signal.QUESTION), []),
    (MentionFilter(rating=Rating.LOW), ["1", "5"]),
    (MentionFilter(rating=Rating.MIDDLE), ["2"]),
    (MentionFilter(rating=Rating.HIGH), ["3"]),
    (MentionFilter(rating=Rating.NONE), ["4"]),
    (MentionFilter(stand=Stand.REPLIED), ["2"]),
    (MentionFilter(stand=Stand.OPEN), ["1", "3", "4", "5"]),
    (MentionFilter(stand=Stand.EDITED), []),
    (MentionFilter(language="en"), ["5"]),
    (MentionFilter(language=FOREIGN), ["5"]),
    (MentionFilter(language="nl"), ["1", "2", "3", "4"]),
    (MentionFilter(text="heel blij"), ["3"]),
    (MentionFilter(text="100%"), ["3"]),
    (MentionFilter(text="_"), []),
    (MentionFilter(text="monteur thuisgebleven"), ["1", "2", "4"]),
]


def test_every_filter_finds_what_it_says(shop: Database) -> None:
    found = [(wanted, _found(shop, wanted)) for wanted, _ in _FILTERS]
    assert found == _FILTERS


def test_brand_and_source_narrow_the_list(shop: Database) -> None:
    assert _found(shop, MentionFilter(brand_id=_brand(shop, "Belpunt"))) == ["5"]
    with shop.read() as session:
        source_id = session.exec(select(Mention.source_id).where(Mention.external_id == "1")).one()
    assert _found(shop, MentionFilter(source_id=source_id)) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("wanted", [MentionFilter(), MentionFilter(sentiment=Sentiment.NEGATIVE)])
def test_pages_follow_each_other_also_at_one_moment(shop: Database, wanted: MentionFilter) -> None:
    with shop.write() as session:
        for mention in session.exec(select(Mention)):
            mention.published_at = NOW
            session.add(mention)
    seen: list[int] = []
    after = None
    with shop.read() as session:
        while True:
            page = listings.mentions(session, wanted, after, size=2)
            seen += [row.id for row in page.rows]
            if (after := page.next) is None:
                break
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) >= 4


def test_a_search_that_stops_early_says_where_and_can_go_on(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "WINDOW", 2)
    with shop.read() as session:
        first = listings.mentions(session, MentionFilter(text="blij"))
        assert first.rows == ()
        assert first.searched_to == NOW - timedelta(hours=2)
        second = listings.mentions(session, MentionFilter(text="blij"), first.next)
        assert len(second.rows) == 1


def test_a_row_holds_the_newest_words_and_the_verdict_that_counts(shop: Database) -> None:
    store(shop, record("1", text="Toch opgelost", published_at=NOW - timedelta(hours=1)))
    with shop.read() as session:
        row = listings.mentions(session, MentionFilter()).rows[0]
        assert (row.text, row.version, row.status, row.verdict) == ("Toch opgelost", 2, Status.EDITED, None)
        assert [version.number for version in listings.versions(session, row.id)] == [2, 1]


def test_an_authors_other_mentions_are_found_judged_or_not(shop: Database) -> None:
    store(shop, record("6", published_at=NOW), record("7", published_at=NOW - timedelta(minutes=30)))
    with shop.read() as session:
        newest, waiting, judged = listings.mentions(session, MentionFilter(), size=3).rows
        assert (waiting.verdict is None, judged.verdict is None) == (True, False)
        others = [row.id for row in listings.of_author(session, newest.id)]
        assert others == [waiting.id, judged.id]
        assert [row.id for row in listings.of_author(session, newest.id, size=1)] == [waiting.id]


def test_waiting_cases_are_oldest_first_and_closed_ones_newest_first(shop: Database) -> None:
    with shop.write() as session:
        mentions = session.exec(select(Mention).order_by(Mention.external_id)).all()
        opened = [cases.open_case(session, mention, NOW).id for mention in mentions]
        brand = mentions[0].brand_id
    with shop.read() as session:
        page = inbox.cases(session, InboxFilter(), size=3)
        assert [row.id for row in page.rows] == [opened[4], opened[3], opened[2]]
        assert page.next is not None
        rest = inbox.cases(session, InboxFilter(), page.next, size=3)
        assert [row.id for row in rest.rows] == [opened[1], opened[0]]
        assert rest.next is None
        assert inbox.oldest_waiting(session) == NOW - timedelta(days=9)
        assert len(inbox.cases(session, InboxFilter(brand_id=brand)).rows) == 4
        assert inbox.cases(session, InboxFilter(owner="marieke")).rows == ()
        assert len(inbox.cases(session, InboxFilter(nobody=True)).rows) == 5
    with shop.write() as session:
        for case_id in opened:
            cases.move(session, cases.Change(case_id or 0, 1, "marieke", NOW), cases.CaseState.NO_ACTION)
    with shop.read() as session:
        closed = InboxFilter(states=(cases.CaseState.NO_ACTION,))
        page = inbox.cases(session, closed, size=2)
        assert [row.id for row in page.rows] == opened[:2]
        assert isinstance(page.next, CaseCursor)
        assert [row.id for row in inbox.cases(session, closed, page.next).rows] == opened[2:]


def test_what_may_escalate_waits_before_the_rest_page_after_page(shop: Database) -> None:
    with shop.write() as session:
        mentions = session.exec(select(Mention)).all()
        named = {one.external_id: one.id for one in mentions}
        for mention in mentions:
            cases.open_case(session, mention, NOW)
        for name in ("1", "2"):
            verdict = session.exec(select(Verdict).where(Verdict.mention_id == named[name])).one()
            verdict.escalation = True
            session.add(verdict)
    listed: list[int] = []
    with shop.read() as session:
        page = inbox.cases(session, InboxFilter(), size=1)
        while page.rows:
            listed += [row.newest.id for row in page.rows]
            page = (
                inbox.cases(session, InboxFilter(), page.next, size=1) if page.next else inbox.InboxPage(())
            )
        only = inbox.cases(session, InboxFilter(signal=Signal.ESCALATION)).rows
        none = inbox.cases(session, InboxFilter(signal=Signal.QUESTION)).rows
    assert listed == [named[one] for one in ("2", "1", "5", "4", "3")]
    assert [row.newest.id for row in only] == [named["2"], named["1"]]
    assert none == ()


def test_a_case_shows_the_customers_newest_words_and_all_of_them(shop: Database) -> None:
    store(shop, record("6", text="Weer mis", published_at=NOW))
    with shop.write() as session:
        for name in ("1", "6"):
            mention = session.exec(select(Mention).where(Mention.external_id == name)).one()
            case = cases.open_case(session, mention, NOW)
    with shop.read() as session:
        row = inbox.case(session, case.id or 0)
        assert row is not None
        assert (row.mentions, row.newest.text) == (2, "Weer mis")
        assert inbox.mentions_of(session, case.id or 0)[0].text == "Weer mis"
        assert inbox.case(session, 999) is None


def _incident(database: Database, *states: tuple[DeliveryForm, DeliveryState, str]) -> int:
    with database.write() as session:
        incident = Incident(
            rule="negative_spike",
            key="k",
            severity=Severity.ATTENTION,
            started_at=NOW,
            opened_at=NOW,
            updated_at=NOW,
            last_true_at=NOW,
        )
        session.add(incident)
        session.flush()
        for form, state, text in states:
            delivery = Delivery(
                incident_id=incident.id or 0,
                notifier="slack",
                channel="#x",
                form=form,
                reason="first",
                state=state,
                payload={"text": text} if text else {},
                error="is_archived" if state is DeliveryState.FAILED else None,
                created_at=NOW,
                due_at=NOW,
                sent_at=NOW,
            )
            session.add(delivery)
        return incident.id or 0


def test_a_message_is_shown_as_it_reads_after_its_last_update(shop: Database) -> None:
    _incident(
        shop,
        (DeliveryForm.POST, DeliveryState.SENT, "eerst"),
        (DeliveryForm.UPDATE, DeliveryState.SENT, "later"),
        (DeliveryForm.REPLY, DeliveryState.SENT, "erger"),
        (DeliveryForm.UPDATE, DeliveryState.PENDING, ""),
    )
    with shop.read() as session:
        (told,) = bulletins.told(session)
    assert (told.payload["text"], told.edited, told.edited_at) == ("later", True, NOW)
    assert [reply.payload["text"] for reply in told.replies] == ["erger"]


def test_an_incident_that_could_not_be_told_is_in_trouble(shop: Database) -> None:
    number = _incident(shop, (DeliveryForm.POST, DeliveryState.FAILED, ""))
    with shop.read() as session:
        (row,) = bulletins.incidents(session, still_open=True)
        assert (row.incident.id, row.troubled) == (number, True)
        assert bulletins.incidents(session, still_open=False) == []
        assert [one.error for one in bulletins.failing(session, NOW)] == ["is_archived"]
        assert bulletins.failing(session, NOW + timedelta(days=8)) == []
        assert bulletins.told(session) == []


def test_incidents_that_are_over_are_listed_page_by_page(shop: Database) -> None:
    with shop.write() as session:
        for number in range(3):
            session.add(
                Incident(
                    rule="x",
                    key=str(number),
                    severity=Severity.ATTENTION,
                    started_at=NOW,
                    opened_at=NOW,
                    updated_at=NOW,
                    last_true_at=NOW,
                    resolved_at=NOW,
                )
            )
    with shop.read() as session:
        first = [row.incident.id for row in bulletins.incidents(session, still_open=False, size=2)]
        rest = bulletins.incidents(session, still_open=False, before=first[-1], size=2)
        assert first == [3, 2]
        assert [row.incident.id for row in rest] == [1]


def test_the_index_follows_its_formula() -> None:
    index = reputation.index(Figures(mentions=30, positive=10, neutral=10, negative=10))
    assert index is not None
    assert index.value == pytest.approx(100 * (10 + 5 + 5) / 40)
    assert index.low < index.value < index.high
    assert reputation.index(Figures(mentions=3)) is None


def test_more_mentions_make_the_index_surer() -> None:
    few = reputation.index(Figures(positive=5, negative=5))
    many = reputation.index(Figures(positive=500, negative=500))
    assert few is not None
    assert many is not None
    assert many.high - many.low < few.high - few.low
    alone = reputation.index(Figures(negative=1))
    assert alone is not None
    assert alone.value > 40


def test_a_share_has_wilsons_interval() -> None:
    share = reputation.share(8, 10)
    assert share is not None
    # Worked example of the formula: 8 of 10 gives 0.490 to 0.943.
    assert (share.low, share.high) == (pytest.approx(0.490, abs=1e-3), pytest.approx(0.943, abs=1e-3))
    assert reputation.share(0, 0) is None
