"""Every page: what it shows, how big it is, and what its headers forbid."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from dashboard.app import create_app
from storage import runs
from storage.database import Database
from storage.models import Health, Mention
from storage.runs import Outcome
from storage.sources import source_named
from tests.dashboard import seed
from tests.dashboard.conftest import client_of

PAGES = [
    "/",
    "/?per=uur",
    "/?per=week&merk=Belpunt",
    "/berichten",
    "/berichten?merk=Snelveld&sentiment=negatief&zoek=monteur",
    "/berichten/1",
    "/klachten",
    "/klachten?status=alle",
    "/klachten/1",
    "/meldingen",
    "/meldingen/1",
    "/bronnen",
    "/slack",
    "/wachtwoord",
]
NONSENSE = [
    "/?per=eeuw&merk=%00",
    "/berichten?merk=Onbekend&periode=x&sentiment=boos&cijfer=99&status=?&taal=zz&bron=%F0%9F%92%A9",
    "/berichten?na=gisteren_1&zoek=%27%3B%20DROP%20TABLE%20mention%3B--",
    "/berichten?na=2026-11-20T10:00:00_5",
    "/berichten?na=9999-12-31T23:59:59%2B00:00_999999999999999999999999",
    "/berichten?na=0001-01-01T00:00:00%2B14:00_5",
    "/berichten?na=9999-12-31T23:59:59-14:00_5",
    "/klachten?na=0001-01-01T00:00:00%2B14:00_5",
    "/berichten?zoek=" + "%25_" * 300,
    "/meldingen?voor=x",
    "/meldingen?voor=1",
    "/klachten?status=weg&wie=iedereen&na=x&merk=%3Cb%3E",
    "/inloggen?naar=//kwaad.example",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shown_and_stays_small(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "</html>" in answer.text
    assert len(answer.content) < 200_000


@pytest.mark.parametrize("path", [*PAGES, "/inloggen", "/bestaat-niet", "/static/style.css"])
def test_every_answer_forbids_foreign_and_inline_code(client: TestClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_needs_what_the_policy_forbids(client: TestClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", page)
    assert not re.search(r'(?:src=|<link[^>]*href=)"(?:https?:)?//', page)


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_not_kept_and_static_files_are(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.headers["cache-control"] == "no-store"
    sheet = re.search(r'href="(/static/style\.css\?v=[0-9a-f]+)"', page.text)
    assert sheet is not None
    assert "immutable" in client.get(sheet[1]).headers["cache-control"]


@pytest.mark.parametrize("path", NONSENSE)
def test_nonsense_in_an_address_is_ignored(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/berichten/0",
        "/berichten/abc",
        "/klachten/-1",
        "/klachten/99999",
        "/klachten/9999999999999",
        "/meldingen/²",
        "/niets",
    ],
)
def test_what_is_not_there_is_told_in_dutch(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Hier is niets" in answer.text


def test_a_page_that_cannot_be_posted_to_says_so(client: TestClient) -> None:
    answer = client.post("/bronnen")
    assert answer.status_code == 405
    assert "Zo werkt deze pagina niet" in answer.text


def test_a_failure_shows_no_trace(database: Database) -> None:
    with client_of(database) as client:

        @client.app.get("/stuk")  # type: ignore[attr-defined, untyped-decorator]
        def broken() -> None:
            raise RuntimeError("geheim: wachtwoord123")

        answer = client.get("/stuk")
    assert answer.status_code == 500
    assert "Er ging iets mis" in answer.text
    assert "geheim" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/berichten", "/klachten", "/meldingen", "/bronnen", "/slack"])
def test_an_empty_product_explains_itself(empty: Database, path: str) -> None:
    from storage import users

    with empty.write() as session:
        users.create_user(session, "marieke", seed.PASSWORD, seed.NOW)
        cookie = seed.login(session)
    with client_of(empty) as client:
        client.cookies.set("klachtenradar", cookie)
        answer = client.get(path)
    assert answer.status_code == 200
    assert re.search(r"Nog g?e?e?n?|Niets aan de hand|Hier wacht niets|Nog niets te zien", answer.text)


def test_the_overview_tells_what_burns_first(client: TestClient) -> None:
    page = client.get("/").text
    assert page.index("veel meer dan normaal") < page.index("Reputatie-index")
    assert "index = 100 ×" in page
    assert "bron is nu niet te lezen" in page


def test_the_overview_shows_the_figures_of_its_chart_as_a_table(client: TestClient) -> None:
    page = client.get("/?per=dag").text
    assert page.count('<th scope="row">') >= 8
    assert "Niet elke bron was te horen" in page


def test_a_mention_is_shown_with_its_evidence(client: TestClient) -> None:
    page = client.get("/berichten/1").text
    assert 'rel="noopener noreferrer nofollow"' in page
    assert "Oordeel van het model" in page
    assert re.search(r"\d+%", page)


def test_older_mentions_follow_without_a_gap_or_a_repeat(client: TestClient) -> None:
    first = client.get("/berichten").text
    older = re.search(r'href="(/berichten\?na=[^"]+)"', first)
    assert older is not None
    second = client.get(older[1].replace("&amp;", "&")).text
    shown = [re.findall(r'href="/berichten/(\d+)"', page) for page in (first, second)]
    assert len(shown[0]) == 40
    assert not set(shown[0]) & set(shown[1])
    assert "Naar de nieuwste" in second


def test_search_finds_words_in_any_case(client: TestClient) -> None:
    page = client.get("/berichten?zoek=24+UUR+snelveld").text
    articles = re.findall(r'<article class="mention.*?</article>', page, re.DOTALL)
    assert articles
    assert all("24 uur" in article and "snelveld" in article.lower() for article in articles)


def test_a_filter_that_finds_nothing_says_what_to_do(client: TestClient) -> None:
    page = client.get("/berichten?zoek=bestaatvastniet").text
    assert "Niets gevonden" in page
    assert "Wis alle filters" in page


def test_an_incident_says_why_with_its_chance(client: TestClient) -> None:
    pages = [client.get(f"/meldingen/{number}").text for number in (1, 2, 3)]
    spike = next(page for page in pages if "Piek in klachten" in page)
    assert re.search(r"\(p\u00a0=\u00a0\d|\(p\u00a0&lt;\u00a0", spike)
    assert re.search(r"<li>\d+ klachten in een uur, vanaf \d\d:\d\d\.</li>", spike)
    assert "uur geschiedenis" in spike
    assert "Bronnen: " in spike
    assert "Begonnen, met" in spike
    assert "verstuurd" in spike


def test_a_silent_source_is_told_without_counting_messages(client: TestClient) -> None:
    pages = [client.get(f"/meldingen/{number}").text for number in (1, 2, 3)]
    silent = next(page for page in pages if "Stille bron" in page)
    assert "<p>Begonnen</p>" in silent
    assert "met 0" not in silent
    assert "De site weigert ons (status 403). We wachten" in silent


def test_a_broken_source_says_why_and_what_to_do(client: TestClient) -> None:
    page = client.get("/bronnen").text
    assert page.index("Geblokkeerd") < page.index("In orde")
    assert "De site weigert ons (status 403)" in page
    assert "in English" not in page
    assert "Vraag de beheerder om toestemming" in page


@pytest.mark.parametrize(
    ("minutes", "words"), [(40, "over 11 minuten"), (50.8, "over 12 seconden"), (51, "nu"), (52, "nu")]
)
def test_the_next_round_is_told_as_people_say_it(database: Database, minutes: float, words: str) -> None:
    # The last rounds began nine minutes before NOW, and there is one every hour.
    page = _sources_after(database, timedelta(minutes=minutes))
    due = re.search(r"<dt>Volgende keer</dt><dd>(.*?)</dd>", page)
    assert due is not None
    assert re.sub(r"<.*?>", "", due[1]) == words


@pytest.mark.parametrize(
    ("refusals", "wait", "words"),
    [
        (1, timedelta(hours=2), "We laten de site met rust en proberen het vanaf vandaag 16:37 weer."),
        (
            4,
            timedelta(days=1),
            "De site weigerde ons 4 keer op rij. We laten hem met rust en proberen het vanaf za",
        ),
        (4, timedelta(minutes=-1), None),
    ],
)
def test_a_site_that_refuses_us_says_when_it_is_asked_again(
    database: Database, refusals: int, wait: timedelta, words: str | None
) -> None:
    with database.write() as session:
        source = source_named(session, "nieuws")
        source.refusals, source.blocked_until = refusals, seed.NOW + wait
        session.add(source)
    page = _sources_after(database, timedelta())

    assert ("met rust" in page) is (words is not None)
    assert words is None or words in page


def test_a_source_that_is_not_as_it_was_says_what_is_odd_and_is_no_alarm(database: Database) -> None:
    figures = {"cause": "fewer", "seen": 4, "usual": 20}
    with database.write() as session:
        run = runs.start(session, source_named(session, "mastodon").id or 0, seed.NOW)
        runs.finish(session, run, Outcome(Health.SUSPICIOUS, "few", {}, figures), seed.NOW)
    page = _sources_after(database, timedelta(minutes=1))

    assert "Anders dan anders" in page
    assert "veel minder berichten dan anders (nu 4 op een volle pagina, anders ongeveer 20)." in page
    assert "Kijk zelf even bij de bron." in page


def test_commands_in_advice_look_like_commands(database: Database) -> None:
    assert "<code>klachtenradar run</code>" in _sources_after(database, timedelta(hours=9))


def _sources_after(database: Database, time: timedelta) -> str:
    """The page as it is so long after NOW."""
    with database.write() as session:
        cookie = seed.login(session)
    app = create_app(database, seed.CONFIGURATION, clock=lambda: seed.NOW + time)
    with TestClient(app) as client:
        client.cookies.set("klachtenradar", cookie)
        return client.get("/bronnen").text


def test_the_slack_page_shows_the_thread_and_the_edit(client: TestClient) -> None:
    page = client.get("/slack").text
    assert "#reputatie" in page
    assert "<strong>" in page
    assert "<blockquote" in page


def test_machines_can_ask_whether_it_works(stranger: TestClient) -> None:
    answer = stranger.get("/gezond")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_the_time_before_anything_was_known_is_not_drawn_as_zero(client: TestClient) -> None:
    page = client.get("/?per=dag").text
    rows = re.findall(r'<th scope="row">(\w\w \d+ \w+)</th>', page)
    assert len(rows) == 8
    assert rows[0] == "vr 20 nov"


@pytest.mark.parametrize("path", ["/berichten", "/berichten/1"])
def test_a_time_is_shown_no_finer_than_its_source_tells_it(
    client: TestClient, database: Database, path: str
) -> None:
    with database.write() as session:
        session.execute(
            sa.update(Mention).values(published_at=seed.NOW - timedelta(days=91), published_precision="month")
        )

    page = client.get(path).text

    assert "rond augustus 2026" in page
    assert "Preciezer zegt de bron het niet" in page
