"""Incidents open, grow and resolve."""

from datetime import datetime, timedelta

from sqlmodel import select

from alerts import judge, trends
from storage import incidents
from storage.models import Health, Incident, IncidentEvent, IncidentMention, Severity
from storage.records import Sentiment
from tests.alerts.world import NOW, World, burst

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def judged(world: World, now: datetime = NOW) -> list[Incident]:
    trends.run(world.database, now)
    judge.run(world.database, world.configuration.alerts, now)
    return world.incidents()


def events(world: World) -> list[str]:
    return [event.what for event in world.all(IncidentEvent)]


def evidence(world: World) -> int:
    with world.database.read() as session:
        return len(session.exec(select(IncidentMention)).all())


def test_a_burst_of_complaints_opens_one_spike(heard: World) -> None:
    heard.post(*burst(20))
    [incident] = judged(heard)
    assert (incident.rule, incident.severity) == ("negative_spike", Severity.CRITICAL)
    assert incident.facts["observed"] == incident.facts["count"] == 20
    assert incident.facts["p_value"] < 1e-6
    assert incident.facts["sources"] == [{"name": "pagina", "count": 20}]


def test_a_spike_says_what_it_is_about(heard: World) -> None:
    heard.post(*burst(12), themes=("levering", "afspraken"))
    heard.post(*burst(5), themes=("levering",))
    [incident] = judged(heard)
    assert incident.facts["themes"] == [{"name": "levering", "count": 17}, {"name": "afspraken", "count": 12}]


def test_the_spike_began_with_the_burst_and_not_with_an_earlier_complaint(heard: World) -> None:
    heard.post(NOW - 55 * MINUTE)
    heard.post(*burst(20, minutes=10))
    [incident] = judged(heard)
    assert incident.started_at == NOW - 10 * MINUTE


def test_an_ordinary_hour_opens_nothing(heard: World) -> None:
    heard.post(NOW - 20 * MINUTE, NOW - 5 * MINUTE)
    assert judged(heard) == []


def test_praise_opens_nothing(heard: World) -> None:
    heard.post(*burst(50), sentiment=Sentiment.POSITIVE)
    assert judged(heard) == []


def test_complaints_about_a_competitor_open_nothing(heard: World) -> None:
    heard.post(*burst(50), source="berichten", text="Belpunt doet het weer niet", namespace="mastodon")
    assert judged(heard) == []


def test_a_first_crawl_never_alerts(heard: World) -> None:
    heard.add_source("nieuw")
    heard.post(*burst(100), source="nieuw")
    heard.crawled("nieuw", NOW)
    assert judged(heard) == []


def test_removed_complaints_do_not_count(heard: World) -> None:
    heard.remove(heard.post(*burst(20)))
    assert judged(heard) == []


def test_judging_twice_changes_nothing(heard: World) -> None:
    heard.post(*burst(20))
    [first] = judged(heard)
    [second] = judged(heard)
    assert (second.id, second.facts, second.opened_at) == (first.id, first.facts, first.opened_at)
    assert events(heard) == ["opened"]


def test_a_spike_grows_while_complaints_keep_coming(heard: World) -> None:
    heard.post(*burst(10))
    judged(heard)
    heard.post(*burst(30, until=NOW + 5 * MINUTE, minutes=5))
    [incident] = judged(heard, NOW + 5 * MINUTE)
    assert incident.facts["observed"] == 40
    assert evidence(heard) == 40
    assert events(heard) == ["opened", "worse"]


def test_the_worst_hour_stays_in_the_facts(heard: World) -> None:
    heard.post(*burst(30, minutes=20))
    judged(heard)
    [incident] = judged(heard, NOW + 45 * MINUTE)
    assert incident.facts["observed"] == 30


def test_a_spike_resolves_after_half_an_hour_of_calm(heard: World) -> None:
    heard.post(*burst(20))
    judged(heard)
    last = NOW + 20 * MINUTE
    assert judged(heard, last)[0].resolved_at is None
    for name in ("pagina", "berichten"):
        heard.crawled(name, last + 30 * MINUTE)
    later = NOW + 75 * MINUTE
    assert judged(heard, later)[0].resolved_at == later


def test_a_spike_does_not_resolve_while_its_source_is_deaf(heard: World) -> None:
    heard.post(*burst(20))
    judged(heard)
    heard.crawled("pagina", NOW + HOUR, Health.BROKEN)
    assert judged(heard, NOW + 3 * HOUR)[0].resolved_at is None


def test_a_storm_that_flares_up_again_is_the_same_incident(heard: World) -> None:
    heard.post(*burst(20))
    judged(heard)
    heard.crawled("pagina", NOW + 80 * MINUTE)
    judged(heard, NOW + 90 * MINUTE)
    heard.post(*burst(20, until=NOW + 2 * HOUR))
    [incident] = judged(heard, NOW + 2 * HOUR)
    assert incident.resolved_at is None
    assert events(heard) == ["opened", "resolved", "reopened", "grown"]


