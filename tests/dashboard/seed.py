"""Fills a database the way the product does: crawl runs, mentions, verdicts, cases, trends, incidents, messages."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts import deliver, steps
from alerts.notifiers import DeliveryError, Message, Receipt
from storage import cases, incidents, judges, mentions, runs, sources, users, verdicts
from storage.configuration import Configuration
from storage.database import Database, Session
from storage.models import CaseState, Health
from storage.records import Batch, Record, Reply, Sentiment
from storage.runs import Outcome
from tests.dashboard import texts

NOW = datetime(2026, 11, 20, 13, 37, tzinfo=UTC)
MODEL = "klachtenradar-nl-1"
CONFUSION = ((160, 30, 10), (20, 120, 20), (5, 15, 180))
SURE_FROM = 0.65
PASSWORD = "een lange zin vol koffie"
CONFIGURATION = Configuration.model_validate(
    {
        "brand": [
            {"name": "Snelveld", "terms": ["snelveld"]},
            {"name": "Belpunt", "terms": ["belpunt"], "competitor": True},
        ],
        "source": [
            {
                "name": "snelveld-reviews",
                "kind": "trustpilot_web",
                "brand": "Snelveld",
                "domain": "snelveld.example",
            },
            {"name": "snelveld-app", "kind": "apple_app", "brand": "Snelveld", "app_id": "987654321"},
            {"name": "mastodon", "kind": "mastodon", "hashtags": ["snelveld"]},
            {"name": "nieuws", "kind": "feed", "url": "http://nieuws.example/rss", "every": "1h"},
            {
                "name": "belpunt-reviews",
                "kind": "trustpilot_web",
                "brand": "Belpunt",
                "domain": "belpunt.example",
            },
        ],
        "slack": {"channel": "#reputatie"},
    }
)
_NAMESPACES = {
    "mastodon": "mastodon",
    "nieuws": "feed:http://nieuws.example/rss",
    "snelveld-app": "apple:nl:987654321",
}
_NAMES = (
    "Annelies",
    "Joost",
    "Fatima",
    "Henk",
    "Marloes",
    "Driss",
    "Ineke",
    "Sven",
    "Yara",
    "Wim",
    "Loes",
    "Bram",
)


@dataclass
class FakeSlack:
    """A channel that takes everything, or refuses with `error`."""

    name: str = "slack"
    channel: str = "#reputatie"
    error: str = ""
    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> Receipt:
        if self.error:
            raise DeliveryError(self.error, permanent=True)
        self.sent.append(message)
        return message.parent or Receipt(self.channel, f"{len(self.sent)}.0")

    def check(self) -> str:
        return self.name


@dataclass(frozen=True)
class Said:
    """One post of the play: where, when, and what it means."""

    source: str
    record: Record
    sentiment: Sentiment
    themes: tuple[str, ...]
    chance: float


def seed(
    database: Database, *, days: int = 3, per_day: int = 12, storm: int = 12, slack: FakeSlack | None = None
) -> None:
    """`days` of ordinary life up to NOW, then `storm` complaints in the last three quarters of an hour."""
    chance = random.Random(7)
    with database.write() as session:
        sources.sync(session, CONFIGURATION)
        users.create_user(session, "marieke", PASSWORD, NOW)
    begin = NOW - timedelta(days=days)
    _crawls(database, begin, days)
    _play(database, list(_ordinary(chance, begin, days, per_day)))
    pipeline = steps.pipeline(CONFIGURATION)
    steps.run(database, pipeline, NOW - timedelta(hours=1))
    for minutes, share in ((30, 0.4), (5, 0.6)):
        now = NOW - timedelta(minutes=minutes)
        _play(database, list(_storm(chance, now, int(storm * share) + 1)))
        steps.run(database, pipeline, now)
        deliver.run(database, CONFIGURATION, [slack or FakeSlack()], _ticking(now), lambda _: None)
    _people(database)


def login(session: Session, name: str = "marieke") -> str:
    """The cookie of somebody who is logged in, without the time that a password takes."""
    user = next(user for user in [users._named(session, name)] if user)
    return users.begin(session, user, NOW).cookie


def _ticking(now: datetime) -> Any:
    moments = (now + timedelta(seconds=2 * step) for step in range(10_000))
    return lambda: next(moments)


def _crawls(database: Database, begin: datetime, days: int) -> None:
    """A crawl every two hours; the news is blocked since yesterday, the app was for half a day."""
    with database.write() as session:
        for source in sources.active_sources(session):
            assert source.id is not None
            for hour in range(0, days * 24, 2 if days > 10 else 1):
                at = begin + timedelta(hours=hour)
                _crawl(session, source.id, source.name, at)
            _crawl(session, source.id, source.name, NOW - timedelta(minutes=9))
            source.every_seconds = 7200 if days > 10 else 3600
            session.add(source)


def _crawl(session: Session, source_id: int, name: str, at: datetime) -> None:
    hours_ago = (NOW - at) / timedelta(hours=1)
    health, figures = Health.OK, {}
    if name == "nieuws" and hours_ago < 20:
        health, figures = Health.BLOCKED, {"cause": "forbidden", "status": 403}
    if name == "snelveld-app" and 100 < hours_ago < 130:
        health, figures = Health.BROKEN, {"cause": "connection"}
    run = runs.start(session, source_id, at)
    counts = {"new": 3, "unchanged": 20, "requests": 4} if health is Health.OK else {"requests": 1}
    runs.finish(
        session,
        run,
        Outcome(health, None if health is Health.OK else "in English", counts, figures),
        at + timedelta(seconds=8),
    )


def _ordinary(chance: random.Random, begin: datetime, days: int, per_day: int) -> Iterator[Said]:
    for number in range(days * per_day):
        at = (
            begin
            + timedelta(days=days) * (number / (days * per_day))
            + timedelta(minutes=chance.randint(0, 50))
        )
        brand = chance.choices(("Snelveld", "Belpunt"), (7, 3))[0]
        pool = chance.choices((texts.NEGATIVE, texts.NEUTRAL, texts.POSITIVE), (3, 2, 4))[0]
        title, text, themes = chance.choice(pool)
        yield _said(
            chance, f"o{number}", brand, (title, text), pool, themes, min(at, NOW - timedelta(hours=3))
        )


def _storm(chance: random.Random, now: datetime, size: int) -> Iterator[Said]:
    for number in range(size):
        text = chance.choice(texts.STORM).format(n=chance.randint(3, 9))
        at = now - timedelta(seconds=chance.randint(1, 1200))
        yield _said(
            chance,
            f"s{now:%M}-{number}",
            "Snelveld",
            ("", text),
            texts.NEGATIVE,
            ("afspraken", "levering"),
            at,
        )


def _said(
    chance: random.Random,
    key: str,
    brand: str,
    words: tuple[str, str],
    pool: Sequence[object],
    themes: tuple[str, ...],
    at: datetime,
) -> Said:
    moods = {id(texts.NEGATIVE): 0, id(texts.NEUTRAL): 1, id(texts.POSITIVE): 2}
    mood = moods[id(pool)]
    names = ("belpunt-reviews",) if brand == "Belpunt" else ("snelveld-reviews", "snelveld-app", "mastodon")
    source = chance.choice(names)
    rated = source != "mastodon"
    reply = chance.random() < 0.35 and at < NOW - timedelta(hours=8)
    record = Record(
        external_id=key,
        namespace=_NAMESPACES.get(source, "trustpilot"),
        kind="review" if rated else "post",
        url=f"https://www.{source}.example/{key}",
        title=words[0].replace("Snelveld", brand) if rated else None,
        text=words[1].replace("Snelveld", brand).replace("snelveld", brand.lower()),
        rating=(1 + chance.randint(0, 1), 3, 4 + chance.randint(0, 1))[mood] if rated else None,
        rating_max=5 if rated else None,
        author_id=f"klant-{chance.randint(1, 400)}",
        author_name=chance.choice(_NAMES),
        published_at=at,
        followers=None if rated else chance.randint(10, 900),
        reply=Reply(text=chance.choice(texts.REPLIES), at=at + timedelta(hours=chance.randint(1, 7)))
        if reply
        else None,
    )
    return Said(source, record, list(Sentiment)[mood], themes, chance.uniform(0.6, 0.98))


def _play(database: Database, said: list[Said]) -> None:
    for name in {one.source for one in said}:
        mine = [one for one in said if one.source == name]
        with database.write() as session:
            source = sources.source_named(session, name)
            assert source.id is not None
            source.baseline_at = NOW - timedelta(days=365)
            matcher = sources.matcher_of(session, CONFIGURATION, source)
            now = max(one.record.published_at or NOW for one in mine) + timedelta(minutes=1)
            batch = Batch(records=tuple(one.record for one in mine))
            session.flush()
            mentions.store_batch(session.connection(), source.id, batch, matcher, now)
    _judge(database, {one.record.text: one for one in said})


def _judge(database: Database, said: dict[str, Said]) -> None:
    with database.write() as session:
        judges.put_to_use(session, MODEL, CONFUSION, NOW - timedelta(days=60))
        found = verdicts.unjudged(session, 100_000)
        judgements = [_judgement(one, said[one.text]) for one in found if one.text in said]
        verdicts.store(session, judgements[:-2] if len(judgements) > 100 else judgements, MODEL, NOW)


def _judgement(one: verdicts.Unjudged, said: Said) -> verdicts.Judgement:
    rest = 1 - said.chance
    probabilities = dict.fromkeys(Sentiment, rest / 2) | {said.sentiment: said.chance}
    return verdicts.Judgement(
        mention_id=one.mention_id,
        version=one.version,
        sentiment=said.sentiment,
        probabilities=probabilities,
        themes=said.themes,
        escalation="toezichthouder" in one.text,
        churn="stap over" in one.text or "wil weg" in one.text,
        question="?" in one.text,
        language="nl",
        unsure=said.chance < SURE_FROM,
    )


def _people(database: Database) -> None:
    """What colleagues did already."""
    plan = (CaseState.IN_HAND, CaseState.IN_HAND, CaseState.NO_ACTION, CaseState.IN_HAND)
    with database.write() as session:
        for number, state in enumerate(plan, start=1):
            change = cases.Change(number, _revision(session, number), "marieke", NOW - timedelta(hours=2))
            try:
                cases.move(
                    session, change, state, "Klant gebeld, monteur komt morgen." if number == 1 else ""
                )
            except cases.CaseError:
                continue


def _revision(session: Session, case_id: int) -> int:
    found = session.get(cases.Case, case_id)
    return found.revision if found else 1


def acknowledge(database: Database) -> None:
    with database.write() as session:
        incidents.acknowledge(session, 1, "marieke", NOW)
