"""What a channel is told: Dutch, complete, harmless, and within Slack's limits."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import messages, mrkdwn
from alerts.catalogue import FOLDER, Catalogue, CatalogueError, load
from alerts.messages import Content, Subject
from alerts.reasons import FORMS, Reason
from crawlers.causes import Cause
from crawlers.findings import FIELDS
from storage.incidents import Example
from storage.models import DeliveryForm, Incident, Severity
from tests.alerts.world import NOW

SAY = load("nl")
MINUTE = timedelta(minutes=1)
SPIKE = {
    "observed": 42,
    "latest": 42,
    "expected": 1.24,
    "ratio": 33.9,
    "p_value": 3.4e-12,
    "since": (NOW - 40 * MINUTE).isoformat(),
    "history_hours": 672,
    "count": 57,
    "texts": 57,
    "sources": [{"name": "pagina", "count": 40}, {"name": "berichten", "count": 17}],
    "examples": [1],
}
SEVERE = {
    "reasons": ["escalation", "followers"],
    "followers": 54_000,
    "engagement": 0,
    "views": 0,
    "since": NOW.isoformat(),
    "count": 1,
    "texts": 1,
    "sources": [{"name": "berichten", "count": 1}],
    "examples": [1],
}
SILENT = {
    "since": (NOW - timedelta(days=2)).isoformat(),
    "source": "pagina",
    "never": False,
    "health": "blocked",
    "cause": "rate_limited",
    "status": 429,
    "failures": 3,
    "count": 0,
    "texts": 0,
    "sources": [],
}
UNREACHABLE = {
    "since": (NOW - timedelta(hours=2)).isoformat(),
    "unreached": ["pagina", "berichten", "forum"],
    "observed": 3,
    "count": 0,
    "texts": 0,
    "sources": [],
}
FACTS: dict[str, dict[str, Any]] = {
    "negative_spike": SPIKE,
    "severe_mention": SEVERE,
    "source_silent": SILENT,
    "sources_unreachable": UNREACHABLE,
}


def subject(rule: str = "negative_spike", facts: dict[str, Any] | None = None, **changes: Any) -> Subject:
    values: dict[str, Any] = {
        "id": 7,
        "rule": rule,
        "key": f"{rule}:1",
        "severity": Severity.CRITICAL,
        "facts": FACTS[rule] | (facts or {}),
        "started_at": NOW - 40 * MINUTE,
        "opened_at": NOW,
        "updated_at": NOW,
        "last_true_at": NOW,
    }
    examples = changes.pop("examples", [example("Al drie dagen geen internet.")])
    return Subject(Incident(**values | changes), "Snelveld", "pagina", examples, "https://radar.example")


def example(text: str, url: str | None = "https://reviews.example/1") -> Example:
    return Example(1, text, url, "pagina", NOW)


def words(content: Content) -> str:
    return mrkdwn.plain("\n".join(_texts(content))).replace("\u00a0", " ")


def _texts(content: Content) -> list[str]:
    parts = [part for block in content.blocks for part in block.get("elements", [block.get("text")])]
    return [part["text"] for part in parts]


def test_a_spike_is_told_with_its_figures() -> None:
    told = words(messages.post(subject(), SAY, NOW))
    assert "🔴 57 klachten over Snelveld, veel meer dan normaal" in told
    assert "42 klachten in een uur. Normaal zijn het er op dit tijdstip ongeveer 1,2: dit is 34 keer" in told
    assert "minder dan 1 op een miljoen (p = 3 × 10⁻¹²)" in told
    assert "Sinds 14:40 zijn er 57 klachten." in told
    assert "Bronnen: pagina (40), berichten (17)" in told
    assert "https://radar.example/meldingen/7" in told


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"p_value": 0.00004}, "ongeveer 1 op 25.000 (p = 4 × 10⁻⁵)"),
        ({"p_value": 0.00043}, "ongeveer 1 op 2.300 (p = 0,00043)"),
        ({"p_value": 0.0}, "(p < 10⁻⁹⁹)"),
        ({"expected": 0.02}, "Normaal is het er op dit tijdstip hooguit één."),
        ({"themes": [{"name": "levering", "count": 31}]}, "Het gaat over: levering (31)."),
        ({"doubted": 6}, "Bij nog 6 berichten twijfelt het model"),
        ({"inexact_hours": 100}, "Het model is net vervangen."),
        ({"texts": 3}, "Daarvan zijn er 3 echt verschillend"),
        ({"texts": 1}, "er is één tekst"),
        ({"history_hours": 20}, "we volgen Snelveld nog maar kort"),
        ({"observed": 1}, "1 klacht in een uur."),
        ({"window_since": (NOW - 60 * MINUTE).isoformat()}, "42 klachten in een uur, vanaf 14:20."),
        ({"p_value": 0.0000996}, "(p = 1 × 10⁻⁴)"),
    ],
)
def test_figures_in_plain_words(facts: dict[str, Any], line: str) -> None:
    assert line in words(messages.post(subject(facts=facts), SAY, NOW))


def test_a_severe_complaint_says_why() -> None:
    told = words(messages.post(subject("severe_mention"), SAY, NOW))
    assert "Een klacht over Snelveld die eruit springt" in told
    assert "een toezichthouder of gevaar. De schrijver heeft 54.000 volgers, veel meer" in told


def test_a_silent_source_is_never_called_calm() -> None:
    told = words(messages.post(subject("source_silent", examples=[]), SAY, NOW))
    assert "Dat is geen rust" in told
    assert "De laatste 3 pogingen mislukten." in told
    assert "De site vraagt om minder verzoeken (status 429). We wachten vanzelf." in told


def test_a_source_that_never_showed_anything_is_told_to_be_looked_at() -> None:
    nothing = SILENT | {"never": True, "health": "empty", "cause": "empty"}
    told = words(messages.post(subject("source_silent", facts=nothing, examples=[]), SAY, NOW))
    assert "stond er nog geen enkel bericht" in told
    assert "zoekterm" in told
    assert "nooit gelukt" not in told


def test_a_source_that_is_read_but_not_as_before_is_not_called_silent() -> None:
    odd = {"health": "suspicious", "cause": "fewer", "status": None, "seen": 4, "usual": 20, "failures": 0}
    told = words(messages.post(subject("source_silent", facts=odd, examples=[]), SAY, NOW))
    assert "pagina is niet meer zoals anders" in told
    assert "veel minder berichten dan anders (nu 4 op een volle pagina, anders ongeveer 20)" in told
    assert "horen niets" not in told
    assert "Dat is geen rust" not in told


def test_sources_that_are_out_of_reach_together_are_named_in_one_message() -> None:
    told = words(messages.post(subject("sources_unreachable", examples=[]), SAY, NOW))
    assert "We kunnen 3 bronnen tegelijk niet bereiken" in told
    assert "Het gaat om: pagina, berichten, forum." in told
    assert "Dat is geen rust" in told
    many = {"unreached": [f"bron-{number}" for number in range(20)], "observed": 60}
    told = words(messages.post(subject("sources_unreachable", facts=many, examples=[]), SAY, NOW))
    assert "bron-9. En nog 50 bronnen." in told.replace("\n", " ")


def test_a_resolved_incident_shows_that_it_is_over() -> None:
    told = words(messages.post(subject(resolved_at=NOW + 20 * MINUTE), SAY, NOW + 20 * MINUTE))
    assert told.startswith("✅")
    assert "Voorbij sinds 15:40, na 60 minuten." in told


@pytest.mark.parametrize("rule", FACTS)
@pytest.mark.parametrize("reason", [one for one, form in FORMS.items() if form is DeliveryForm.REPLY])
def test_every_reply_has_words(rule: str, reason: Reason) -> None:
    told = messages.reply(subject(rule, acknowledged_by="Noor"), reason, SAY, NOW)
    assert "{" not in told.text
    assert len(told.blocks) == 1


HOSTILE = (
    "<!channel> @here @channel &amp; <script>alert(1)</script> "
    "<https://kwaad.example|klik> *vet* `code`\n> citaat\n" + "a" * 50_000
)


def test_scraped_text_calls_nobody_and_links_nowhere() -> None:
    content = messages.post(subject(examples=[example(HOSTILE)]), SAY, NOW)
    raw = "\n".join(_texts(content))
    links = re.findall(r"<([^>]*)>", raw)
    assert all(link.startswith(("https://radar.example/", "https://reviews.example/")) for link in links)
    assert "@here" not in raw
    assert "@channel" not in raw


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "ftp://x.example", "//x.example", None]
)
def test_only_web_addresses_are_linked(url: str | None) -> None:
    assert mrkdwn.link(url, "lees") is None


def test_an_address_cannot_break_out_of_its_link() -> None:
    assert (
        mrkdwn.link("https://x.example/a|b>c<d&e", "lees") == "<https://x.example/a%7Cb%3Ec%3Cd&amp;e|lees>"
    )


def test_a_long_example_is_cut_at_a_word() -> None:
    text = mrkdwn.shortened("woord " * 100, 200)
    assert len(text) <= 200
    assert text.endswith("woord…")


@given(st.text(max_size=4000), st.text(max_size=300), st.sampled_from(sorted(FACTS)))
def test_a_message_stays_within_slacks_limits(text: str, name: str, rule: str) -> None:
    made = subject(
        rule, {"cause": text}, examples=[example(text)] * 8, acknowledged_by=name, acknowledged_at=NOW
    )
    content = messages.post(made, SAY, NOW)
    assert len(content.blocks) <= 50
    for block in content.blocks:
        longest = 150 if block["type"] == "header" else 3000
        assert all(0 < len(part["text"]) <= longest for part in block.get("elements", [block.get("text")]))


def used_keys() -> set[str]:
    """Every key that the code asks for, with what it builds keys from spelled out."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.glob("*.py"))
    keys = set(re.findall(r'(?:say|self)\(\s*"([a-z_.]+)"', source)) | {"silent.never", "silent.since"}
    keys |= {f"title.{rule}" for rule in FACTS} | {f"mark.{severity}" for severity in Severity}
    keys |= {f"severe.{reason}" for reason in ("followers", "engagement", "views", "rating", "escalation")}
    keys |= {f"cause.{cause}.{part}" for cause in Cause for part in ("what", "do")}
    keys |= {f"reply.{rule}.{reason}" for rule in FACTS for reason in ("worse", "reopened", "resolved")}
    keys |= {
        f"cause.{cause}.measured" for cause in (Cause.FIELD_LOST, Cause.FEWER, Cause.FALTERING, Cause.SLOW)
    }
    keys |= {f"cause.{Cause.FIELD_LOST}.{name}" for name in FIELDS}
    return keys | {"reply.severe_mention.taken", "title.source_odd"}


def test_every_text_is_there_and_used() -> None:
    assert used_keys() == set(SAY.texts)


def test_a_missing_text_or_value_names_its_key() -> None:
    with pytest.raises(CatalogueError, match=r"bestaat\.niet"):
        SAY("bestaat.niet")
    with pytest.raises(CatalogueError, match=r"parts\.over"):
        SAY("parts.over")


def test_a_language_without_a_catalogue_is_named() -> None:
    with pytest.raises(CatalogueError, match=r"xx\.toml"):
        load("xx")


def test_numbers_and_lists_are_dutch() -> None:
    assert SAY.number(12_345.678, 2) == "12.345,68"
    assert SAY.number(0.00043, 5) == "0,00043"
    assert SAY.moment(NOW - timedelta(days=3), NOW) == "zo 15 nov 15:20"
    assert isinstance(SAY, Catalogue)
