"""The front door: every command, and how the parts are put together.

Machines read stdout, people read stderr. Exit status: 0 done, 1 something failed while running, 2 wrong use or
configuration.
"""

import csv
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from storage import configuration as settings
from storage.configuration import Configuration, ConfigurationError
from storage.errors import DatabaseError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress

    from crawlers.run import CrawlResult
    from sentiment.classifier import Classifier
    from sentiment.labelled import Labelled
    from storage.database import Database

FAILED, WRONG = 1, 2
WIDE = 160
"""Columns of a table that goes to a file or a pipe."""
FOUR_WEEKS = timedelta(weeks=4)

app = typer.Typer(
    name="klachtenradar",
    help="Hears what the Dutch public says about a company, and gets the right people moving in time.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="The tables of the database.", no_args_is_help=True)
user_app = typer.Typer(help="Who may open the pages.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(user_app, name="user")

_config = settings.default_path()


@app.callback()
def _options(
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Configuration; default klachtenradar.toml or $KLACHTENRADAR_CONFIG."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell more on stderr.")] = False,
) -> None:
    global _config
    _config = config or settings.default_path()
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )


def now() -> datetime:
    return datetime.now(UTC)


def tell(message: str) -> None:
    typer.echo(message, err=True)


class _Advance:
    """Moves a progress bar; a plain line now and then where there is no terminal."""

    def __init__(self, bar: "Progress", name: str, total: int | None) -> None:
        self.bar, self.name = bar, name
        self.task = bar.add_task(name, total=total)

    def __call__(self, steps: int) -> None:
        self.bar.advance(self.task, steps)

    def upto(self, done: int, total: int) -> None:
        self.bar.update(self.task, completed=done, total=total)
        if not self.bar.console.is_terminal:
            tell(f"{self.name}: {done} of {total}")


@contextmanager
def _progress(name: str, total: int | None = None) -> Iterator[_Advance]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(*Progress.get_default_columns(), console=console, disable=not console.is_terminal) as bar:
        yield _Advance(bar, name, total)


def _show(*tables: "RenderableType") -> None:
    """For people, as wide as their terminal."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else WIDE)
    for table in tables:
        console.print(table)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


@contextmanager
def opened() -> Iterator[tuple[Configuration, "Database"]]:
    """The configuration and its database, with brands and sources in step.

    A database without tables gets them; one of another version is left alone.
    """
    from storage.database import Database

    configuration = _checked_configuration()
    with Database(configuration.database) as database:
        if database.revision() is None:
            database.upgrade()
        database.check()
        _sync(database, configuration)
        yield configuration, database


def _checked_configuration() -> Configuration:
    from crawlers import sources as kinds

    configuration = settings.load(_config)
    if faults := tuple(kinds.faults(configuration)):
        raise ConfigurationError(_config, faults)
    return configuration


def _sync(database: "Database", configuration: Configuration) -> None:
    from storage import sources

    with database.write() as session:
        sources.sync(session, configuration)


# Setting up


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Where to write klachtenradar.toml.")] = Path()) -> None:
    """Write a commented configuration to start from."""
    path = folder / settings.DEFAULT_PATH
    if path.exists():
        raise typer.BadParameter(f"{path} exists already; it is left as it is")
    folder.mkdir(parents=True, exist_ok=True)
    template = resources.files("storage").joinpath("klachtenradar.example.toml")
    path.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    typer.echo(f"wrote {path}; change the brand and the sources, then run: klachtenradar check")


@app.command()
def check() -> None:
    """Validate configuration, database, model and Slack; every fault at once, with what to do."""
    from alerts import notifiers
    from crawlers import catalogue, doubles, report, secrets
    from crawlers import sources as kinds
    from sentiment import classifier

    configuration = settings.load(_config)
    faults = (*kinds.faults(configuration), *secrets.faults(configuration), *notifiers.faults(configuration))
    wrong = [str(fault) for fault in faults]
    failing = [
        *_faults_of(lambda: _check_database(configuration), "database"),
        *_faults_of(lambda: classifier.load(configuration.sentiment), "sentiment.model"),
        *(fault for one in notifiers.chosen(configuration) for fault in _faults_of(one.check, one.name)),
    ]
    for fault in [*wrong, *failing]:
        typer.echo(fault)
    for off in kinds.without_permission(configuration):
        typer.echo(f"off: {off}")
    for double in doubles.doubles(configuration):
        typer.echo(f"warning: {double}")
    if wrong or failing:
        raise typer.Exit(WRONG if wrong else FAILED)
    _mend(configuration)
    # The console is its own channel: naming it once is enough.
    told = ", ".join(
        " ".join(dict.fromkeys((one.name, one.channel))) for one in notifiers.chosen(configuration)
    )
    brands, sources = len(configuration.brand), len(configuration.source)
    typer.echo(f"ok: {brands} brand(s), {sources} source(s), messages to {told}")
    for one in catalogue.troubled(catalogue.standings(configuration, now())):
        since = report.minute(one.since)
        typer.echo(f"warning: source {one.source}: {one.status} since {since}: {report.reason(one)}")


def _mend(configuration: Configuration) -> None:
    """Messages that a channel refused may go again, now that it knows us."""
    from alerts import deliver, notifiers
    from storage.database import Database

    with Database(configuration.database) as database:
        if database.revision() is not None:
            for one in notifiers.chosen(configuration):
                for note in deliver.mend(database, one, now()).notes:
                    tell(note)


def _faults_of(probe: Any, key: str) -> list[str]:
    """What `probe` raises, as one line that starts with the key that people can change."""
    try:
        probe()
    except Exception as error:  # one fault must not hide the others
        text = str(error) or type(error).__name__
        return [text if text.startswith(key) else f"{key}: {text}"]
    return []


def _check_database(configuration: Configuration) -> None:
    from storage.database import Database

    with Database(configuration.database) as database:
        if database.revision() is not None:
            database.check()


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables to this version's form. Safe to repeat."""
    from storage.database import Database

    with Database(settings.load(_config).database) as database:
        typer.echo(f"{database.name}: at revision {database.upgrade()}")


