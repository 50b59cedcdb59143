"""The inbox and its forms: moving, giving away, noting, and being too late."""

import re

import pytest
from sqlmodel import col, select
from starlette.testclient import TestClient

from storage import cases
from storage.database import Database
from storage.models import Case, CaseState, Delivery, DeliveryState, Incident, Verdict
from tests.dashboard import seed
from tests.dashboard.conftest import token


@pytest.fixture
def number(database: Database) -> int:
    """A case that nobody looked at yet."""
    with database.read() as session:
        found = session.exec(select(Case.id).where(Case.state == CaseState.NEW).limit(1)).one()
    assert found is not None
    return found


def _case(database: Database, number: int) -> Case:
    with database.read() as session:
        return session.get_one(Case, number)


def _post(client: TestClient, case: Case, action: str, **form: str) -> tuple[int, str]:
    data = {"csrf": token(client), "revisie": str(case.revision)} | form
    answer = client.post(f"/klachten/{case.id}/{action}", data=data)
    return answer.status_code, answer.text


def test_taking_a_case_in_hand_makes_it_mine(client: TestClient, database: Database, number: int) -> None:
    status, _ = _post(
        client, _case(database, number), "verplaats", naar="in-behandeling", notitie="Ik bel zo."
    )
    case = _case(database, number)
    assert (status, case.state, case.owner) == (303, CaseState.IN_HAND, "marieke")
    page = client.get(f"/klachten/{case.id}?gedaan=moved").text
    assert "De klacht is bijgewerkt" in page
    assert "Ik bel zo." in page
    assert "marieke zette dit op In behandeling" in page


def test_a_case_goes_the_whole_way(client: TestClient, database: Database, number: int) -> None:
    for step in ("in-behandeling", "beantwoord", "opgelost"):
        assert _post(client, _case(database, number), "verplaats", naar=step)[0] == 303
    case = _case(database, number)
    assert case.state is CaseState.SOLVED
    assert (case.answered_at, case.closed_at) == (seed.NOW, seed.NOW)


def test_an_illegal_move_is_explained_and_changes_nothing(
    client: TestClient, database: Database, number: int
) -> None:
    before = _case(database, number)
    status, page = _post(client, before, "verplaats", naar="opgelost", notitie="alles besproken")
    assert status == 409
    assert "staat, kan niet naar Opgelost" in page
    assert "alles besproken" in page
    assert _case(database, number).revision == before.revision


def test_who_is_too_late_overwrites_nothing_and_keeps_the_words(
    client: TestClient, database: Database, number: int
) -> None:
    seen = _case(database, number)
    with database.write() as session:
        cases.add_note(session, cases.Change(number, seen.revision, "joost", seed.NOW), "Ik was eerst")
    status, page = _post(client, seen, "verplaats", naar="in-behandeling", notitie="Mijn lange verhaal")
    assert status == 409
    assert "Iemand was je voor" in page
    assert "joost" in page
    assert "Mijn lange verhaal" in page
    assert _case(database, number).state is seen.state


def test_a_case_is_given_to_somebody_who_can_log_in(
    client: TestClient, database: Database, number: int
) -> None:
    assert _post(client, _case(database, number), "eigenaar", eigenaar="onbekende")[0] == 404
    assert _post(client, _case(database, number), "eigenaar", eigenaar="marieke")[0] == 303
    assert _case(database, number).owner == "marieke"
    assert _post(client, _case(database, number), "eigenaar", eigenaar="")[0] == 303
    assert _case(database, number).owner is None


def test_a_note_is_kept(client: TestClient, database: Database, number: int) -> None:
    assert (
        _post(client, _case(database, number), "notitie", notitie="Klant belt terug <b>morgen</b>")[0] == 303
    )
    assert "Klant belt terug &lt;b&gt;morgen&lt;/b&gt;" in client.get(f"/klachten/{number}").text


@pytest.mark.parametrize(("action", "form"), [("verplaats", {"naar": "kwijt"}), ("notitie", {})])
def test_a_change_of_nothing_known_is_refused(client: TestClient, action: str, form: dict[str, str]) -> None:
    missing = Case(id=99999, mention_id=1, brand_id=1, opened_at=seed.NOW, revision=1)
    assert _post(client, missing, action, **form)[0] == 404


def test_the_inbox_begins_with_who_waits_longest(client: TestClient) -> None:
    page = client.get("/klachten").text
    waits = re.findall(r'<td class="wait"><time class="waiting[^"]*" datetime="([^"]+)"', page)
    assert waits == sorted(waits)
    assert len(waits) >= 10


def test_the_tabs_count_every_state(client: TestClient, database: Database) -> None:
    with database.read() as session:
        counts = cases.counts(session)
    page = client.get("/klachten").text
    numbers = [int(number) for number in re.findall(r'<span class="count">(\d+)</span>', page)]
    waiting = counts[CaseState.NEW] + counts[CaseState.IN_HAND]
    assert numbers == [waiting, *(counts[state] for state in CaseState), sum(counts.values())]


def test_my_cases_can_be_listed_apart(client: TestClient, database: Database) -> None:
    page = client.get("/klachten?wie=ik").text
    owners = re.findall(r'<td class="owner"><bdi>([^<]+)</bdi>', page)
    assert owners
    assert set(owners) == {"marieke"}
    assert "<bdi>marieke</bdi></td>" not in client.get("/klachten?wie=niemand").text


def test_what_a_channel_refused_is_shown_and_can_be_tried_again(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        delivery = session.exec(select(Delivery).where(Delivery.incident_id == 1)).first()
        assert delivery is not None
        delivery.state, delivery.error = DeliveryState.FAILED, "channel_not_found"
        session.add(delivery)
    for path in ("/meldingen", "/meldingen/1"):
        assert "Controleer slack.channel" in client.get(path).text
    assert "niet overal aangekomen" in client.get("/").text
    answer = client.post("/meldingen/1/opnieuw", data={"csrf": token(client)})
    assert answer.headers["location"] == "/meldingen/1?gedaan=opnieuw"
    with database.read() as session:
        assert session.get_one(Delivery, delivery.id).state is DeliveryState.PENDING


def test_an_incident_is_acknowledged_once(client: TestClient, database: Database) -> None:
    form = {"csrf": token(client)}
    assert client.post("/meldingen/1/gezien", data=form).headers["location"] == "/meldingen/1?gedaan=gezien"
    assert client.post("/meldingen/1/gezien", data=form).headers["location"] == "/meldingen/1"
    with database.read() as session:
        assert session.get_one(Incident, 1).acknowledged_by == "marieke"
    assert "marieke kijkt ernaar" in client.get("/meldingen/1").text


def test_what_may_escalate_stands_on_top_and_is_found_by_its_signal(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        newest = select(Case).where(Case.state == CaseState.NEW).order_by(col(Case.opened_at).desc())
        case = session.exec(newest.limit(1)).one()
        verdict = session.exec(select(Verdict).where(Verdict.mention_id == case.mention_id)).one()
        verdict.escalation = True
        session.add(verdict)
    everything, found = (client.get(path).text for path in ("/klachten", "/klachten?signaal=escalatie"))
    assert found.count('href="/klachten/') == 1
    for page in (everything, found):
        first = page.partition("<tr class=")[2].partition("</tr>")[0]
        assert f'href="/klachten/{case.id}"' in first
        assert ">escalatie</span>" in first
