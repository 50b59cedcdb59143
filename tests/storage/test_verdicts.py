"""What lacks a verdict is found, and a verdict is kept once, on the words it was given about."""

from sqlmodel import select

from storage import corrections, listings, retention, verdicts
from storage.database import Database
from storage.models import Mention, TouchedHour, Verdict
from storage.records import Sentiment
from storage.verdicts import Foreign, Judgement, Unjudged
from tests.storage.shop import NOW, record, set_up, store


def waiting(database: Database, model: str = "m1") -> list[Unjudged]:
    with database.read() as session:
        new, old = verdicts.unjudged(session, 100), verdicts.outdated(session, model, 100)
        assert (len(new), len(old)) == (
            verdicts.unjudged_count(session),
            verdicts.outdated_count(session, model),
        )
    return [*new, *old]


def judgement(one: Unjudged, sentiment: Sentiment = Sentiment.NEGATIVE) -> Judgement:
    shares = {known: float(known is sentiment) for known in Sentiment}
    return Judgement(one.mention_id, one.version, sentiment, shares, ("levering",), True, False, True, "nl")


def keep(database: Database, *found: Unjudged, model: str = "m1") -> int:
    with database.write() as session:
        return verdicts.store(session, [judgement(one) for one in found], model, NOW)


def test_a_new_mention_lacks_a_verdict_until_it_has_one(database: Database) -> None:
    set_up(database)
    store(database, record())
    (one,) = waiting(database)
    assert (one.title, one.text) == ("Monteur kwam niet", "Drie keer thuisgebleven voor niets.")
    assert keep(database, one) == 1
    assert waiting(database) == []


def test_a_verdict_is_stored_as_it_was_given(database: Database) -> None:
    set_up(database)
    store(database, record())
    keep(database, *waiting(database))
    with database.read() as session:
        verdict = session.exec(select(Verdict)).one()
    assert (verdict.sentiment, verdict.negative, verdict.themes) == (Sentiment.NEGATIVE, 1.0, ["levering"])
    assert (verdict.escalation, verdict.churn, verdict.question) == (True, False, True)
    assert (verdict.model_id, verdict.judged_at) == ("m1", NOW)


def test_judging_twice_keeps_one_verdict(database: Database) -> None:
    set_up(database)
    store(database, record())
    found = waiting(database)
    keep(database, *found)
    keep(database, *found)
    with database.read() as session:
        assert len(session.exec(select(Verdict)).all()) == 1


def test_another_model_judges_again(database: Database) -> None:
    set_up(database)
    store(database, record("r1"), record("r2", text="Andere klacht."))
    keep(database, *waiting(database), model="m1")
    assert len(waiting(database, "m0")) == 2
    assert len(waiting(database, "m2")) == 2
    keep(database, *waiting(database, "m2"), model="m2")
    with database.read() as session:
        assert {one.judged_by for one in session.exec(select(Mention))} == {"m2"}


def test_mentions_without_any_verdict_come_first_the_newest_first(database: Database) -> None:
    set_up(database)
    store(database, record("r1", text="een"))
    keep(database, *waiting(database), model="m0")
    store(database, record("r2", text="twee"), record("r3", text="drie"))
    assert [one.text for one in waiting(database)] == ["drie", "twee", "een"]


def test_an_edit_made_while_judging_is_judged_on_its_own_words(database: Database) -> None:
    set_up(database)
    store(database, record())
    before = waiting(database)
    store(database, record(text="Opgelost, dank."))
    assert keep(database, *before) == 0
    assert [one.text for one in waiting(database)] == ["Opgelost, dank."]


def test_a_mention_erased_while_judging_gets_no_verdict(database: Database) -> None:
    set_up(database)
    store(database, record())
    before = waiting(database)
    retention.erase(database, "Annelies", NOW)
    assert keep(database, *before) == 0


def test_blanked_texts_are_not_judged_again(database: Database) -> None:
    set_up(database)
    store(database, record())
    keep(database, *waiting(database))
    retention.prune(database, NOW - NOW, NOW)
    assert waiting(database, "m2") == []


def test_the_hour_of_a_judged_mention_is_counted_again(database: Database) -> None:
    set_up(database)
    store(database, record())
    with database.write() as session:
        for touched in session.exec(select(TouchedHour)).all():
            session.delete(touched)
    keep(database, *waiting(database))
    with database.read() as session:
        assert session.exec(select(TouchedHour)).one().hour == NOW.replace(hour=11, minute=0)


def mark(database: Database, one: Unjudged, language: str, model: str = "m1") -> None:
    with database.write() as session:
        verdicts.store(session, [], model, NOW, [Foreign(one.mention_id, one.version, language)])


def test_a_mention_in_another_language_is_marked_and_waits_no_more(database: Database) -> None:
    set_up(database)
    store(database, record(text="Nobody answers the phone.", title=None))
    (one,) = waiting(database)
    mark(database, one, "en")
    assert waiting(database) == []
    with database.read() as session:
        row = listings.mention(session, one.mention_id)
    assert row is not None
    assert (row.language, row.verdict) == ("en", None)


def test_another_model_looks_again_at_what_was_taken_for_another_language(database: Database) -> None:
    set_up(database)
    store(database, record())
    (one,) = waiting(database)
    mark(database, one, "af")
    assert waiting(database, "m2") == [one]
    keep(database, one, model="m2")
    with database.read() as session:
        row = listings.mention(session, one.mention_id)
    assert row is not None
    assert row.language == "nl"
    assert row.verdict is not None


def test_what_was_judged_and_then_found_foreign_counts_no_more(database: Database) -> None:
    set_up(database)
    store(database, record())
    (one,) = waiting(database)
    keep(database, one)
    mark(database, one, "af", model="m2")
    with database.read() as session:
        row = listings.mention(session, one.mention_id)
    assert row is not None
    assert row.verdict is None


def test_a_person_may_judge_what_is_in_another_language(database: Database) -> None:
    set_up(database)
    store(database, record(text="Nobody answers the phone.", title=None))
    (one,) = waiting(database)
    mark(database, one, "en")
    change = corrections.Change(one.mention_id, version=1, seen=0, who="Sanne", now=NOW)
    with database.write() as session:
        corrections.correct(session, change, corrections.Answers(Sentiment.NEGATIVE))
    assert waiting(database) == waiting(database, "m2") == []
    with database.read() as session:
        row = listings.mention(session, one.mention_id)
    assert row is not None
    assert row.verdict is not None
    assert row.verdict.corrected