def test_what_is_left_of_a_storm_does_not_open_it_again(heard: World) -> None:
    heard.post(*burst(40))
    judged(heard)
    heard.crawled("pagina", NOW + 80 * MINUTE)
    judged(heard, NOW + 90 * MINUTE)
    heard.post(*burst(9, until=NOW + 2 * HOUR))
    judged(heard, NOW + 2 * HOUR)
    [incident] = judged(heard, NOW + 5 * HOUR)
    assert incident.resolved_at == NOW + 90 * MINUTE


def test_a_told_storm_does_not_open_again_by_itself(heard: World) -> None:
    heard.post(*burst(40, until=NOW - HOUR))
    judged(heard)
    heard.crawled("pagina", NOW + 30 * MINUTE)
    judged(heard, NOW + 40 * MINUTE)
    [incident] = judged(heard, NOW + 5 * HOUR)
    assert incident.resolved_at == NOW + 40 * MINUTE


def test_a_slow_source_that_shows_a_storm_hours_later_opens_it(heard: World) -> None:
    heard.post(*burst(20, until=NOW - 5 * HOUR), seen=NOW)
    [incident] = judged(heard)
    assert incident.facts["observed"] >= 10
    assert incident.started_at < NOW - 5 * HOUR


def test_complaints_without_a_time_count_when_first_seen(heard: World) -> None:
    for _ in range(20):
        heard.post(NOW, published_at=None)
    assert [incident.rule for incident in judged(heard)] == ["negative_spike"]


def test_one_post_with_a_large_reach_is_severe(heard: World) -> None:
    [mention] = heard.post(NOW - 5 * MINUTE, followers=80_000)
    [incident] = judged(heard)
    assert (incident.rule, incident.facts["reasons"]) == ("severe_mention", ["followers"])
    assert incident.facts["examples"] == [mention]


def test_many_severe_posts_are_one_incident(heard: World) -> None:
    heard.post(NOW - 5 * MINUTE, followers=80_000)
    judged(heard)
    heard.post(NOW, followers=40_000)
    [incident] = judged(heard, NOW + MINUTE)
    assert incident.facts["count"] == 2
    assert incident.facts["followers"] == 80_000


def test_severe_posts_join_an_open_spike(heard: World) -> None:
    heard.post(*burst(20))
    judged(heard)
    heard.post(NOW, followers=80_000)
    [incident] = judged(heard, NOW + MINUTE)
    assert incident.rule == "negative_spike"
    assert evidence(heard) == 21


def test_a_severe_incident_closes_when_somebody_takes_it_on(heard: World) -> None:
    heard.post(NOW - 5 * MINUTE, escalation=True)
    [incident] = judged(heard)
    with heard.database.write() as session:
        assert incidents.acknowledge(session, incident.id or 0, "Noor", NOW + MINUTE)
    assert judged(heard, NOW + 2 * MINUTE)[0].resolved_at == NOW + 2 * MINUTE


def test_a_severe_incident_closes_after_a_day_without_another(heard: World) -> None:
    heard.post(NOW - 5 * MINUTE, escalation=True)
    judged(heard)
    for name in ("pagina", "berichten"):
        heard.crawled(name, NOW + 23 * HOUR)
    assert judged(heard, NOW + 23 * HOUR)[0].resolved_at is None
    assert judged(heard, NOW + 25 * HOUR)[0].resolved_at is not None


def test_three_refused_crawls_in_a_row_are_silence(heard: World) -> None:
    for minutes in (10, 20, 30):
        heard.crawled("pagina", NOW + minutes * MINUTE, Health.BLOCKED, cause="waf", status=403)
    [incident] = judged(heard, NOW + 31 * MINUTE)
    assert incident.rule == "source_silent"
    assert incident.facts["health"] == "blocked"
    assert incident.facts["failures"] == 3
    assert (incident.facts["cause"], incident.facts["status"]) == ("waf", 403)


def test_a_crawl_that_we_ended_does_not_hide_that_the_source_refuses(heard: World) -> None:
    for minutes, cause in ((10, "forbidden"), (20, "forbidden"), (30, "stopped"), (40, "forbidden")):
        heard.crawled("pagina", NOW + minutes * MINUTE, Health.BROKEN, cause=cause)
    [incident] = judged(heard, NOW + 41 * MINUTE)
    assert (incident.rule, incident.facts["failures"]) == ("source_silent", 3)


