"""What a person says of a mention wins in every figure, is kept with its history, and survives any model."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from storage import (
    buckets,
    cases,
    corrections,
    evidence,
    export,
    incidents,
    listings,
    retention,
    summary,
    trends,
    triage,
    usual,
    verdicts,
)
from storage.corrections import Answers, Change, StaleMention, UnknownMention
from storage.database import Session
from storage.filters import MentionFilter
from storage.incidents import Finding
from storage.models import Bucket, Case, CaseEvent, CaseState, Incident, Mention, Severity, Verdict
from storage.records import Sentiment
from storage.trends import Figures
from storage.verdicts import Judgement
from tests.alerts.world import MODEL, NOW, World

HOUR = timedelta(hours=1)
PRAISE = Answers(Sentiment.POSITIVE, ("bejegening",))
COMPLAINT = Answers(Sentiment.NEGATIVE, ("prijs", "levering"), escalation=True, churn=True)


def correct(
    world: World, mention_id: int, answers: Answers, who: str = "marieke", now: datetime = NOW
) -> None:
    """As somebody does who looks at the mention as it is now."""

    def work(session: Any) -> None:
        mention = session.get_one(Mention, mention_id)
        last = corrections.newest(session, mention_id, mention.version)
        change = Change(mention_id, mention.version, (last.id or 0) if last else 0, who, now)
        corrections.correct(session, change, answers)

    world.database.transact(work)


def figures(world: World) -> Figures:
    with world.database.write() as session:
        buckets.recompute(session)
        brand = session.exec(select(Mention.brand_id)).first()
        return trends.totals(session, brand or 0, NOW - 24 * HOUR, NOW + HOUR)


def triaged(world: World) -> list[Case]:
    with world.database.write() as session:
        triage.triage(session, NOW)
    return world.all(Case)


def exported(world: World, **asked: Any) -> list[dict[str, Any]]:
    with world.database.read() as session:
        return list(export.mentions(session, **asked))


def rescored(world: World, model: str, sentiment: Sentiment) -> int:
    """Judges what lacks a verdict of this model; returns how many."""
    shares = {one: float(one is sentiment) for one in Sentiment}
    with world.database.write() as session:
        new, old = verdicts.unjudged(session, 100), verdicts.outdated(session, model, 100)
        assert (len(new), len(old)) == (
            verdicts.unjudged_count(session),
            verdicts.outdated_count(session, model),
        )
        judgements = [
            Judgement(one.mention_id, one.version, sentiment, shares, (), False, False, False, "nl")
            for one in (*new, *old)
        ]
        return verdicts.store(session, judgements, model, NOW)


def test_the_figures_follow_a_correction(world: World) -> None:
    [mention, _] = world.post(NOW - HOUR, NOW - HOUR)
    assert figures(world) == Figures(mentions=2, negative=2)
    correct(world, mention, PRAISE)
    assert figures(world) == Figures(mentions=2, negative=1, positive=1)
    correct(world, mention, COMPLAINT)
    assert figures(world) == Figures(mentions=2, negative=2, escalation=1, churn=1)
    with world.database.read() as session:
        assert summary.verdicts(session) == {"negative": 2}


def test_a_bucket_tells_apart_what_the_model_and_what_a_person_said(world: World) -> None:
    [mention, _] = world.post(NOW - HOUR, NOW - HOUR)
    correct(world, mention, PRAISE)
    figures(world)
    with world.database.read() as session:
        counted = {(row.judge, row.negative, row.positive) for row in session.exec(select(Bucket))}
    assert counted == {(MODEL, 1, 0), ("person", 0, 1)}


def test_lists_and_their_filters_follow_a_correction(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    correct(world, mention, PRAISE)
    with world.database.read() as session:
        positive = listings.mentions(session, MentionFilter(sentiment=Sentiment.POSITIVE, language="nl"))
        negative = listings.mentions(session, MentionFilter(sentiment=Sentiment.NEGATIVE))
    [row] = positive.rows
    assert negative.rows == ()
    assert row.verdict is not None
    assert (row.verdict.themes, row.verdict.corrected) == (("bejegening",), True)


def test_the_evidence_of_alerts_follows_a_correction(world: World) -> None:
    [praised, blamed] = [
        *world.post(NOW - HOUR),
        *world.post(NOW - HOUR, sentiment=Sentiment.POSITIVE),
    ]
    correct(world, praised, PRAISE)
    correct(world, blamed, COMPLAINT)
    with world.database.read() as session:
        brand = session.get_one(Mention, blamed).brand_id
        [found] = evidence.complaints(session, brand, NOW - 2 * HOUR, NOW)
    assert (found.mention_id, found.escalation) == (blamed, True)


def test_what_is_ordinary_follows_a_correction(world: World) -> None:
    world.ordinary_life(days=2)
    mention = world.all(Mention)[0]
    correct(world, mention.id or 0, PRAISE)
    figures(world)
    with world.database.read() as session:
        hours = usual.history(session, mention.brand_id, NOW - timedelta(days=3), NOW)
    assert sum(hour.complaints for hour in hours) == len(world.all(Mention)) - 1


def test_praise_that_turns_out_a_complaint_becomes_a_case(world: World) -> None:
    [mention] = world.post(NOW - HOUR, sentiment=Sentiment.POSITIVE)
    assert triaged(world) == []
    correct(world, mention, COMPLAINT)
    [case] = triaged(world)
    assert (case.mention_id, case.state) == (mention, CaseState.NEW)


def test_a_case_that_nobody_touched_is_set_aside_when_it_is_no_complaint(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    triaged(world)
    correct(world, mention, PRAISE)
    [case] = triaged(world)
    assert (case.state, case.closed_at) == (CaseState.NO_ACTION, NOW)
    event = world.all(CaseEvent)[-1]
    assert (event.who, event.what, event.old, event.new) == ("marieke", "corrected", "new", "no_action")


def test_a_correction_undone_takes_the_case_back(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    triaged(world)
    correct(world, mention, PRAISE)
    correct(world, mention, COMPLAINT)
    [case] = triaged(world)
    assert (case.state, case.closed_at) == (CaseState.NEW, None)


def test_a_question_stays_a_case_whatever_its_tone(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    triaged(world)
    correct(world, mention, Answers(Sentiment.NEUTRAL, question=True))
    assert [case.state for case in triaged(world)] == [CaseState.NEW]


def test_a_case_that_somebody_works_on_is_left_alone(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    [case] = triaged(world)
    with world.database.write() as session:
        cases.assign(session, cases.Change(case.id or 0, case.revision, "joost", NOW), "joost")
    correct(world, mention, PRAISE)
    assert [case.state for case in triaged(world)] == [CaseState.NEW]


def test_a_case_with_another_complaint_of_the_customer_is_left_alone(world: World) -> None:
    [mention] = world.post(NOW - 2 * HOUR, author_id="boos")
    world.post(NOW - HOUR, author_id="boos")
    triaged(world)
    correct(world, mention, PRAISE)
    assert [case.state for case in triaged(world)] == [CaseState.NEW]


def incident(world: World, *mentions: int) -> None:
    finding = Finding(
        "severe_mention",
        "severe_mention:1",
        Severity.ATTENTION,
        NOW,
        {"examples": [*mentions]},
        1,
        None,
        mentions,
    )
    with world.database.write() as session:
        incidents.begin(session, finding, NOW)


def test_an_open_incident_no_longer_counts_or_quotes_what_is_no_complaint(world: World) -> None:
    [wrong, right] = world.post(NOW - HOUR, NOW - HOUR)
    incident(world, wrong, right)
    correct(world, wrong, PRAISE)
    [found] = world.incidents()
    assert (found.facts["count"], found.resolved_at) == (1, None)
    with world.database.read() as session:
        quoted = incidents.examples(session, found.facts["examples"])
    assert [one.mention_id for one in quoted] == [right]


def test_a_complaint_that_a_person_confirms_is_still_quoted(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    correct(world, mention, COMPLAINT)
    with world.database.read() as session:
        assert [one.mention_id for one in incidents.examples(session, [mention])] == [mention]


def test_an_incident_with_no_other_evidence_is_over(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    incident(world, mention)
    correct(world, mention, PRAISE)
    [found] = world.all(Incident)
    assert (found.resolved_at, found.facts["count"]) == (NOW, 1)


def test_an_export_tells_both_answers(world: World) -> None:
    [mention, _] = world.post(NOW - HOUR, NOW - HOUR)
    correct(world, mention, PRAISE)
    [line, other] = exported(world)
    assert (line["sentiment"], line["corrected"], line["themes"]) == ("positive", True, ["bejegening"])
    assert (line["model"], line["model_sentiment"], line["probabilities"]["negative"]) == (
        MODEL,
        "negative",
        0.9,
    )
    assert (other["sentiment"], other["corrected"], other["model_sentiment"]) == (
        "negative",
        False,
        "negative",
    )
    assert [one["external_id"] for one in exported(world, corrected=True)] == [line["external_id"]]


def test_what_is_pruned_is_no_example_any_more(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    correct(world, mention, PRAISE)
    retention.prune(world.database, timedelta(minutes=30), NOW)
    with world.database.read() as session:
        assert list(corrections.corrected(session)) == []

    assert exported(world, corrected=True) == []
    assert len(exported(world)) == 1


def test_a_new_model_judges_beside_a_correction_and_not_over_it(world: World) -> None:
    [mention, _] = world.post(NOW - HOUR, NOW - HOUR)
    correct(world, mention, PRAISE)
    for model in ("aaa", "zzz"):  # ids on either side of "person"
        assert rescored(world, model, Sentiment.NEUTRAL) == 2
        assert rescored(world, model, Sentiment.NEUTRAL) == 0
    assert figures(world) == Figures(mentions=2, neutral=1, positive=1)
    assert {line["model"] for line in exported(world)} == {"zzz"}
    assert {one.model_id for one in world.all(Verdict)} == {MODEL, "person", "aaa", "zzz"}


def test_a_mention_corrected_before_any_model_saw_it_is_judged_too(world: World) -> None:
    world.store(world.record(NOW - HOUR))
    [mention] = world.all(Mention)
    correct(world, mention.id or 0, PRAISE)
    assert exported(world)[0]["model_sentiment"] is None
    assert rescored(world, "zzz", Sentiment.NEGATIVE) == 1
    [line] = exported(world)
    assert (line["sentiment"], line["model_sentiment"]) == ("positive", "negative")


def test_an_edit_is_judged_anew(world: World) -> None:
    [mention] = world.post(NOW - HOUR, external_id="zelfde")
    correct(world, mention, PRAISE)
    world.store(world.record(NOW - HOUR, external_id="zelfde", text="Snelveld: toch weer kapot."))
    assert exported(world, corrected=True) == []
    assert rescored(world, MODEL, Sentiment.NEGATIVE) == 1
    assert figures(world) == Figures(mentions=1, negative=1)
    with world.database.read() as session:
        assert len(corrections.history(session, mention)) == 1
        assert corrections.newest(session, mention, 2) is None


def test_an_edit_that_arrives_while_somebody_corrects_is_judged_anew(world: World) -> None:
    world.store(world.record(NOW - HOUR, external_id="zelfde"))
    [mention] = world.all(Mention)
    edited = world.record(NOW - HOUR, external_id="zelfde", text="Snelveld: toch weer kapot.")
    with ThreadPoolExecutor(1) as pool:
        with world.database.write() as session:
            corrections.correct(session, Change(mention.id or 0, 1, 0, "marieke", NOW), PRAISE)
            storing = pool.submit(world.store, edited)
            until_blocked(session)
        storing.result()
    assert rescored(world, MODEL, Sentiment.NEGATIVE) == 1
    assert figures(world) == Figures(mentions=1, negative=1)


def until_blocked(session: Session) -> None:
    """Until another transaction waits for this one; on SQLite it waits from its very first statement."""
    if session.get_bind().dialect.name == "postgresql":
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
        while not session.execute(sa.text(waiting)).scalar_one():
            pass


def test_the_history_says_who_said_what_and_when(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    correct(world, mention, PRAISE, "marieke", NOW)
    correct(world, mention, COMPLAINT, "joost", NOW + HOUR)
    correct(world, mention, COMPLAINT, "wim", NOW + 2 * HOUR)  # says nothing new
    with world.database.read() as session:
        told = [
            (one.who, one.at, corrections.answers_of(one)) for one in corrections.history(session, mention)
        ]
    assert told == [("joost", NOW + HOUR, COMPLAINT), ("marieke", NOW, PRAISE)]


@pytest.mark.parametrize(("version", "seen"), [(2, 0), (1, 7)])
def test_who_is_too_late_overwrites_nothing(world: World, version: int, seen: int) -> None:
    [mention] = world.post(NOW - HOUR)
    with pytest.raises(StaleMention), world.database.write() as session:
        corrections.correct(session, Change(mention, version, seen, "joost", NOW), PRAISE)
    assert exported(world)[0]["corrected"] is False


def test_two_people_at_once_do_not_both_win(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    correct(world, mention, PRAISE)
    with pytest.raises(StaleMention), world.database.write() as session:
        corrections.correct(session, Change(mention, 1, 0, "joost", NOW), COMPLAINT)
    assert exported(world)[0]["sentiment"] == "positive"


def test_words_that_are_gone_cannot_be_corrected(world: World) -> None:
    [mention] = world.post(NOW - HOUR)
    retention.erase(world.database, "Annelies", NOW)
    with pytest.raises(UnknownMention), world.database.write() as session:
        corrections.correct(session, Change(mention, 1, 0, "joost", NOW), PRAISE)


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(ValueError, match="weer"):
        Answers(Sentiment.NEGATIVE, ("weer",))


def test_corrected_mentions_can_be_read_with_their_words(world: World) -> None:
    [mention, _] = world.post(NOW - HOUR, NOW - HOUR, title="Snelveld")
    correct(world, mention, COMPLAINT)
    with world.database.read() as session:
        [found] = corrections.corrected(session)
    assert (found.mention_id, found.source, found.title, found.answers) == (
        mention,
        "pagina",
        "Snelveld",
        COMPLAINT,
    )
