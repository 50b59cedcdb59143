"""Why a crawl was not an ordinary one, told in Dutch."""

import re

import pytest

from alerts.catalogue import load
from alerts.obstacles import obstacle
from crawlers.causes import Cause
from storage.models import Health

SAY = load("nl")


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_told_in_dutch_with_what_to_do(cause: Cause) -> None:
    met = obstacle(Health.BROKEN, {"cause": cause.value}, SAY)
    assert met is not None
    assert re.search(r"\b(de|het|een|bij|er|geen)\b", met.what, re.IGNORECASE)
    assert not met.what.endswith(".")
    assert met.todo.endswith(".")


def test_no_two_causes_read_the_same() -> None:
    texts = [SAY(f"cause.{cause}.what") for cause in Cause]
    assert len(set(texts)) == len(texts)


def test_the_status_of_the_answer_is_told() -> None:
    met = obstacle("blocked", {"cause": "forbidden", "status": 403}, SAY)
    assert met is not None
    assert met.what == "De site weigert ons (status 403)"


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"cause": "fewer", "seen": 4, "usual": 20}, "(nu 4 op een volle pagina, anders ongeveer 20)"),
        (
            {"cause": "field_lost", "field": "rating", "seen": 0, "usual": 98},
            "(cijfer: nu bij 0% van de berichten, anders bij 98%)",
        ),
        ({"cause": "faltering", "seen": 3, "usual": 9}, "(3 van de 9 antwoorden gingen mis)"),
        ({"cause": "slow", "seen": 240, "usual": 20}, "(240 seconden wachten op de site, anders hooguit 20)"),
        ({"cause": "slow"}, "anders"),
    ],
)
def test_what_is_odd_is_told_beside_what_is_usual(figures: dict[str, object], told: str) -> None:
    met = obstacle(Health.SUSPICIOUS, figures, SAY)
    assert met is not None
    assert met.what.endswith(told)


@pytest.mark.parametrize("figures", [{}, {"cause": "of another version"}, {"cause": ["odd"]}])
def test_without_a_known_cause_the_health_says_what_it_can(figures: dict[str, object]) -> None:
    met = obstacle(Health.BROKEN, figures, SAY)
    assert met is not None
    assert "afgebroken" in met.what


@pytest.mark.parametrize("health", [Health.OK, None, "unheard of"])
def test_nothing_stood_in_the_way_of_an_ordinary_crawl(health: str | None) -> None:
    assert obstacle(health, {"pages": 3}, SAY) is None
