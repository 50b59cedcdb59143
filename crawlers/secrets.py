"""What only a source may see: read from the environment, handed to its crawl on stdin, kept out of every log."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from pydantic import ValidationError

from crawlers.job import Job
from crawlers.sources import SOURCES, Source, parameters_of
from storage.configuration import Configuration, ConfigurationError, Fault, SourceSettings, secret_variable

SHORTEST_CONCEALED = 4
"""Characters. Anything shorter would blot out ordinary words, and is no key."""
BLOT = "[secret]"


def secrets_of(settings: SourceSettings) -> dict[str, str]:
    """The secrets of a source that are set, by name. Raises ConfigurationError for a file that cannot be read."""
    source = SOURCES.get(settings.kind)
    names = source.every_secret if source else ()
    return {name: value for name in names if (value := settings.secret(name))}


def faults(configuration: Configuration) -> tuple[Fault, ...]:
    """Every secret that the enabled sources miss. The others can be read all the same."""
    return tuple(
        fault for settings in configuration.source if settings.enabled for fault in missing(settings)
    )


def missing(settings: SourceSettings) -> Iterator[Fault]:
    """What is wrong with the secrets of one source."""
    source = SOURCES.get(settings.kind)
    if source is None:
        return
    try:
        known = secrets_of(settings)
    except ConfigurationError as error:
        yield from error.faults
        return
    # Those that a source can do without go together: half of them opens nothing.
    extra = (
        source.optional_secrets
        if any(name in known for name in source.optional_secrets)
        else _needed(settings)
    )
    chosen = way(source, known)
    instead = [_variables(settings.name, one) for one in source.ways if one != chosen]
    for name in (*source.secrets, *chosen, *extra):
        variable = secret_variable(settings.name, name)
        value = known.get(name)
        if value is None:
            advice = (
                f"is missing; set the variable {variable}, or {variable}_FILE to the path of a file with it"
            )
            if name in chosen:
                advice = "; or sign in with ".join([advice, *instead])
            yield Fault(f"source {settings.name}.{name}", advice)
        elif name not in source.multiline_secrets and not (value.isascii() and value.isprintable()):
            yield Fault(variable, "holds characters that no key has; copy it again, as one line")


def _needed(settings: SourceSettings) -> tuple[str, ...]:
    """The secrets that a source could do without, but not with these parameters."""
    try:
        return parameters_of(settings).secrets()
    except ValidationError:
        return ()


def variables(job: Job) -> str:
    """The environment variables that hold the secrets of a crawl, to say which ones to check."""
    source = SOURCES[job.kind]
    names = (*source.secrets, *way(source, job.secrets), *source.optional_secrets)
    return _variables(job.name, [name for name in names if name in job.secrets])


def _variables(source: str, names: Iterable[str]) -> str:
    return ", ".join(secret_variable(source, name) for name in names)


def way(source: Source, known: Collection[str]) -> tuple[str, ...]:
    """The secrets of the way to sign in that is complete, or of which most is known; an earlier way goes first."""
    return max(source.ways, key=lambda names: sum(name in known for name in names) / len(names), default=())


def conceal(secrets: Mapping[str, str], more: Collection[str] = ()) -> None:
    """Let no handler of this process write one of these, also not a secret that is added later."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(Concealing(handler.formatter or logging.Formatter(), secrets, more))


class Concealing(logging.Formatter):
    """Writes as another formatter does, with a blot for each secret, also inside addresses and tracebacks."""

    def __init__(
        self, inner: logging.Formatter, secrets: Mapping[str, str], more: Collection[str] = ()
    ) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = secrets
        self._more = more

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        forms = {
            form
            for value in (*self._secrets.values(), *self._more)
            for form in (value, quote(value, safe=""), quote_plus(value))
        }
        for form in sorted(forms, key=len, reverse=True):
            if len(form) >= SHORTEST_CONCEALED:
                line = line.replace(form, BLOT)
        return line
