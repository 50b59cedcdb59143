"""klachtenradar.toml: what it may hold, and every fault in it at once."""

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

DEFAULT_PATH = Path("klachtenradar.toml")
PATH_VARIABLE = "KLACHTENRADAR_CONFIG"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the configuration: which key, what is wrong, what to do."""

    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


class ConfigurationError(Exception):
    """The configuration cannot be used; `faults` names every reason."""

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        self.path = path
        self.faults = faults
        super().__init__(f"{path}: " + "; ".join(map(str, faults)))


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def duration(value: object) -> timedelta:
    """`"90s"`, `"30m"`, `"6h"`, `"2d"`, `"1w"` as a length of time."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('write a length of time as a number and a unit, for instance "30m", "6h" or "2d"')
    try:
        return timedelta(seconds=float(match[1]) * _UNITS[match[2]])
    except OverflowError:
        raise ValueError("that length of time is too long to be meant") from None


Duration = Annotated[timedelta, BeforeValidator(duration)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


@dataclass(frozen=True)
class QuietHours:
    """A part of each day, Dutch time, that may run past midnight."""

    start: time
    end: time

    def cover(self, clock: time) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def parse_quiet_hours(value: object) -> QuietHours | None:
    """`"22:00-07:00"` as quiet hours; an empty text means none."""
    if value is None or value == "":
        return None
    if isinstance(value, QuietHours):
        return value
    match = (
        re.fullmatch(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)", value) if isinstance(value, str) else None
    )
    try:
        if match is None:
            raise ValueError
        return QuietHours(time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4])))
    except ValueError:
        raise ValueError('write quiet hours as two times of day, for instance "22:00-07:00"') from None


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class BrandSettings(_Section):
    name: Name
    terms: tuple[Name, ...] = ()
    exclude: tuple[Name, ...] = ()
    competitor: bool = False

    @model_validator(mode="after")
    def _own_name_is_a_term(self) -> Self:
        return self if self.terms else self.model_copy(update={"terms": (self.name,)})