@db_app.command("check")
def db_check() -> None:
    """Say whether the tables have this version's form."""
    from storage.database import Database

    with Database(settings.load(_config).database) as database:
        database.check()
        typer.echo(f"{database.name}: at revision {database.revision()}, as this version needs")


@user_app.command("add")
def user_add(name: str) -> None:
    """Let somebody open the pages. Asks for the password, or reads it from stdin when that is no terminal."""
    from storage import users

    password = _password()
    with opened() as (_, database), _asked_well(), database.write() as session:
        users.create_user(session, name, password, now())
    typer.echo(f"{name} may now log in")


def _password() -> str:
    """Asked for twice at a terminal; else the first line that a script gives."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@user_app.command("list")
def user_list() -> None:
    """Say who may open the pages, a name on each line."""
    from storage import users

    with opened() as (_, database), database.read() as session:
        names = users.names(session)
    for name in names:
        typer.echo(name)
    if not names:
        tell("nobody can log in yet; make the first user with: klachtenradar user add NAME")


@user_app.command("remove")
def user_remove(name: str) -> None:
    """Let somebody open the pages no more, at once. What they did stays under their name."""
    from storage import users

    with opened() as (_, database), _asked_well(), database.write() as session:
        users.switch_off(session, name)
    typer.echo(f"{name} may log in no more")


@contextmanager
def _asked_well() -> Iterator[None]:
    """What a user cannot be is wrong use, told in one line."""
    from storage.users import UserError

    try:
        yield
    except UserError as error:
        raise typer.BadParameter(str(error)) from None


# One step at a time


@app.command()
def crawl(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]…", help="Default: all sources.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be stored, and store nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Crawl the named sources once and say how each one went."""
    from crawlers import report, run

    if dry_run:
        _preview(names or [], as_json)
        return
    with opened() as (configuration, database):
        chosen = _chosen_sources(configuration, names or [])
        _say_who_would_be_left_alone(configuration, names or [])
        with _progress("crawling", len(chosen)) as advance:
            results = run.crawl_all(database, configuration, names or [], on_progress=lambda _: advance(1))
    _say_who_is_left_alone(results)
    if as_json:
        _print_json({"crawls": [asdict(result) for result in results]})
    else:
        _show(report.crawls(results))
    if any(result.failed for result in results):
        raise typer.Exit(FAILED)


def _say_who_would_be_left_alone(configuration: Configuration, names: Sequence[str]) -> None:
    """A person who names a source goes before the schedule, which waits because a site refused us."""
    from crawlers import catalogue, report

    for one in catalogue.standings(configuration, now()):
        if one.source in names and one.left_alone_until:
            until = report.minute(one.left_alone_until)
            tell(f"{one.source} refused us and would be left alone until {until}; it is asked all the same")


