"""Changing one's own password."""

import re

import pytest
from starlette.testclient import TestClient

from dashboard.security import Attempts
from storage import users
from storage.database import Database
from tests.dashboard import seed
from tests.dashboard.conftest import client_of, token

WANTED = "een nog langere zin vol thee"


def _asked(client: TestClient, **changes: str) -> dict[str, str]:
    form = {"huidig": seed.PASSWORD, "wachtwoord": WANTED, "nogmaals": WANTED}
    return form | changes | {"csrf": token(client)}


def _opens(database: Database, password: str) -> bool:
    with database.read() as session:
        return users.verified(session, "marieke", password) is not None


def test_somebody_gets_another_password_and_stays_logged_in(client: TestClient, database: Database) -> None:
    answer = client.post("/wachtwoord", data=_asked(client))
    assert (answer.status_code, answer.headers["location"]) == (303, "/wachtwoord?gedaan=gewijzigd")
    assert "Gelukt" in client.get(answer.headers["location"]).text
    assert (_opens(database, WANTED), _opens(database, seed.PASSWORD)) == (True, False)


def test_sessions_elsewhere_end_with_the_old_password(client: TestClient, database: Database) -> None:
    with database.write() as session:
        users.create_user(session, "joost", seed.PASSWORD, seed.NOW)
        own, other = seed.login(session), seed.login(session, "joost")
    client.post("/wachtwoord", data=_asked(client))
    for cookie, status in ((own, 303), (other, 200)):
        with client_of(database) as elsewhere:
            elsewhere.cookies.set("klachtenradar", cookie)
            assert elsewhere.get("/").status_code == status


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"huidig": "geraden"}, "huidige wachtwoord klopt niet"),
        ({"huidig": ""}, "huidige wachtwoord klopt niet"),
        ({"nogmaals": "iets anders"}, "niet gelijk"),
        ({"wachtwoord": "kort", "nogmaals": "kort"}, "minstens 10 tekens"),
        ({"wachtwoord": "x" * 201, "nogmaals": "x" * 201}, "hooguit 200 tekens"),
    ],
)
def test_what_will_not_do_is_said_and_changes_nothing(
    client: TestClient, database: Database, changes: dict[str, str], says: str
) -> None:
    answer = client.post("/wachtwoord", data=_asked(client, **changes))
    assert answer.status_code == 422
    assert says in answer.text
    assert _opens(database, seed.PASSWORD)


def test_guessing_the_present_password_is_slowed_down(client: TestClient, database: Database) -> None:
    for _ in range(Attempts.ALLOWED):
        client.post("/wachtwoord", data=_asked(client, huidig="geraden"))
    answer = client.post("/wachtwoord", data=_asked(client))
    assert answer.status_code == 429
    assert _opens(database, seed.PASSWORD)


def test_the_page_is_linked_beside_the_name(client: TestClient) -> None:
    page = client.get("/").text
    assert re.search(r'marieke</bdi></span>\s*<a href="/wachtwoord">Wachtwoord</a>', page)