def test_a_source_that_stays_odd_for_a_day_is_told_of(heard: World) -> None:
    def odd(hours: int) -> list[Incident]:
        for name, health in (("pagina", Health.SUSPICIOUS), ("berichten", Health.OK)):
            heard.crawled(name, NOW + hours * HOUR, health, cause="fewer", seen=4, usual=20)
        return judged(heard, NOW + hours * HOUR)

    assert odd(1) == odd(23) == []
    [incident] = odd(25)
    assert (incident.rule, incident.facts["cause"], incident.facts["seen"]) == ("source_silent", "fewer", 4)


def test_sources_that_fall_away_together_are_one_incident_until_all_are_back(heard: World) -> None:
    heard.add_source("winkel")
    heard.listen("winkel", NOW)
    names = ("pagina", "berichten", "winkel")

    def fails(minutes: int, *lost: str, cause: str = "connection") -> list[Incident]:
        for name in lost:
            heard.crawled(name, NOW + minutes * MINUTE, Health.BROKEN, cause=cause)
        return [one for one in judged(heard, NOW + minutes * MINUTE) if one.resolved_at is None]

    assert fails(10, *names) == fails(20, *names) == []
    [incident] = fails(30, *names)
    assert (incident.rule, incident.source_id, incident.facts["unreached"]) == (
        "sources_unreachable",
        None,
        ["berichten", "pagina", "winkel"],
    )
    heard.crawled("winkel", NOW + 35 * MINUTE)
    [incident] = fails(40, "pagina", "berichten")
    assert incident.facts["observed"] == 2
    for name in names:
        heard.crawled(name, NOW + 50 * MINUTE)
    assert fails(51) == []
    assert len(heard.incidents()) == 1


def test_sources_out_of_reach_are_not_back_because_we_ended_their_crawls(heard: World) -> None:
    heard.add_source("winkel")
    heard.listen("winkel", NOW)
    for minutes, cause in ((10, "connection"), (20, "connection"), (30, "connection"), (40, "stopped")):
        for name in ("pagina", "berichten", "winkel"):
            heard.crawled(name, NOW + minutes * MINUTE, Health.BROKEN, cause=cause)
        found = judged(heard, NOW + minutes * MINUTE)
    assert [(one.rule, one.resolved_at) for one in found] == [("sources_unreachable", None)]


def test_a_source_that_was_told_of_by_itself_stays_so_when_the_others_fall_away_too(heard: World) -> None:
    heard.add_source("winkel")
    heard.listen("winkel", NOW)
    for minutes in (1, 2, 3):
        heard.crawled("pagina", NOW + minutes * MINUTE, Health.BROKEN, cause="connection")
    assert [one.rule for one in judged(heard, NOW + 4 * MINUTE)] == ["source_silent"]
    for minutes in (5, 6, 7):
        for name in ("berichten", "winkel"):
            heard.crawled(name, NOW + minutes * MINUTE, Health.BROKEN, cause="connection")
    judged(heard, NOW + 8 * MINUTE)
    found = [(one.rule, one.resolved_at) for one in judged(heard, NOW + 8 * MINUTE)]
    assert found == [("source_silent", None), ("sources_unreachable", None)]


def test_a_silent_source_is_over_at_its_next_healthy_crawl(heard: World) -> None:
    for minutes in (10, 20, 30):
        heard.crawled("pagina", NOW + minutes * MINUTE, Health.BROKEN)
    judged(heard, NOW + 31 * MINUTE)
    heard.crawled("pagina", NOW + 40 * MINUTE, Health.EMPTY)
    assert judged(heard, NOW + 41 * MINUTE)[0].resolved_at is None
    heard.crawled("pagina", NOW + 50 * MINUTE)
    assert judged(heard, NOW + 51 * MINUTE)[0].resolved_at is not None


def test_a_source_that_only_gives_empty_answers_is_silent_after_a_day(heard: World) -> None:
    heard.crawled("berichten", NOW + 25 * HOUR)
    heard.crawled("pagina", NOW + 25 * HOUR, Health.EMPTY)
    [incident] = judged(heard, NOW + 25 * HOUR)
    assert incident.facts["source"] == "pagina"


def test_a_schedule_that_was_off_for_days_does_not_call_its_sources_silent(heard: World) -> None:
    later = NOW + timedelta(days=3)
    judge.run(heard.database, heard.configuration.alerts, later, listening_since=later - MINUTE)
    assert heard.incidents() == []


def test_a_burst_that_is_still_being_scored_is_waited_for_a_moment(heard: World) -> None:
    def run(now: datetime) -> list[Incident]:
        trends.run(heard.database, now)
        judge.run(heard.database, heard.configuration.alerts, now, listening_since=NOW - HOUR)
        return heard.incidents()

    heard.post(*burst(20), seen=NOW)
    heard.store(heard.record(NOW), seen=NOW)
    assert run(NOW + timedelta(seconds=5)) == []
    assert len(run(NOW + timedelta(seconds=21))) == 1