def _say_who_is_left_alone(results: "Iterable[CrawlResult]") -> None:
    from crawlers import report

    for one in results:
        if one.health is None and one.left_alone_until:
            until = report.minute(datetime.fromisoformat(one.left_alone_until))
            tell(
                f"{one.source} refused us and is left alone until {until}; "
                f"'klachtenradar crawl {one.source}' asks it all the same"
            )


def _preview(names: list[str], as_json: bool) -> None:
    """What crawls of the named sources would store; the database stays as it is."""
    from crawlers import dry, report

    configuration = _checked_configuration()
    chosen = _chosen_sources(configuration, names)
    with _progress("looking", len(chosen)) as advance:
        found = []
        for name in chosen:
            found.append(dry.preview(configuration, name, patient=not names))
            advance(1)
    _say_who_is_left_alone(one.result for one in found)
    if as_json:
        _print_json({"crawls": [asdict(one.result) | {"records": one.records} for one in found]})
    else:
        _show(*(report.records(one.records) for one in found), report.crawls(one.result for one in found))
    if any(one.result.failed for one in found):
        raise typer.Exit(FAILED)


@app.command()
def sources(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """The kinds of source with their parameters and terms, and how the configured sources are doing."""
    from crawlers import catalogue, report

    kinds = catalogue.kinds()
    standings = catalogue.standings(settings.load(_config), now()) if _config.exists() else []
    if as_json:
        lines = [
            asdict(one) | {"since": _iso(one.since), "left_alone_until": _iso(one.left_alone_until)}
            for one in standings
        ]
        _print_json({"kinds": [asdict(one) for one in kinds], "sources": lines})
        return
    _show(report.kinds(kinds))
    if standings:
        _show(report.standings(standings))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _chosen_sources(configuration: Configuration, names: list[str]) -> list[str]:
    known = [source.name for source in configuration.source if source.enabled]
    if unknown := [name for name in names if name not in known]:
        hint = ", ".join(known) or "none; add a [[source]]"
        raise typer.BadParameter(f"there is no source {', '.join(unknown)}; sources: {hint}")
    return names or known


@app.command()
def score(
    again: Annotated[
        bool, typer.Option("--again", help="Then judge anew what another model judged, newest first.")
    ] = False,
) -> None:
    """Give a verdict to every mention that lacks one."""
    from sentiment import score as scoring

    with opened() as (configuration, database):
        model = _classifier_of(configuration)
        _not_beside_another(database, model.model_id)
        scoring.begin(database, model, now())
        with _progress("judging") as advance:
            _report(scoring.run(database, model, now(), progress=advance.upto))
        if again:
            with _progress("judging again") as advance:
                _report(scoring.all_again(database, model, now, time.sleep, advance.upto))
        else:
            _tell_of_outdated(database, model.model_id)


def _not_beside_another(database: "Database", model_id: str) -> None:
    """A schedule that still runs an earlier model would go on judging with it: rules could compare nothing."""
    from alerts import scheduler
    from storage import judges, leases

    with database.read() as session:
        watching = leases.holder_of(session, scheduler.LEASE, now())
        used = judges.in_use(session)
    if watching is not None and used not in (None, model_id):
        raise RuntimeError(
            f"process {watching.pid} on {watching.host} watches this database with the model {used}, and this is "
            f"{model_id}; start it again first, it then judges old mentions anew by itself"
        )


def _tell_of_outdated(database: "Database", model_id: str) -> None:
    from storage import verdicts

    with database.read() as session:
        outdated = verdicts.outdated_count(session, model_id)
    if outdated:
        tell(f"  {outdated} have another model's verdict; to judge them anew: klachtenradar score --again")


@app.command()
def judge() -> None:
    """Triage, trends, rules and deliveries, once."""
    from alerts import deliver, notifiers, steps

    with opened() as (configuration, database):
        reports = steps.run(database, steps.pipeline(configuration), now())
        channels = notifiers.chosen(configuration)
        reports.append(deliver.run(database, configuration, channels, now, time.sleep))
    for report in reports:
        _report(report)
    if any(report.failed for report in reports):
        raise typer.Exit(FAILED)


def _report(report: Any) -> None:
    """One line on stderr for a step, and its notes."""
    tell(f"{report.step}: {report.done} done" + (f", {report.failed} failed" if report.failed else ""))
    for note in report.notes:
        tell(f"  {note}")


@app.command()
def classify(
    file: Annotated[
        Path | None,
        typer.Argument(help="JSON lines with a text; default stdin.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Read JSON lines with a "text", write the same lines with what the model says of it."""
    from sentiment import classifier, lines

    chosen = settings.load(_config).sentiment if _config.exists() else settings.SentimentSettings()
    with lines.opened(file) as source:
        failed = lines.classify(source, sys.stdout, classifier.load(chosen), tell)
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def evaluate(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="JSON lines with a text and its sentiment or label, themes, signals.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Folder or hub id; default the one in use.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="What a label of MODEL means: LABEL_0=negative.")
    ] = None,
    corrections: Annotated[
        bool, typer.Option("--corrections", help="Measure on what people corrected.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Measure a model on labelled texts: accuracy, F1, confusion, the worst mistakes."""
    from sentiment import classifier, measure, report

    if corrections == (file is not None):
        raise typer.BadParameter("give a FILE with labelled texts, or --corrections")
    chosen = _sentiment_settings(model, label or [])
    labelled, faults = _labelled_lines(file) if file else (_people_say(), 0)
    if labelled:
        measured = measure.measured(classifier.load(chosen), labelled)
        _print_json(asdict(measured)) if as_json else _show(*report.tables(measured))
    else:
        tell(f"there is nothing to measure on in {file}" if file else "nobody corrected a mention yet")
    if faults or not labelled:
        raise typer.Exit(FAILED)


def _sentiment_settings(model: str | None, labels: Sequence[str]) -> settings.SentimentSettings:
    """The configured model, or the one asked for, with what its labels mean."""
    known = settings.load(_config).sentiment if _config.exists() else settings.SentimentSettings()
    meaning = dict(known.labels) if model in (None, known.model) else {}
    for one in labels:
        name, _, meant = one.rpartition("=")
        _one_of("--label", meant, ("negative", "neutral", "positive"))
        meaning[name] = cast(Any, meant)
    return settings.SentimentSettings(model=model or known.model, labels=meaning)


def _labelled_lines(file: Path) -> tuple[list["Labelled"], int]:
    from sentiment import labelled, lines

    with lines.opened(file) as source:
        return labelled.read(source, tell)


def _people_say() -> list["Labelled"]:
    from sentiment import labelled
    from storage import corrections

    with opened() as (_, database), database.read() as session:
        return labelled.by_people(corrections.corrected(session))


# All of it, on schedule


@app.command()
def watch() -> None:
    """Crawl, judge and tell on schedule, until told to stop."""
    with opened() as (configuration, database):
        _watch(database, configuration, _stop_at_signal(), _classifier_of(configuration))


@app.command()
def serve() -> None:
    """Show the pages."""
    from dashboard.app import create_app
    from dashboard.server import serve

    with opened() as (configuration, database):
        app = create_app(database, configuration, clock=now, model=_loaded_once(configuration))
        pages = configuration.dashboard
        serve(app, pages.host, pages.port, lambda at: _say_where(app, _reached(configuration, at)))


@app.command()
def run() -> None:
    """watch and serve together."""
    from dashboard.app import create_app
    from dashboard.server import Serving

    with opened() as (configuration, database):
        model = _loaded_once(configuration)
        app = create_app(database, configuration, clock=now, model=model)
        stop = _stop_at_signal()
        with Serving(app, configuration.dashboard.host, configuration.dashboard.port) as serving:
            reached = _reached(configuration, serving.address)
            _say_where(app, reached)
            _watch(database, reached, stop, model())


def _stop_at_signal() -> threading.Event:
    """Set by SIGTERM or Ctrl-C. A second one ends the process at once."""
    stop = threading.Event()

    def end(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop


def _watch(
    database: "Database", configuration: Configuration, stop: threading.Event, model: "Classifier"
) -> None:
    from alerts import notifiers, scheduler
    from crawlers import run as crawling
    from sentiment import score as scoring

    scoring.begin(database, model, now())
    ended = scheduler.watch(
        database,
        configuration,
        score=lambda moment: scoring.keep_up(database, model, moment),
        crawl=lambda name, end: bool(crawling.attempt(database, configuration, name, patient=True, stop=end)),
        notifiers=notifiers.chosen(configuration),
        stop=stop,
        clock=now,
    )
    if not ended:
        tell("some work was cut off; it is taken up again at the next start")


def _reached(configuration: Configuration, address: str) -> Configuration:
    """With where the pages really are, when no address is configured: port 0 takes any that is free."""
    pages = configuration.dashboard
    found = pages.model_copy(update={"url": pages.url or address})
    return configuration.model_copy(update={"dashboard": found})


def _say_where(app: Any, configuration: Configuration) -> None:
    from dashboard.server import welcome_link

    address = configuration.dashboard.address
    tell(f"pages: {address}")
    if link := welcome_link(app, address):
        tell(f"nobody can log in yet; make the first user at {link}")


def _classifier_of(configuration: Configuration) -> "Classifier":
    from sentiment import classifier

    return classifier.load(configuration.sentiment)


def _loaded_once(configuration: Configuration) -> Callable[[], "Classifier"]:
    """The classifier, loaded when it is first asked for and kept: whoever only looks at pages need not wait for it."""
    lock, kept = threading.Lock(), list["Classifier"]()

    def model() -> "Classifier":
        with lock:
            if not kept:
                kept.append(_classifier_of(configuration))
            return kept[0]

    return model


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Play to the end without a person, print JSON.")
    ] = False,
) -> None:
    """Play a storm of complaints on a local replica of real sources, with everything real around it."""
    from demo import play

    if once:
        summary = play.once(tell)
        _print_json(summary)
        raise typer.Exit(0 if summary["found"] and summary["told"] else FAILED)
    play.live(tell)


# What came of it


@app.command()
def trends(
    brand: Annotated[str, typer.Option("--brand", help="Whose trends.")],
    since: Annotated[
        str | None, typer.Option("--since", help="Date or time; default four weeks ago.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="hour, day or week.")] = "day",
    form: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
) -> None:
    """Stored trends of one brand, a line per hour, day or week."""
    from storage import export as exporting
    from storage.trends import By

    _one_of("--by", by, tuple(By))
    _one_of("--format", form, ("csv", "json"))
    start = _moment("--since", since) or now() - FOUR_WEEKS
    with opened() as (_, database), database.read() as session:
        rows = list(exporting.trends(session, brand, start, now(), By(by)))
    if form == "json":
        _print_json(rows)
    elif rows:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"models": json.dumps(row["models"])} for row in rows)


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}", param_hint=option)


def _moment(option: str, text: str | None) -> datetime | None:
    """A date or time as people type it; a date alone means its first moment in the Netherlands."""
    from storage.calendar import moment_of

    try:
        return moment_of(text) if text else None
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no date; write 2026-11-01 or 2026-11-01T09:00:00Z", param_hint=option
        ) from None


@app.command()
def export(
    since: Annotated[
        str | None, typer.Option("--since", help="Only what was published from here on.")
    ] = None,
    corrected: Annotated[
        bool, typer.Option("--corrected", help="Only what people corrected, for training or measuring.")
    ] = False,
) -> None:
    """Mentions with their verdicts as JSON lines."""
    from storage import export as exporting

    start = _moment("--since", since)
    with opened() as (_, database), database.read() as session:
        for line in exporting.mentions(session, start, corrected=corrected):
            _print_json(line)


@app.command()
def erase(
    author: Annotated[str, typer.Option("--author", help="Name or id as the platform shows it.")],
) -> None:
    """Forget an author: texts and names go, counts stay, and nothing of theirs is stored again."""
    from storage import retention

    with opened() as (_, database):
        report = retention.erase(database, author, now())
    typer.echo(f"{report.done} mention(s) of this author erased")


@app.command()
def prune() -> None:
    """Blank texts older than the retention time; figures stay."""
    from storage import retention

    with opened() as (configuration, database):
        report = retention.prune(database, configuration.retention.texts, now())
    typer.echo(f"{report.done} mention(s) pruned")


def _config_first(words: list[str]) -> list[str]:
    """`--config` may stand before or behind the command."""
    for place, word in enumerate(words):
        if word == "--":
            break
        if word == "--config" and place + 1 < len(words):
            return [*words[place : place + 2], *words[:place], *words[place + 2 :]]
        if word.startswith("--config="):
            return [word, *words[:place], *words[place + 1 :]]
    return words


def main() -> None:
    """Run a command, and turn what can go wrong into one clear line and an exit status."""
    try:
        app(args=_config_first(sys.argv[1:]))
    except ConfigurationError as error:
        tell(f"{error.path}: {len(error.faults)} fault(s) in the configuration")
        for fault in error.faults:
            tell(f"  {fault}")
        sys.exit(WRONG)
    except (DatabaseError, LookupError, OSError, RuntimeError) as error:
        tell(f"klachtenradar: {error}")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
