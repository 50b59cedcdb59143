"""Which mentions become cases."""

from datetime import timedelta

from storage import triage, verdicts
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


def test_everything_is_triaged_once(world: World) -> None:
    world.post(NOW, NOW - timedelta(days=50))
    triaged(world)
    assert all(mention.triaged for mention in world.all(Mention))
