"""Which mentions become cases."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from storage import cases, triage, verdicts
from storage.cases import Change
from storage.models import Case, CaseState, Mention
from storage.records import Reply, Sentiment
from tests.alerts.world import MODEL, NOW, World

HOUR = timedelta(hours=1)


def triaged(world: World) -> list[Case]:
    with world.database.write() as session:
        triage.triage(session, NOW)
    return world.all(Case)


def test_a_complaint_is_a_case_whose_clock_starts_at_publication(world: World) -> None:
    world.post(NOW - 3 * HOUR, seen=NOW)
    [case] = triaged(world)
    assert (case.state, case.opened_at) == (CaseState.NEW, NOW - 3 * HOUR)


def test_a_question_is_a_case_whatever_its_tone(world: World) -> None:
    world.post(NOW, sentiment=Sentiment.NEUTRAL, question=True)
    assert len(triaged(world)) == 1


def test_praise_is_no_case(world: World) -> None:
    world.post(NOW, sentiment=Sentiment.POSITIVE)
    assert triaged(world) == []


def test_history_is_no_case(world: World) -> None:
    world.post(NOW - timedelta(days=50), seen=NOW)
    assert triaged(world) == []


def test_a_complaint_about_a_competitor_is_no_case(world: World) -> None:
    world.post(NOW, source="berichten", namespace="mastodon", text="Belpunt ligt er weer uit")
    assert triaged(world) == []


def test_triage_twice_makes_one_case(world: World) -> None:
    world.post(NOW)
    triaged(world)
    assert len(triaged(world)) == 1


def test_a_second_complaint_of_one_author_joins_the_case(world: World) -> None:
    world.post(NOW - HOUR, author_id="boos")
    world.post(NOW, author_id="boos")
    assert len(triaged(world)) == 1


def test_a_visible_reply_closes_the_clock_at_its_own_time(world: World) -> None:
    world.post(NOW - 3 * HOUR, seen=NOW, reply=Reply(text="We bellen je.", at=NOW - HOUR))
    [case] = triaged(world)
    assert (case.state, case.answered_at) == (CaseState.ANSWERED, NOW - HOUR)


def test_a_reply_that_comes_later_answers_the_case_too(world: World) -> None:
    world.post(NOW - 3 * HOUR, external_id="zelfde", author_id="boos")
    triaged(world)
    world.store(
        world.record(
            NOW - 3 * HOUR,
            external_id="zelfde",
            author_id="boos",
            text="Snelveld: al 0 dagen geen internet en niemand belt terug.",
            reply=Reply(text="We bellen je.", at=NOW - HOUR),
        )
    )
    [case] = triaged(world)
    assert case.answered_at == NOW - HOUR


def test_what_is_in_another_language_is_triaged_without_a_case(world: World) -> None:
    world.store(world.record(NOW, external_id="buiten", text="Snelveld: nobody answers the phone."))
    with world.database.write() as session:
        (waiting,) = verdicts.unjudged(session, 10)
        foreign = verdicts.Foreign(waiting.mention_id, waiting.version, "en")
        verdicts.store(session, [], MODEL, NOW, [foreign])
    assert triaged(world) == []
    assert all(mention.triaged for mention in world.all(Mention))


def review(
    world: World,
    *,
    seen: datetime,
    text: str = "Snelveld levert niet.",
    reply: datetime | None = None,
    **changes: Any,
) -> list[Case]:
    """The one review of somebody, as it is shown, judged and triaged at a time."""
    world.post(
        NOW - 5 * HOUR,
        seen=seen,
        external_id="die ene",
        author_id="boos",
        text=text,
        reply=Reply(text="We bellen je.", at=reply) if reply else None,
        **changes,
    )
    return triaged(world)


def test_praise_that_becomes_a_complaint_was_not_answered_before(world: World) -> None:
    review(world, seen=NOW - 4 * HOUR, reply=NOW - 4 * HOUR, sentiment=Sentiment.POSITIVE)
    [case] = review(world, seen=NOW, text="Toch stuk.", reply=NOW - 4 * HOUR, updated_at=NOW - HOUR)

    assert (case.state, case.opened_at) == (CaseState.NEW, NOW - HOUR)


@pytest.mark.parametrize("edited", [NOW - HOUR, None])
def test_what_is_changed_after_the_answer_waits_again_until_it_is_answered(
    world: World, edited: datetime | None
) -> None:
    review(world, seen=NOW - 4 * HOUR, reply=NOW - 4 * HOUR)
    [case] = review(world, seen=NOW, text="En weer niets.", reply=NOW - 4 * HOUR, updated_at=edited)
    assert (case.state, case.opened_at, case.answered_at) == (CaseState.NEW, edited or NOW, None)
    with world.database.read() as session:
        assert [event.what for event in cases.events(session, case.id or 0)][-1] == "edited"

    world.store(
        world.record(
            NOW - 5 * HOUR,
            external_id="die ene",
            author_id="boos",
            text="En weer niets.",
            updated_at=edited,
            reply=Reply(text="Sorry, we komen morgen.", at=NOW + HOUR),
        )
    )
    [case] = triaged(world)
    assert (case.state, case.answered_at) == (CaseState.ANSWERED, NOW + HOUR)
    assert triaged(world)[0].revision == case.revision


def test_what_was_changed_before_the_answer_is_answered(world: World) -> None:
    review(world, seen=NOW - 4 * HOUR)
    [case] = review(world, seen=NOW, text="En weer niets.", reply=NOW - HOUR, updated_at=NOW - 2 * HOUR)

    assert (case.state, case.answered_at) == (CaseState.ANSWERED, NOW - HOUR)


@pytest.mark.parametrize(
    ("sentiment", "state"), [(Sentiment.NEGATIVE, CaseState.NEW), (Sentiment.POSITIVE, CaseState.ANSWERED)]
)
def test_an_answer_from_before_the_change_counts_for_a_customer_who_is_content_by_now(
    world: World, sentiment: Sentiment, state: CaseState
) -> None:
    review(world, seen=NOW - 4 * HOUR)
    [case] = review(
        world, seen=NOW, text="Update!", reply=NOW - 2 * HOUR, updated_at=NOW - HOUR, sentiment=sentiment
    )

    assert case.state is state


def test_a_case_that_was_closed_before_the_change_was_seen_is_new_again(world: World) -> None:
    [case] = review(world, seen=NOW - 4 * HOUR)
    with world.database.write() as session:
        cases.move(session, Change(case.id or 0, case.revision, "marieke", NOW - HOUR), CaseState.NO_ACTION)
    [case] = review(world, seen=NOW, text="En weer niets.", updated_at=NOW - 2 * HOUR)

    assert (case.state, case.opened_at, case.closed_at) == (CaseState.NEW, NOW - 2 * HOUR, None)


def test_everything_is_triaged_once(world: World) -> None:
    world.post(NOW, NOW - timedelta(days=50))
    triaged(world)
    assert all(mention.triaged for mention in world.all(Mention))
