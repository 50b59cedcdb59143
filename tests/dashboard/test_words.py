"""The catalogue is whole and nothing in it is idle; moments and numbers read as Dutch."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dashboard
from alerts import catalogue
from alerts.catalogue import Catalogue, CatalogueError
from dashboard import blockkit
from dashboard.differences import differences
from dashboard.facts import advice
from dashboard.formats import Formats, words
from dashboard.rendering import folded
from storage.records import Precision

HOME = Path(dashboard.__file__).parent
NOW = datetime(2026, 11, 20, 13, 37, tzinfo=UTC)
F = Formats(words("nl"), NOW)
OWN = catalogue.load("nl", HOME / "locale")
_WHOLE = re.compile(r"""\b(?:t|known|text|f\.text)\(\s*f?["']([a-z_0-9.]+)["']\s*[,)]""")
_BEGUN = re.compile(r"""["']([a-z_]+(?:\.[a-z_0-9]+)*[._])(?:\{|["'] ~)""")


def _sources() -> str:
    files = [*HOME.glob("templates/*.html"), *HOME.glob("**/*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_every_text_that_pages_ask_for_exists() -> None:
    asked = set(_WHOLE.findall(_sources()))
    assert len(asked) > 150
    assert asked - set(F.text.texts) == set()


def test_every_text_is_used() -> None:
    sources = _sources()
    # Keys that are put together: everything that begins so counts as used.
    begun = (*_BEGUN.findall(sources), "error.", "mentions.")
    literal = set(re.findall(r"""["']([a-z_]+\.[a-z_0-9.]+)["']""", sources))
    idle = {key for key in OWN.texts if key not in literal and not key.startswith(begun)}
    assert idle - {"product"} == set()


def test_no_text_of_the_pages_hides_one_of_the_messages() -> None:
    assert OWN.texts.keys() & catalogue.load("nl").texts.keys() == set()


def test_every_value_that_is_put_together_has_its_words() -> None:
    from dashboard.pages import cases, mentions, overview
    from storage.models import CaseState, DeliveryForm, DeliveryState, Health, Severity
    from storage.records import Sentiment

    wanted = [f"state.{one}" for one in CaseState]
    wanted += [f"case.move.{one}" for one in CaseState]
    wanted += [f"health.{one}" for one in (*Health, "never", "overdue", "going")]
    wanted += [f"advice.{one}" for one in ("never", "overdue")]
    wanted += [f"severity.{one}" for one in Severity]
    wanted += [f"sentiment.{one}" for one in (*Sentiment, "unjudged")]
    wanted += [f"delivery.form.{one}" for one in DeliveryForm]
    wanted += [f"delivery.state.{one}" for one in DeliveryState]
    wanted += [f"cases.tab.{one}" for one in (*cases.STATES, cases.WAITING, cases.ALL)]
    wanted += [f"case.done.{one}" for one in cases.DONE]
    wanted += [f"overview.per.{one}" for one in overview.PERIODS]
    wanted += [f"mentions.stands.{one}" for one in mentions.STANDS]
    wanted += [
        f"navigation.{one}" for one in ("overview", "cases", "mentions", "incidents", "sources", "slack")
    ]
    assert [key for key in wanted if key not in F.text] == []


def test_the_interface_says_je() -> None:
    texts = [text if isinstance(text, str) else " ".join(text.values()) for text in F.text.texts.values()]
    assert [text for text in texts if re.search(r"\b(u|uw|U|Uw)\b", text)] == []


def test_a_missing_text_or_value_is_named() -> None:
    tongue = Catalogue("nl", {"a.b": "Hallo {name}"})
    with pytest.raises(CatalogueError, match=r"nl\.toml: a\.c"):
        tongue("a.c")
    with pytest.raises(CatalogueError, match="name"):
        tongue("a.b")
    with pytest.raises(CatalogueError, match="no such language"):
        words("tlh")


def test_plurals_follow_the_number() -> None:
    assert F.text("cases.again", n=1) == "1 bericht"
    assert F.text("slack.replies", n=1) == "1 antwoord"
    assert F.text("slack.replies", n=3) == "3 antwoorden"
    assert F.text("slack.replies", n=12_345) == "12.345 antwoorden"


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(minutes=32), "vandaag 14:05"),
        (timedelta(days=1, hours=5, minutes=25), "gisteren 09:12"),
        (timedelta(days=3, minutes=32), "di 17 nov 14:05"),
        (timedelta(days=400), "16 okt 2025 15:37"),
    ],
)
def test_moments_are_told_in_dutch_time(ago: timedelta, words: str) -> None:
    assert F.when(NOW - ago) == words


@pytest.mark.parametrize(
    ("ago", "precision", "words"),
    [
        (timedelta(days=3, minutes=32), Precision.MINUTE, "di 17 nov 14:05"),
        (timedelta(), Precision.DAY, "vandaag"),
        (timedelta(days=1), Precision.DAY, "gisteren"),
        (timedelta(days=3), Precision.DAY, "di 17 nov"),
        (timedelta(days=400), Precision.DAY, "16 okt 2025"),
        (timedelta(days=14), Precision.WEEK, "rond vr 6 nov"),
        (timedelta(days=91), Precision.MONTH, "rond augustus 2026"),
        (timedelta(days=800), Precision.YEAR, "rond 2024"),
    ],
)
def test_a_moment_is_told_no_finer_than_the_source_does(
    ago: timedelta, precision: Precision, words: str
) -> None:
    assert F.about_when(NOW - ago, precision) == words


def test_lengths_and_numbers_are_dutch() -> None:
    assert F.ago(NOW - timedelta(minutes=3)) == "3 minuten geleden"
    assert F.ago(NOW + timedelta(minutes=5)) == "over 5 minuten"
    assert F.ago(NOW + timedelta(seconds=12)) == "over 12 seconden"
    assert F.ago(NOW) == F.ago(NOW - timedelta(seconds=40)) == "zojuist"
    assert F.number(1234567) == "1.234.567"
    assert F.number(1.25, 1) == "1,2"
    assert F.number(0.00043, 5) == "0,00043"
    assert (F.signed(-6.4), F.signed(3), F.signed(-0.2)) == ("−6", "+3", "0")
    assert "20 november 2026 om 14:37:00" in F.exact(NOW)


def test_a_refusal_of_slack_says_what_to_do() -> None:
    assert "/invite" in advice(F.text, "not_in_channel")
    assert "KLACHTENRADAR_SLACK_TOKEN" in advice(F.text, "invalid_auth: Slack refused")
    assert "iets raars" in advice(F.text, "iets raars")


@given(st.text(max_size=200), st.text(max_size=200))
def test_the_pieces_of_a_difference_give_back_both_texts(old: str, new: str) -> None:
    pieces = differences(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new
    if old != new:
        assert "".join(piece.text for piece in pieces if piece.kind != "added") == old


@given(st.text(max_size=2000))
def test_folding_loses_no_words(text: str) -> None:
    head, tail = folded(text, 100)
    assert (head + tail).split() == text.split() or head + tail == text
    assert len(head) <= 140


@given(st.text(alphabet="<>|*_~`&;:!@# ab\n\"'/https", max_size=80))
def test_no_mark_up_of_slack_leads_out_of_the_allowed_tags(text: str) -> None:
    drawn = str(blockkit.mrkdwn(text))
    tags = set(re.findall(r"</?([a-z]+)", drawn))
    assert tags <= {"strong", "em", "s", "code", "pre", "span", "a", "blockquote", "br"}


def test_marks_of_slack_are_drawn() -> None:
    drawn = str(blockkit.mrkdwn("*vet* _schuin_ ~weg~ `code` <https://a.example|hier> :fire:\n&gt; citaat"))
    assert "<strong>vet</strong> <em>schuin</em> <s>weg</s> <code>code</code>" in drawn
    assert 'href="https://a.example"' in drawn
    assert "🔥" in drawn
    assert "<blockquote" in drawn
