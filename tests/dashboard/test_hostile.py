"""What strangers write is shown and does nothing."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from storage import mentions, sources, verdicts
from storage.database import Database
from storage.models import Delivery, Mention, MentionVersion
from storage.records import Batch, Record, Reply, Sentiment
from tests.dashboard import seed

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
EMOJI = "Weer niks 😡👨‍👩‍👧 {{ 7*7 }} {% raw %} &lt;b&gt;"


def _store(database: Database, text: str, version: int = 1, **changes: object) -> int:
    """One hostile mention, judged, and a case of its own; returns its id."""
    record = Record.model_validate(
        {
            "external_id": "kwaad",
            "namespace": "trustpilot",
            "text": text,
            "title": SCRIPT,
            "author_id": "kwaad",
            "author_name": f"\u202e{SCRIPT}",
            "published_at": seed.NOW - timedelta(minutes=1),
            "reply": Reply(text=SCRIPT),
        }
        | changes
    )
    with database.write() as session:
        source = sources.source_named(session, "snelveld-reviews")
        matcher = sources.matcher_of(session, seed.CONFIGURATION, source)
        mentions.store_batch(
            session.connection(), source.id or 0, Batch(records=(record,)), matcher, seed.NOW
        )
        found = session.exec(select(Mention).where(Mention.external_id == "kwaad")).one()
        judgement = verdicts.Judgement(
            found.id or 0,
            version,
            Sentiment.NEGATIVE,
            dict.fromkeys(Sentiment, 1 / 3),
            (SCRIPT,),
            True,
            True,
            True,
            SCRIPT[:30],
        )
        verdicts.store(session, [judgement], seed.MODEL, seed.NOW)
        return found.id or 0


def _harmless(page: str) -> bool:
    return not re.search(r"<script(?![^>]*\bsrc=)|<img src=x|javascript:", page)


def test_scripts_in_texts_names_and_replies_are_only_words(client: TestClient, database: Database) -> None:
    number = _store(database, SCRIPT)
    for path in ("/berichten", f"/berichten/{number}", "/berichten?zoek=" + SCRIPT):
        page = client.get(path).text
        assert "&lt;script&gt;alert(1)" in page
        assert _harmless(page)
    assert "\u202e" not in client.get(f"/berichten/{number}").text


def test_a_text_in_template_language_is_not_run(client: TestClient, database: Database) -> None:
    number = _store(database, EMOJI)
    page = client.get(f"/berichten/{number}").text
    assert "{{ 7*7 }}" in page
    assert "&amp;lt;b&amp;gt;" in page
    assert "😡👨‍👩‍👧" in page


def test_a_link_that_runs_is_not_a_link(client: TestClient, database: Database) -> None:
    number = _store(database, "Kijk hier")
    with database.write() as session:
        found = session.get_one(Mention, number)
        found.url = "javascript:alert(1)"
        session.add(found)
    assert _harmless(client.get(f"/berichten/{number}").text)


def test_a_very_long_text_is_folded_and_the_list_stays_small(client: TestClient, database: Database) -> None:
    number = _store(database, "a")
    with database.write() as session:
        version = session.get_one(MentionVersion, (number, 1))
        version.text = "W" * 5_000_000
        session.add(version)
    page = client.get("/berichten").text
    assert '<details class="fold">' in page
    assert len(page) < 200_000
    assert client.get(f"/berichten/{number}").status_code == 200


def test_an_edit_shows_what_came_and_what_went(client: TestClient, database: Database) -> None:
    _store(database, "De monteur kwam niet op maandag")
    number = _store(database, "De monteur kwam wel op <b>dinsdag</b>", version=2)
    page = client.get(f"/berichten/{number}").text
    assert "<del>niet</del><ins>wel</ins>" in page
    assert "<ins>&lt;b&gt;dinsdag&lt;/b&gt;</ins>" in page
    assert "1 keer bewerkt" in page


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        "<!channel> *vet* <https://ok.example/?a=1&amp;b=2|klik>",
        "<javascript:alert(1)|klik> <data:text/html,x|y>",
        '<https://ok.example/"onmouseover="alert(1)|x>',
        "```" + SCRIPT + "```",
        "> " + SCRIPT,
    ],
)
def test_a_payload_with_hostile_text_is_drawn_harmlessly(
    client: TestClient, database: Database, text: str
) -> None:
    with database.write() as session:
        delivery = session.exec(select(Delivery).where(Delivery.form == "post")).first()
        assert delivery is not None
        delivery.payload = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}
        session.add(delivery)
    page = client.get("/slack").text
    assert not re.search(r'<script(?![^>]*\bsrc=)|<img src=x|href="(?:javascript|data):', page)
    assert not re.search(r'"\s*onmouseover="', page)


def test_a_payload_of_an_unknown_form_breaks_nothing(client: TestClient, database: Database) -> None:
    with database.write() as session:
        for delivery in session.exec(select(Delivery).where(Delivery.form == "post")):
            delivery.payload = {
                "blocks": [1, {"type": "video"}, {"type": "section", "text": 5}],
                "text": "Hoi",
            }
            session.add(delivery)
    assert client.get("/slack").status_code == 200
