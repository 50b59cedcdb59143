"""What stands beside the figures: mentions in other languages, and copies of one text."""

from sqlmodel import col, select
from starlette.testclient import TestClient

from storage import verdicts
from storage.database import Database
from storage.models import Cluster, Mention
from storage.verdicts import Foreign
from tests.dashboard.seed import NOW


def mark(database: Database, mention_id: int, language: str) -> None:
    """The mention has new words, which are in another language."""
    with database.write() as session:
        stored = session.get_one(Mention, mention_id)
        verdicts.store(session, [], "later", NOW, [Foreign(mention_id, stored.version, language)])


def test_a_mention_in_another_language_shows_which_and_has_no_sentiment(
    client: TestClient, database: Database
) -> None:
    mark(database, 1, "en")
    page = client.get("/berichten/1").text
    assert "Engels" in page
    assert "Het model leest alleen Nederlands" in page
    assert "nog niet gelezen" not in page


def test_mentions_in_other_languages_can_be_listed(client: TestClient, database: Database) -> None:
    mark(database, 1, "tr")
    mark(database, 2, "en")
    others = client.get("/berichten?taal=anders").text
    assert (others.count("<article"), others.count("Turks")) == (2, 1)
    assert client.get("/berichten?taal=en").text.count("<article") == 1
    assert "Turks" not in client.get("/berichten?taal=nl").text


def test_a_mention_names_the_other_places_where_its_text_stands(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        clustered = select(Mention).where(col(Mention.cluster_id).is_not(None))
        first, second = session.exec(clustered.order_by(col(Mention.id)).limit(2)).all()
        cluster = Cluster(brand_id=first.brand_id)
        session.add(cluster)
        session.flush()
        first.cluster_id = second.cluster_id = cluster.id
    page = client.get(f"/berichten/{first.id}").text
    assert "Dezelfde tekst, nog een keer geplaatst" in page
    assert f'href="/berichten/{second.id}"' in page
