"""A small world to judge: an own brand, a competitor, two sources, and complaints to pour in."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlmodel import SQLModel, col, select

from storage import judges, mentions, runs, sources, verdicts
from storage.configuration import Configuration
from storage.database import Database, Session
from storage.models import CrawlRun, Health, Incident, Mention, Source
from storage.records import Batch, Record, Sentiment, Status
from storage.runs import Outcome
from storage.verdicts import Judgement

Row = TypeVar("Row", bound=SQLModel)

NOW = datetime(2026, 11, 18, 14, 20, tzinfo=UTC)
"""A Wednesday afternoon, 15:20 in the Netherlands."""
MODEL = "proef-1"


def configuration(**changes: Any) -> Configuration:
    values: dict[str, Any] = {
        "brand": [
            {"name": "Snelveld", "terms": ["snelveld"]},
            {"name": "Belpunt", "terms": ["belpunt"], "competitor": True},
        ],
        "source": [
            {
                "name": "pagina",
                "kind": "trustpilot_web",
                "brand": "Snelveld",
                "every": "30m",
                "domain": "x.nl",
            },
            {"name": "berichten", "kind": "mastodon", "every": "10m", "hashtags": ["snelveld"]},
        ],
        "slack": {"channel": "#reputatie"},
    }
    return Configuration.model_validate(values | changes)


@dataclass
class World:
    """A database with a configuration, into which posts are put with a verdict at once."""

    database: Database
    configuration: Configuration = field(default_factory=configuration)
    numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        with self.database.write() as session:
            sources.sync(session, self.configuration)

    def add_source(self, name: str) -> None:
        """Another source about the own brand, never crawled yet."""
        settings = self.configuration.source[0].model_copy(update={"name": name})
        update = {"source": (*self.configuration.source, settings)}
        self.configuration = self.configuration.model_copy(update=update)
        self.__post_init__()

    def listen(self, name: str = "pagina", since: datetime = NOW - timedelta(days=40)) -> None:
        """The first healthy crawl of a source: what was published before it is history."""
        self.crawled(name, since)

    def crawled(self, name: str, at: datetime, health: Health = Health.OK, **figures: Any) -> None:
        with self.database.write() as session:
            source = sources.source_named(session, name)
            run = runs.start(session, source.id or 0, at)
            runs.finish(session, run, Outcome(health, None, {}, figures), at)

    def post(
        self,
        *times: datetime,
        source: str = "pagina",
        sentiment: Sentiment = Sentiment.NEGATIVE,
        seen: datetime | None = None,
        question: bool = False,
        escalation: bool = False,
        unsure: bool = False,
        themes: tuple[str, ...] = (),
        model: str = MODEL,
        **changes: Any,
    ) -> list[int]:
        """Store and judge one post for each time; returns their ids."""
        records = [self.record(at, **changes) for at in times]
        now = seen or max(times)

        def work(session: Session) -> list[int]:
            row: Source = sources.source_named(session, source)
            matcher = sources.matcher_of(session, self.configuration, row)
            mentions.store_batch(
                session.connection(), row.id or 0, Batch(records=tuple(records)), matcher, now
            )
            ids = self._ids(session, records)
            given = self._judgement(ids[0], sentiment, question, escalation)
            judgements = [
                replace(
                    given,
                    mention_id=one,
                    version=session.get_one(Mention, one).version,
                    unsure=unsure,
                    themes=themes,
                )
                for one in ids
            ]
            verdicts.store(session, judgements, model, now)
            return ids

        return self.database.transact(work)

    def put_to_use(self, model: str, at: datetime = NOW) -> None:
        """From here on this model judges what is new."""
        with self.database.write() as session:
            judges.put_to_use(session, model, None, at)

    def judge_again(self, model: str, most: int = 10_000, at: datetime = NOW, **said: Any) -> int:
        """Let a model judge what others judged, the newest first; returns how many it did."""
        given = {"sentiment": Sentiment.NEGATIVE, "question": False, "escalation": False} | said
        with self.database.write() as session:
            found = verdicts.outdated(session, model, most)
            judgements = [self._judgement(one.mention_id, **given) for one in found]
            return verdicts.store(session, judgements, model, at)

    def store(self, record: Record, source: str = "pagina", seen: datetime = NOW) -> None:
        """Store a post as a crawl brings it, without a verdict."""

        def work(session: Session) -> None:
            row = sources.source_named(session, source)
            matcher = sources.matcher_of(session, self.configuration, row)
            mentions.store_batch(session.connection(), row.id or 0, Batch(records=(record,)), matcher, seen)

        self.database.transact(work)

    def record(self, at: datetime, **changes: Any) -> Record:
        number = next(self.numbers)
        values: dict[str, Any] = {
            "external_id": f"r{number}",
            "namespace": "trustpilot",
            "kind": "review",
            "url": f"https://reviews.example/r{number}",
            "text": f"Snelveld: al {number} dagen geen internet en niemand belt terug.",
            "rating": 2,
            "rating_max": 5,
            "author_id": f"klant-{number}",
            "author_name": "Annelies",
            "published_at": at,
        }
        return Record.model_validate(values | changes)

    def ordinary_life(self, until: datetime = NOW, days: int = 28, every: int = 6) -> None:
        """One complaint every so many hours, and healthy crawls of both sources every hour."""
        for name in ("pagina", "berichten"):
            self.listen(name)
        with self.database.write() as session:
            for source in sources.active_sources(session):
                hourly = (until - timedelta(hours=hour, minutes=5) for hour in range(days * 24))
                session.add_all(
                    CrawlRun(source_id=source.id or 0, started_at=at, finished_at=at, health=Health.OK)
                    for at in hourly
                )
        hours = range(days * 24 - 1, 1, -every)
        self.post(*(until - timedelta(hours=hour) for hour in hours), seen=until - timedelta(minutes=90))

    def incidents(self) -> list[Incident]:
        return self.all(Incident)

    def all(self, model: type[Row]) -> list[Row]:
        """Every row of a table, in the order they came."""
        with self.database.read() as session:
            return list(session.exec(select(model).order_by(col(model.id))))  # type: ignore[attr-defined]

    def remove(self, ids: Sequence[int]) -> None:
        """The source shows these posts no more."""
        with self.database.write() as session:
            gone = list(session.exec(select(Mention).where(col(Mention.id).in_(ids))))
            for mention in gone:
                mention.status = Status.REMOVED
            session.add_all(gone)
            mentions.touch(session, gone)

    def touch_all(self) -> None:
        """Ask for every hour to be counted again."""
        with self.database.write() as session:
            mentions.touch(session, session.exec(select(Mention)))

    def _ids(self, session: Session, records: Sequence[Record]) -> list[int]:
        wanted = [one.external_id for one in records]
        query = select(Mention.id).where(col(Mention.external_id).in_(wanted))
        return [one for one in session.exec(query.order_by(col(Mention.id))) if one is not None]

    def _judgement(
        self, mention_id: int, sentiment: Sentiment, question: bool, escalation: bool
    ) -> Judgement:
        rest = dict.fromkeys(Sentiment, 0.05)
        return Judgement(
            mention_id=mention_id,
            version=1,
            sentiment=sentiment,
            probabilities=rest | {sentiment: 0.9},
            themes=(),
            escalation=escalation,
            churn=False,
            question=question,
            language="nl",
        )


def burst(number: int, until: datetime = NOW, minutes: float = 30.0) -> list[datetime]:
    """So many times, evenly over the last minutes, the last one just before `until`."""
    step = timedelta(minutes=minutes) / number
    return [until - step * place for place in range(number, 0, -1)]


def just_set_up(database: Database) -> World:
    """A world both of whose sources were crawled once, long ago."""
    world = World(database)
    world.listen("pagina")
    world.listen("berichten")
    return world