class SourceSettings(BaseModel):
    """One place to listen. What is not named here is a parameter of the kind, checked by the kind."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    kind: Name
    brand: Name | None = None
    every: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(weeks=5))] = timedelta(minutes=30)
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = None
    permission: bool = False
    enabled: bool = True

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.model_extra or {})

    def secret(self, name: str) -> str | None:
        """The secret `name` of this source, from the environment."""
        return secret(secret_variable(self.name, name))


class CrawlSettings(_Section):
    delay: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(minutes=10))] = timedelta(seconds=2)
    timeout: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(days=1))] = timedelta(minutes=10)
    contact: str = ""
    at_once: Annotated[int, Field(ge=1, le=32)] = 4


class SlackSettings(_Section):
    channel: str = ""
    api_url: Annotated[str, Field(pattern=r"^https?://")] = "https://slack.com/api/"


class AlertSettings(_Section):
    quiet_hours: Annotated[QuietHours | None, BeforeValidator(parse_quiet_hours)] = None
    sensitivity: Literal["fewer", "balanced", "more"] = "balanced"
    minimum: Annotated[int, Field(ge=2, le=10_000)] = 5
    silent_after: Annotated[Duration, Field(ge=timedelta(minutes=1))] = timedelta(hours=24)


class DashboardSettings(_Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8420
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = None

    @property
    def address(self) -> str:
        """Where people open the pages; stands in messages."""
        return (self.url or f"http://{self.host}:{self.port}").rstrip("/")


class SentimentSettings(_Section):
    """`model` is `embedded`, or the path or hub id of a sequence-classification model."""

    model: str = "embedded"
    labels: dict[str, Literal["negative", "neutral", "positive"]] = {}


class RetentionSettings(_Section):
    texts: Annotated[Duration, Field(ge=timedelta(days=1))] = timedelta(days=730)


class Configuration(_Section):
    """All of klachtenradar.toml."""

    database: str = "sqlite:///data/klachtenradar.db"
    language: Literal["nl"] = "nl"
    brand: tuple[BrandSettings, ...] = ()
    source: tuple[SourceSettings, ...] = ()
    crawl: CrawlSettings = CrawlSettings()
    slack: SlackSettings = SlackSettings()
    alerts: AlertSettings = AlertSettings()
    dashboard: DashboardSettings = DashboardSettings()
    sentiment: SentimentSettings = SentimentSettings()
    retention: RetentionSettings = RetentionSettings()

    def faults(self) -> Iterator[Fault]:
        """What each part allows but the whole does not."""
        yield from _twice("brand", [brand.name for brand in self.brand])
        yield from _twice("source", [source.name for source in self.source])
        if not self.brand:
            yield Fault("brand", "add at least one [[brand]] with a name and search terms")
        known = {brand.name for brand in self.brand}
        for source in self.source:
            if source.brand is not None and source.brand not in known:
                names = ", ".join(sorted(known)) or "none"
                yield Fault(
                    f"source {source.name}.brand",
                    f"there is no brand {source.brand!r}; brands in this file: {names}",
                )


def _twice(what: str, names: list[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            yield Fault(f"{what} {name}", f"this name is used twice; give every {what} its own")
        seen.add(name.casefold())


def secret_variable(source: str, name: str) -> str:
    """The environment variable that holds the secret `name` of a source."""
    slug = re.sub(r"[^A-Z0-9]", "_", source.upper())
    return f"KLACHTENRADAR_SOURCE_{slug}_{name.upper()}"


def secret(variable: str) -> str | None:
    """The value of an environment variable, or of the file that `<variable>_FILE` names."""
    if value := os.environ.get(variable):
        return value.strip()
    path = os.environ.get(f"{variable}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            Path(path),
            (Fault(f"{variable}_FILE", f"cannot be read ({error}); correct the path or its rights"),),
        ) from error


def default_path() -> Path:
    return Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


def load(path: Path) -> Configuration:
    """The configuration in `path`. Raises ConfigurationError with every fault at once.

    A relative SQLite path is taken from the folder that holds the file, so that a command means the same
    database wherever it is started.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "there is no such file; write one with `klachtenradar init`, or name one with --config"
        raise ConfigurationError(path, (Fault("file", hint),)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(path, (Fault("file", f"cannot be read: {error}"),)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(path, (Fault("TOML", str(error)),)) from error
    return _validated(path, raw)


def _validated(path: Path, raw: dict[str, Any]) -> Configuration:
    try:
        configuration = Configuration.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(path, tuple(_faults_of(error, raw))) from None
    if faults := tuple(configuration.faults()):
        raise ConfigurationError(path, faults)
    return configuration.model_copy(
        update={
            "database": _anchored(configuration.database, path.parent),
            "source": tuple(_beside(path.parent, source) for source in configuration.source),
        }
    )


def _beside(folder: Path, source: SourceSettings) -> SourceSettings:
    """The source with its file, if it reads one, taken from `folder`, whoever starts the command where."""
    place = source.parameters.get("path")
    if not isinstance(place, str) or not place.strip() or "\0" in place:
        return source
    return source.model_copy(update={"path": str(folder.resolve() / Path(place.strip()))})


def _anchored(url: str, folder: Path) -> str:
    prefix = "sqlite:///"
    place = url.removeprefix(prefix)
    if not url.startswith(prefix) or place in ("", ":memory:") or Path(place).is_absolute():
        return url
    return f"{prefix}{folder.resolve() / place}"


_PLAIN_WORDS = {
    "missing": "is missing; add it",
    "extra_forbidden": "is not a known key; correct its spelling or remove it",
}


def _faults_of(error: ValidationError, raw: dict[str, Any]) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        message = _PLAIN_WORDS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
        yield Fault(_key(detail["loc"], raw), message)


def _key(place: tuple[int | str, ...], raw: dict[str, Any]) -> str:
    """`source snelveld-apple.every` rather than `source.3.every`."""
    parts = [str(part) for part in place]
    if len(place) >= 2 and isinstance(place[1], int):
        try:
            name = raw[parts[0]][place[1]].get("name")
        except (AttributeError, IndexError, KeyError, TypeError):
            name = None
        head = f"{parts[0]} {name}" if name else f"{parts[0]} number {place[1] + 1}"
        return ".".join([head, *parts[2:]])
    return ".".join(parts)
