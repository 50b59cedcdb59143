"""Correcting a mention on its page: who, what counts afterwards, and being too late."""

import re
from typing import Any

import pytest
from sqlmodel import col, select
from starlette.testclient import TestClient

from storage import corrections, joins, listings
from storage.corrections import Answers, Change
from storage.database import Database
from storage.models import Case, CaseState, Correction, Mention, Sentiment, Verdict
from tests.dashboard import seed
from tests.dashboard.conftest import token

PRAISE: dict[str, Any] = {"gevoel": "positive", "thema": ["bejegening", "prijs"], "signaal": ["churn"]}


@pytest.fixture
def number(database: Database) -> int:
    """A negative mention about the own brand, whose case nobody touched."""
    with database.read() as session:
        found = session.exec(
            select(Mention.id)
            .join(Case, col(Case.mention_id) == Mention.id)
            .join(Verdict, joins.verdict_that_counts())
            .where(Case.state == CaseState.NEW, Verdict.sentiment == Sentiment.NEGATIVE, Case.revision == 1)
            .limit(1)
        ).one()
    assert found is not None
    return found


def _post(client: TestClient, number: int, **form: Any) -> tuple[int, str]:
    data = {"csrf": token(client), "versie": "1", "gezien": "0"} | form
    answer = client.post(f"/berichten/{number}/oordeel", data=data)
    return answer.status_code, answer.headers.get("location", answer.text)


def _stored(database: Database) -> list[Correction]:
    with database.read() as session:
        return list(session.exec(select(Correction)))


def _correct(database: Database, number: int, who: str, sentiment: Sentiment) -> None:
    with database.write() as session:
        corrections.correct(session, Change(number, 1, 0, who, seed.NOW), Answers(sentiment))


def test_a_correction_is_kept_with_who_and_when(client: TestClient, database: Database, number: int) -> None:
    assert _post(client, number, **PRAISE) == (303, f"/berichten/{number}?gedaan=verbeterd")
    [kept] = _stored(database)
    assert (kept.mention_id, kept.version, kept.who, kept.at) == (number, 1, "marieke", seed.NOW)
    assert corrections.answers_of(kept) == Answers(Sentiment.POSITIVE, ("bejegening", "prijs"), churn=True)


def test_the_page_shows_what_counts_and_what_the_model_said(client: TestClient, number: int) -> None:
    _post(client, number, **PRAISE)
    page = client.get(f"/berichten/{number}?gedaan=verbeterd").text
    assert "Jouw oordeel telt." in page
    assert "Verbeterd door marieke" in page
    assert page.index("Verbeterd oordeel") < page.index("Oordeel van het model")
    assert f"Model {seed.MODEL}" in page
    assert '<article class="mention positive' in page


def test_the_form_starts_from_what_counts(client: TestClient, number: int) -> None:
    _post(client, number, **PRAISE)
    page = client.get(f"/berichten/{number}").text
    assert re.findall(r'value="([a-z]+)"(?: required)? checked', page) == [
        "positive",
        "bejegening",
        "prijs",
        "churn",
    ]


def test_correcting_again_undoes_it_and_the_history_says_so(
    client: TestClient, database: Database, number: int
) -> None:
    _post(client, number, **PRAISE)
    seen = re.search(r'name="gezien" value="(\d+)"', client.get(f"/berichten/{number}").text)
    assert seen is not None
    assert _post(client, number, gezien=seen[1], gevoel="negative")[0] == 303
    page = client.get(f"/berichten/{number}").text
    assert page.index("marieke maakte er Negatief van") < page.index("marieke maakte er Positief van")
    assert len(_stored(database)) == 2


def test_the_case_tells_who_found_it_no_complaint(
    client: TestClient, database: Database, number: int
) -> None:
    _post(client, number, gevoel="positive")
    with database.read() as session:
        case = session.exec(select(Case).where(Case.mention_id == number)).one()
    assert case.state is CaseState.NO_ACTION
    assert "marieke verbeterde het oordeel: geen klacht" in client.get(f"/klachten/{case.id}").text


def test_a_colleague_who_was_first_is_not_overwritten(
    client: TestClient, database: Database, number: int
) -> None:
    _correct(database, number, "joost", Sentiment.NEUTRAL)
    status, page = _post(client, number, **PRAISE)
    assert status == 409
    assert "Iemand was je voor" in page
    assert "<bdi>joost</bdi>" in page
    assert "Dit had je gekozen" in page
    assert "bejegening" in page
    with database.read() as session:
        row = listings.mention(session, number)
    assert row is not None
    assert row.verdict is not None
    assert row.verdict.sentiment is Sentiment.NEUTRAL


def test_a_correction_of_words_that_were_edited_is_refused(
    client: TestClient, database: Database, number: int
) -> None:
    assert _post(client, number, **(PRAISE | {"versie": "7"}))[0] == 409
    assert _stored(database) == []


@pytest.mark.parametrize(
    "form",
    [{"gevoel": "blij"}, {}, {"gevoel": "positive", "thema": "weer"}, {"gevoel": "positive", "csrf": "x"}],
)
def test_nonsense_and_forgeries_change_nothing(
    client: TestClient, database: Database, number: int, form: dict[str, str]
) -> None:
    assert _post(client, number, **form)[0] in (403, 404)
    assert _stored(database) == []


def test_a_mention_that_is_not_there_cannot_be_corrected(client: TestClient) -> None:
    assert _post(client, 999_999, gevoel="positive")[0] == 404


def test_a_stranger_corrects_nothing(stranger: TestClient, database: Database, number: int) -> None:
    answer = stranger.post(f"/berichten/{number}/oordeel", data=PRAISE)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/inloggen")
    assert _stored(database) == []


def test_words_that_are_gone_offer_no_form(client: TestClient, database: Database, number: int) -> None:
    with database.write() as session:
        session.get_one(Mention, number).pruned_at = seed.NOW
    assert "Verbeter dit oordeel" not in client.get(f"/berichten/{number}").text


def test_what_the_model_doubts_is_marked_and_can_be_filtered(client: TestClient, database: Database) -> None:
    with database.read() as session:
        doubted = session.exec(select(Verdict.mention_id).where(col(Verdict.unsure))).all()
    assert doubted
    assert '<details class="further">' in client.get("/berichten?merk=Snelveld").text
    page = client.get("/berichten?oordeel=twijfel").text
    assert '<details class="further" open>' in page
    shown = re.findall(r'href="/berichten/(\d+)"', page)
    assert shown
    assert {int(one) for one in shown} <= set(doubted)
    assert page.count(">twijfel<") == len(shown)
    assert ">twijfel<" in client.get(f"/berichten/{shown[0]}").text


@pytest.mark.parametrize(
    ("asked", "tag"), [("thema=afspraken", ">afspraken<"), ("signaal=hulp", ">vraagt om hulp<")]
)
def test_themes_and_signals_can_be_filtered(client: TestClient, asked: str, tag: str) -> None:
    found = re.findall(r"<article.*?</header>", client.get(f"/berichten?{asked}").text, re.DOTALL)
    assert found
    assert all(tag in one for one in found)
