"""Who gets in, and what changes nothing: logins, sessions, forged and stale forms."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.app import create_app
from dashboard.security import Attempts, local_path
from storage import users
from storage.database import Database
from storage.models import Case, CaseState
from tests.dashboard import seed
from tests.dashboard.conftest import ORIGIN, client_of, token

PROTECTED = [
    "/",
    "/berichten",
    "/berichten/1",
    "/klachten",
    "/klachten/1",
    "/meldingen",
    "/bronnen",
    "/slack",
    "/wachtwoord",
]


@pytest.mark.parametrize("path", PROTECTED)
def test_a_stranger_is_sent_to_the_door(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/inloggen")


def test_logging_in_leads_back_to_the_page_that_was_asked_for(stranger: TestClient) -> None:
    form = {"naam": "marieke", "wachtwoord": seed.PASSWORD, "naar": "/klachten?wie=ik"}
    answer = stranger.post("/inloggen", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/klachten?wie=ik")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert stranger.get("/klachten").status_code == 200


def test_the_cookie_is_secure_where_the_pages_are(database: Database) -> None:
    settings = seed.CONFIGURATION.model_copy(
        update={"dashboard": seed.CONFIGURATION.dashboard.model_copy(update={"url": "https://radar.example"})}
    )
    app = create_app(database, settings, clock=lambda: seed.NOW)
    with TestClient(app, base_url="http://testserver", follow_redirects=False) as client:
        form = {"naam": "marieke", "wachtwoord": seed.PASSWORD}
        answer = client.post("/inloggen", data=form, headers={"Origin": "https://radar.example"})
    assert answer.headers["set-cookie"].startswith("__Host-klachtenradar=")
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("form", [{"naam": "marieke", "wachtwoord": "fout"}, {"naam": "niemand"}, {}])
def test_a_wrong_login_tells_nothing_about_who_exists(stranger: TestClient, form: dict[str, str]) -> None:
    answer = stranger.post("/inloggen", data=form)
    assert answer.status_code == 401
    assert "horen niet bij elkaar" in answer.text
    assert "set-cookie" not in answer.headers


def test_guessing_is_slowed_down(stranger: TestClient) -> None:
    for _ in range(Attempts.ALLOWED):
        stranger.app.state.site.attempts.failed("marieke", "testclient", seed.NOW)  # type: ignore[attr-defined]
    answer = stranger.post("/inloggen", data={"naam": "Marieke", "wachtwoord": seed.PASSWORD})
    assert answer.status_code == 429
    assert "Wacht 10 minuten" in answer.text


def test_attempts_are_forgotten_after_a_while_and_bounded() -> None:
    attempts = Attempts()
    for _ in range(Attempts.ALLOWED):
        attempts.failed("a", "1", seed.NOW)
    assert attempts.wait("a", "2", seed.NOW) is None
    assert attempts.wait("a", "1", seed.NOW) == Attempts.WITHIN
    assert attempts.wait("a", "1", seed.NOW + Attempts.WITHIN) is None
    for number in range(Attempts.MOST + 10):
        attempts.failed(str(number), "1", seed.NOW)
    assert len(attempts._failed) <= Attempts.MOST


def test_a_session_ends(database: Database) -> None:
    with database.write() as session:
        cookie = seed.login(session)
    late = seed.NOW + users.SESSION_LASTS + timedelta(seconds=1)
    app = create_app(database, seed.CONFIGURATION, clock=lambda: late)
    with TestClient(app, base_url=ORIGIN, follow_redirects=False) as client:
        client.cookies.set("klachtenradar", cookie)
        assert client.get("/").status_code == 303


def test_logging_out_makes_the_cookie_worthless(client: TestClient) -> None:
    cookie = client.cookies["klachtenradar"]
    answer = client.post("/uitloggen", data={"csrf": token(client)})
    assert answer.headers["location"].startswith("/inloggen")
    client.cookies.set("klachtenradar", cookie)
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/klachten?wie=ik", "/klachten?wie=ik"),
        ("//kwaad.example", "/"),
        ("/\\kwaad.example", "/"),
        ("https://kwaad.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        (None, "/"),
    ],
)
def test_the_way_back_never_leaves_the_site(given: str | None, path: str) -> None:
    assert local_path(given) == path


def _revision(database: Database, number: int = 1) -> tuple[CaseState, int]:
    with database.read() as session:
        case = session.get_one(Case, number)
        return case.state, case.revision


CHANGES = [
    ("/klachten/1/verplaats", {"naar": "beantwoord"}),
    ("/klachten/1/eigenaar", {"eigenaar": "marieke"}),
    ("/klachten/1/notitie", {"notitie": "gebeld"}),
    ("/meldingen/1/gezien", {}),
    ("/meldingen/1/opnieuw", {}),
    ("/uitloggen", {}),
    (
        "/wachtwoord",
        {"huidig": seed.PASSWORD, "wachtwoord": "heel iets anders", "nogmaals": "heel iets anders"},
    ),
]


@pytest.mark.parametrize(("path", "form"), CHANGES)
def test_a_form_without_the_sessions_token_changes_nothing(
    client: TestClient, database: Database, path: str, form: dict[str, str]
) -> None:
    before = _revision(database)
    for csrf in ({}, {"csrf": ""}, {"csrf": "geraden"}):
        answer = client.post(path, data={**form, **csrf, "revisie": str(before[1])})
        assert answer.status_code == 403
        assert "Dit mag niet zomaar" in answer.text
    assert _revision(database) == before
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(("path", "form"), CHANGES)
@pytest.mark.parametrize("origin", ["https://kwaad.example", "null", "http://testserver.kwaad.example"])
def test_a_form_from_another_site_changes_nothing(
    client: TestClient, database: Database, path: str, form: dict[str, str], origin: str
) -> None:
    before = _revision(database)
    data = {**form, "csrf": token(client), "revisie": str(before[1])}
    answer = client.post(path, data=data, headers={"Origin": origin})
    assert answer.status_code == 403
    assert _revision(database) == before


def test_a_login_from_another_site_is_refused(stranger: TestClient) -> None:
    form = {"naam": "marieke", "wachtwoord": seed.PASSWORD}
    answer = stranger.post("/inloggen", data=form, headers={"Origin": "https://kwaad.example"})
    assert answer.status_code == 403


def test_a_huge_form_is_refused(client: TestClient) -> None:
    answer = client.post("/klachten/1/notitie", data={"notitie": "x" * 200_000, "csrf": token(client)})
    assert answer.status_code == 413
    assert "te veel tekst" in answer.text


def test_the_first_user_is_made_with_the_code_and_only_once(empty: Database) -> None:
    with client_of(empty) as client:
        code = client.app.state.site.setup_code  # type: ignore[attr-defined]
        assert client.get("/welkom?code=geraden").status_code == 404
        assert "Maak het eerste account" in client.get(f"/welkom?code={code}").text
        form = {"code": code, "naam": "joost", "wachtwoord": "kort", "nogmaals": "kort"}
        assert "minstens 10 tekens" in client.post("/welkom", data=form).text
        form |= {"wachtwoord": seed.PASSWORD, "nogmaals": "iets anders"}
        assert "niet gelijk" in client.post("/welkom", data=form).text
        answer = client.post("/welkom", data=form | {"nogmaals": seed.PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert client.get("/").status_code == 200
        assert client.get(f"/welkom?code={code}").headers["location"] == "/inloggen"
        again = form | {"naam": "indringer", "nogmaals": seed.PASSWORD}
        assert client.post("/welkom", data=again).headers["location"] == "/inloggen"
    with empty.read() as session:
        assert users.names(session) == ["joost"]


def test_the_table_of_sessions_opens_no_door(database: Database) -> None:
    with database.write() as session:
        cookie = seed.login(session)
    raw = Path(str(database.engine.url.database)).read_bytes()
    assert cookie.encode() not in raw


def test_htmx_is_sent_to_the_door_as_a_whole(stranger: TestClient) -> None:
    answer = stranger.get("/berichten", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert re.match(r"/inloggen\?naar=", answer.headers["hx-redirect"])
