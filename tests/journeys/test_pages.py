"""A working day in a real browser: logging in, taking a case in hand, and looking after an incident."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.app import create_app
from dashboard.server import Serving
from storage.database import Database
from storage.models import Case, CaseState, Incident
from tests.dashboard import seed

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium: apt-get install chromium"),
]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(f"sqlite:///{tmp_path / 'journey.db'}") as database:
        database.upgrade()
        seed.seed(database)
        yield database


@pytest.fixture
def address(database: Database) -> Iterator[str]:
    app = create_app(database, seed.CONFIGURATION, clock=lambda: seed.NOW)
    with Serving(app, "127.0.0.1", 0) as serving:
        yield serving.address


def test_a_working_day(address: str, database: Database) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: run `make setup`")
    complaints: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 390, "height": 844}, locale="nl-NL")
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/klachten")

        page.get_by_label("Naam").fill("marieke")
        page.get_by_label("Wachtwoord").fill(seed.PASSWORD)
        page.get_by_role("button", name="Inloggen").click()
        sync_api.expect(page.get_by_role("heading", name="Klachten", level=1)).to_be_visible()

        page.get_by_role("link", name=re.compile("^Nieuw")).click()
        page.locator(".inbox a.title").first.click()
        number = int(page.url.rpartition("/")[2])
        page.get_by_label("Notitie voor collega's").fill("Ik bel vandaag nog.")
        page.get_by_role("button", name="Pak op").click()
        sync_api.expect(page.get_by_role("status")).to_contain_text("bijgewerkt")
        sync_api.expect(page.get_by_text("Ik bel vandaag nog.")).to_be_visible()

        page.get_by_role("link", name="Meldingen").click()
        page.get_by_role("link", name=re.compile("veel meer dan normaal")).click()
        incident = int(page.url.rpartition("/")[2])
        page.get_by_role("button", name="Ik kijk ernaar").click()
        sync_api.expect(page.get_by_role("status")).to_contain_text("jij kijkt ernaar")

        page.get_by_role("link", name="Overzicht").click()
        sync_api.expect(page.locator(".chart canvas").first).to_be_visible()
        page.get_by_role("link", name="Uur", exact=True).click()
        sync_api.expect(page.get_by_text("laatste 48 uur")).to_be_visible()
        sync_api.expect(page.locator(".chart canvas").first).to_be_visible()
        assert page.url.endswith("/?per=uur")
        assert page.evaluate("document.documentElement.scrollWidth") == 390

        page.get_by_role("button", name="Uitloggen").click()
        sync_api.expect(page.get_by_text("Tot de volgende keer")).to_be_visible()
        browser.close()

    assert complaints == []
    with database.read() as session:
        case = session.get_one(Case, number)
        assert (case.state, case.owner) == (CaseState.IN_HAND, "marieke")
        assert session.get_one(Incident, incident).acknowledged_by == "marieke"
