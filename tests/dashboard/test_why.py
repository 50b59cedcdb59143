"""Which words carried a verdict, on the mention's page."""

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape

import pytest
from sqlmodel import col, select
from starlette.testclient import TestClient

from dashboard import explaining
from dashboard.app import create_app
from dashboard.explaining import Explaining
from sentiment.classifier import Sentiment, Verdict
from sentiment.errors import ModelBroken
from storage import corrections
from storage.corrections import Answers, Change
from storage.database import Database
from storage.models import Mention, MentionVersion
from storage.models import Verdict as Stored
from tests.dashboard import seed
from tests.dashboard.conftest import ORIGIN


@dataclass
class ByWord:
    """Finds a text as negative as it says `gewacht`, and less so where it says `beloofd`."""

    model_id: str = seed.MODEL
    gate: threading.Event = field(default_factory=threading.Event)

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        self.gate.wait(10)
        return [self._verdict(text.casefold()) for text in texts]

    def _verdict(self, text: str) -> Verdict:
        negative = 0.5 + 0.48 * ("gewacht" in text) - 0.1 * ("beloofd" in text)
        rest = (1 - negative) / 2
        shares = {Sentiment.NEGATIVE: negative, Sentiment.NEUTRAL: rest, Sentiment.POSITIVE: rest}
        return Verdict(Sentiment.NEGATIVE, shares)


@pytest.fixture
def model() -> ByWord:
    model = ByWord()
    model.gate.set()
    return model


@pytest.fixture
def client(database: Database, model: ByWord) -> Iterator[TestClient]:
    app = create_app(database, seed.CONFIGURATION, clock=lambda: seed.NOW, model=lambda: model)
    with TestClient(app, base_url=ORIGIN, follow_redirects=False, headers={"Origin": ORIGIN}) as client:
        with database.write() as session:
            client.cookies.set("klachtenradar", seed.login(session))
        yield client


@pytest.fixture
def number(database: Database) -> int:
    """A complaint of somebody who waited for nothing."""
    with database.write() as session:
        found = session.exec(select(Stored).where(Stored.sentiment == Sentiment.NEGATIVE).limit(1)).one()
        version = session.get_one(MentionVersion, (found.mention_id, found.version))
        version.title, version.text = None, "Drie keer voor niets gewacht. Beloofd was 24 uur."
        session.add(version)
        return found.mention_id


def marked(page: str) -> dict[str, str]:
    """The marked words with their classes."""
    text = page.partition('class="words weighed"')[2].partition("</p>")[0]
    return {
        unescape(words): kind
        for kind, words in re.findall(r'<mark class="carries ([a-z ]+)"[^>]*>(.*?)</mark>', text)
    }


def test_the_words_that_carried_the_verdict_are_marked(client: TestClient, number: int) -> None:
    assert f'href="/berichten/{number}/waarom"' in client.get(f"/berichten/{number}").text
    page = client.get(f"/berichten/{number}/waarom").text
    assert marked(page) == {"gewacht.": "strong", "Beloofd": "clear against"}
    assert "<q" in page, "also as a list, for who does not see the marks"


def test_what_people_wrote_stays_text(client: TestClient, database: Database, number: int) -> None:
    with database.write() as session:
        version = session.get_one(MentionVersion, (number, 1))
        version.text = "<script>alert(1)</script> gewacht<b>"
        session.add(version)
    page = client.get(f"/berichten/{number}/waarom").text
    assert "<script>alert" not in page
    assert "gewacht<b>" in marked(page)


def test_a_correction_is_named_and_the_model_still_explained(
    client: TestClient, database: Database, number: int
) -> None:
    with database.write() as session:
        change = Change(number, 1, 0, "marieke", seed.NOW)
        corrections.correct(session, change, Answers(Sentiment.NEUTRAL))
    page = client.get(f"/berichten/{number}/waarom").text
    assert "marieke heeft dit oordeel verbeterd" in page
    assert marked(page)["gewacht."] == "strong"


def test_another_models_verdict_is_said_to_be_anothers(
    client: TestClient, model: ByWord, number: int
) -> None:
    assert "nog van het vorige" not in client.get(f"/berichten/{number}/waarom").text
    model.model_id = "nieuw-2"
    assert "nog van het vorige" in client.get(f"/berichten/{number}/waarom").text


def test_only_one_text_is_explained_at_a_time(
    client: TestClient, model: ByWord, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "PATIENCE", 0.01)
    model.gate.clear()
    pages: list[str] = []
    first = threading.Thread(target=lambda: pages.append(client.get(f"/berichten/{number}/waarom").text))
    first.start()
    second = client.get(f"/berichten/{number}/waarom").text
    model.gate.set()
    first.join()
    both = [*pages, second]
    assert sum("Het model legt net iets anders uit" in page for page in both) == 1
    assert sum(bool(marked(page)) for page in both) == 1


def test_a_model_that_does_not_load_is_told_and_the_next_click_tries_again(
    number: int, database: Database
) -> None:
    def broken() -> ByWord:
        raise ModelBroken("model.onnx: is damaged")

    app = create_app(database, seed.CONFIGURATION, clock=lambda: seed.NOW, model=broken)
    with TestClient(app, base_url=ORIGIN) as client, database.write() as session:
        client.cookies.set("klachtenradar", seed.login(session))
    assert "nu niet te laden" in client.get(f"/berichten/{number}/waarom").text
    assert "nu niet te laden" in client.get(f"/berichten/{number}/waarom").text


def test_there_is_nothing_to_explain_without_a_verdict_or_words(
    client: TestClient, database: Database
) -> None:
    with database.read() as session:
        unread = session.exec(select(Mention.id).where(col(Mention.judged_by).is_(None))).first()
    assert "/waarom" not in client.get(f"/berichten/{unread}").text
    assert client.get(f"/berichten/{unread}/waarom").status_code == 404
    assert client.get("/berichten/999999/waarom").status_code == 404


def test_a_very_long_text_is_looked_into_at_its_beginning(model: ByWord) -> None:
    found = Explaining(lambda: model).explain("gewacht " * 10_000, Sentiment.NEGATIVE)
    assert found.cut
    assert len("".join(one.text for one in found.passages)) == explaining.LONGEST
