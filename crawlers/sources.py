"""The kinds of source: what each needs, what its terms say, and which spider reads it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from storage.configuration import Configuration, Fault, SourceSettings

MOST_PAGES = 50


class Parameters(BaseModel):
    """What a kind needs to know, checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _several(value: object) -> object:
    """One text where a list is meant."""
    return [value] if isinstance(value, str) else value


def _domain(value: str) -> str:
    found = value.strip().lower()
    if not re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", found):
        raise ValueError('write the domain as Trustpilot has it, without https:// or a path: "snelveld.nl"')
    return found


def _tongue(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2}|all", value):
        raise ValueError('write a language as two small letters, such as "nl" or "en", or write "all"')
    return value


def _app(value: object) -> str:
    found = str(value).strip().removeprefix("id") if isinstance(value, int | str) else ""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{3,20}", found):
        raise ValueError('write the digits after "id" in the app\'s address in the store: "987654321"')
    return found


def _country(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2}", value.lower()):
        raise ValueError('write the store\'s country as two letters: "nl", or "be" for Flanders')
    return value.lower()


def _hashtag(value: str) -> str:
    found = value.strip().removeprefix("#")
    if not re.fullmatch(r"\w{1,100}", found) or found.isdigit():
        raise ValueError(
            f'"{value[:50]}" is not one hashtag; write words without spaces, each spelling apart: "snelveld"'
        )
    return found


def _address(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", value.strip()) or len(value) > 2_000:
        raise ValueError("write a whole address that begins with https://")
    return value.strip()


Tongue = Annotated[str, AfterValidator(_tongue)]
Address = Annotated[str, AfterValidator(_address)]


class TrustpilotParameters(Parameters):
    """A company's page. `languages` are read one after another; `pages` of 20 reviews each."""

    domain: Annotated[str, AfterValidator(_domain)]
    languages: Annotated[tuple[Tongue, ...], BeforeValidator(_several), Field(min_length=1)] = ("nl",)
    pages: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 10


class AppleParameters(Parameters):
    """An app in the store of one country."""

    app_id: Annotated[str, BeforeValidator(_app)]
    country: Annotated[str, AfterValidator(_country)] = "nl"


class MastodonParameters(Parameters):
    """Hashtags on one instance. Posts in other `languages` are left out, those that state none are kept."""

    hashtags: Annotated[
        tuple[Annotated[str, AfterValidator(_hashtag)], ...],
        BeforeValidator(_several),
        Field(min_length=1, max_length=50),
    ]
    languages: Annotated[tuple[Tongue, ...], BeforeValidator(_several)] = ("nl",)
    bots: bool = False


class FeedParameters(Parameters):
    """One RSS or Atom feed."""

    url: Address


class SchemaOrgParameters(Parameters):
    """Pages with reviews marked up for search engines."""

    urls: Annotated[tuple[Address, ...], BeforeValidator(_several), Field(min_length=1, max_length=100)]


@dataclass(frozen=True)
class Source:
    """One kind of source.

    `spider` is where its spider is found, loaded only when it runs. `home` is the scheme and host that
    `base_url` replaces; None where the parameters hold whole addresses or the base address itself is one.
    """

    parameters: type[Parameters]
    spider: str
    terms: str
    home: str | None = None
    needs_permission: bool = False
    needs_base_url: bool = False


SOURCES: dict[str, Source] = {
    "trustpilot_web": Source(
        TrustpilotParameters,
        "crawlers.spiders.trustpilot_web.TrustpilotSpider",
        "Trustpilot's terms forbid automated reading of its pages without permission.",
        home="https://nl.trustpilot.com",
        needs_permission=True,
    ),
    "apple_app": Source(
        AppleParameters,
        "crawlers.spiders.apple_app.AppleSpider",
        "An open feed by Apple without published terms; twice a day is enough.",
        home="https://itunes.apple.com",
    ),
    "mastodon": Source(
        MastodonParameters,
        "crawlers.spiders.mastodon.MastodonSpider",
        "An open interface; each instance has rules of its own, and authors can ask not to be indexed.",
        needs_base_url=True,
    ),
    "feed": Source(
        FeedParameters,
        "crawlers.spiders.feed.FeedSpider",
        "Feeds are meant for readers; Google News limits its feed to personal reading.",
    ),
    "schema_org": Source(
        SchemaOrgParameters,
        "crawlers.spiders.schema_org.SchemaOrgSpider",
        "Depends on the site; read its terms before you add it.",
    ),
}


def parameters_of(settings: SourceSettings) -> Parameters:
    """The checked parameters of a source of a known kind. Raises pydantic.ValidationError."""
    return SOURCES[settings.kind].parameters.model_validate(settings.parameters)


def faults(configuration: Configuration) -> tuple[Fault, ...]:
    """Everything that is wrong with the configured sources, all at once, also with those that are switched off."""
    return tuple(fault for settings in configuration.source for fault in faults_of(settings))


def faults_of(settings: SourceSettings) -> Iterator[Fault]:
    """Everything that is wrong with one source."""
    place = f"source {settings.name}"
    source = SOURCES.get(settings.kind)
    if source is None:
        yield Fault(
            f"{place}.kind", f"there is no kind {settings.kind!r}; write one of: {', '.join(SOURCES)}"
        )
        return
    if source.needs_base_url and settings.base_url is None:
        yield Fault(f"{place}.base_url", 'is missing; write the instance to read: "https://mastodon.nl"')
    try:
        parameters_of(settings)
    except ValidationError as error:
        yield from (_fault(place, detail) for detail in error.errors(include_url=False, include_input=False))


def without_permission(configuration: Configuration) -> tuple[Fault, ...]:
    """The sources that stay off because their site's terms ask for a permission that is not given.

    Nothing is wrong with them: the others are read all the same, and each crawl of these says why it is blocked.
    """
    enabled = (settings for settings in configuration.source if settings.enabled)
    return tuple(missing for settings in enabled if (missing := permission_missing(settings)))


def permission_missing(settings: SourceSettings) -> Fault | None:
    """Why a source may not be read, None when it may."""
    source = SOURCES.get(settings.kind)
    if source is None or not source.needs_permission or settings.permission:
        return None
    return Fault(f"source {settings.name}.permission", f"{source.terms} {_PERMISSION}")


_PERMISSION = "Write permission = true once you have it, or enabled = false to leave the source out."
_PLAIN_WORDS = {
    "missing": "is missing; add it",
    "extra_forbidden": "is not a parameter of this kind; correct its spelling or remove it",
    "too_short": "is empty; write at least one",
    "string_type": "write a text between quotes",
    "tuple_type": 'write a list of texts: ["…", "…"]',
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
}


def _fault(place: str, detail: Any) -> Fault:
    key = ".".join([place, *(str(part) for part in detail["loc"])])
    message = _PLAIN_WORDS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    return Fault(key, message)


def hosts(settings: SourceSettings) -> tuple[str, ...]:
    """The servers (host and port) that reading this source asks, in order; none when not configured well."""
    source = SOURCES.get(settings.kind)
    if source is None:
        return ()
    fixed = settings.base_url or source.home
    raw = settings.parameters
    addresses = [fixed] if fixed else [raw.get("url"), *(_as_list(raw.get("urls")))]
    return tuple(sorted({host for address in addresses if (host := _host(address))}))


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _host(address: object) -> str | None:
    try:
        return urlsplit(address).netloc.lower() or None if isinstance(address, str) else None
    except ValueError:
        return None
