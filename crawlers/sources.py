"""The kinds of source: what each needs, what its terms say, and which spider reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from crawlers.parameters.apps import (
    AppleParameters,
    AppStoreConnectParameters,
    PlayDeveloperParameters,
    PlayParameters,
)
from crawlers.parameters.files import CsvParameters
from crawlers.parameters.forums import DiscourseParameters, PhpbbParameters, TweakersParameters
from crawlers.parameters.pages import FeedParameters, SchemaOrgParameters, SitemapParameters
from crawlers.parameters.reviews import (
    FeedbackCompanyParameters,
    GoogleBusinessParameters,
    KiyohParameters,
    TrustedShopsParameters,
    TrustpilotApiParameters,
    TrustpilotParameters,
    WebwinkelKeurParameters,
)
from crawlers.parameters.social import (
    BlueskyParameters,
    MastodonParameters,
    MetaPageParameters,
    RedditParameters,
    XParameters,
    YoutubeParameters,
)
from crawlers.parameters.types import Parameters
from storage.configuration import Configuration, Fault, SourceSettings, secret_variable


@dataclass(frozen=True)
class Source:
    """One kind of source.

    `spider` is where its spider is found, loaded only when it runs. `home` is the scheme and host that
    `base_url` replaces; None where the parameters hold whole addresses or the base address itself is one.
    `secrets` are read from the environment; without the `optional_secrets` less can be read. Of the `ways`
    to sign in, each with its secrets, one is enough; an earlier one is preferred.
    `multiline_secrets` are those among them that are more than one line, such as a private key.
    The posts of a `dated` kind always have a time: one without is odd, none with one means that the form changed.
    Pages of a kind that shows what came `lately`, not all that stands there, are longer and shorter by turns.
    """

    parameters: type[Parameters]
    spider: str
    terms: str
    home: str | None = None
    needs_permission: bool = False
    needs_base_url: bool = False
    secrets: tuple[str, ...] = ()
    optional_secrets: tuple[str, ...] = ()
    ways: tuple[tuple[str, ...], ...] = ()
    multiline_secrets: tuple[str, ...] = ()
    dated: bool = True
    lately: bool = False

    @property
    def every_secret(self) -> tuple[str, ...]:
        """The names of all secrets that this kind may be given."""
        return tuple(dict.fromkeys((*self.secrets, *self.optional_secrets, *chain(*self.ways))))


SOURCES: dict[str, Source] = {
    "trustpilot_web": Source(
        TrustpilotParameters,
        "crawlers.spiders.trustpilot_web.TrustpilotSpider",
        "Trustpilot's terms forbid automated reading of its pages without permission.",
        home="https://nl.trustpilot.com",
        needs_permission=True,
    ),
    "trustpilot_api": Source(
        TrustpilotApiParameters,
        "crawlers.spiders.trustpilot_api.TrustpilotApiSpider",
        "Trustpilot's own interface, with the key of a business account that has it.",
        home="https://api.trustpilot.com",
        secrets=("api_key",),
        lately=True,
    ),
    "webwinkelkeur": Source(
        WebwinkelKeurParameters,
        "crawlers.spiders.webwinkelkeur.WebwinkelKeurSpider",
        "WebwinkelKeur's own interface, with the code of the shop, for the shop's own ratings.",
        home="https://dashboard.webwinkelkeur.nl",
        secrets=("code",),
    ),
    "trusted_shops": Source(
        TrustedShopsParameters,
        "crawlers.spiders.trusted_shops.TrustedShopsSpider",
        "Trusted Shops' own interface, with the shop's client, for the shop's own reviews.",
        secrets=("client_id", "client_secret"),
        lately=True,
    ),
    "feedback_company": Source(
        FeedbackCompanyParameters,
        "crawlers.spiders.feedback_company.FeedbackCompanySpider",
        "Feedback Company's own interface, with the shop's client, for the shop's own reviews.",
        home="https://www.feedbackcompany.com",
        secrets=("client_id", "client_secret"),
    ),
    "kiyoh": Source(
        KiyohParameters,
        "crawlers.spiders.kiyoh.KiyohSpider",
        "The platform's own interface, with the customer's token, for the customer's own locations.",
        ways=(("token",), ("hash",)),
        lately=True,
    ),
    "google_business": Source(
        GoogleBusinessParameters,
        "crawlers.spiders.google_business.GoogleBusinessSpider",
        "Google's own interface, for places that the customer owns; Google grants access for each project.",
        home="https://mybusiness.googleapis.com",
        ways=(("client_id", "client_secret", "refresh_token"), ("access_token",)),
    ),
    "apple_app": Source(
        AppleParameters,
        "crawlers.spiders.apple_app.AppleSpider",
        "An open feed by Apple without published terms; twice a day is enough.",
        home="https://itunes.apple.com",
    ),
    "app_store_connect": Source(
        AppStoreConnectParameters,
        "crawlers.spiders.app_store_connect.AppStoreConnectSpider",
        "Apple's own interface, for the customer's own apps.",
        home="https://api.appstoreconnect.apple.com",
        secrets=("issuer_id", "key_id", "private_key"),
        multiline_secrets=("private_key",),
    ),
    "google_play": Source(
        PlayParameters,
        "crawlers.spiders.google_play.PlaySpider",
        "Google's terms do not allow it expressly; for an app of your own, play_developer is the official way.",
        home="https://play.google.com",
    ),
    "play_developer": Source(
        PlayDeveloperParameters,
        "crawlers.spiders.play_developer.PlayDeveloperSpider",
        "Google's own interface, for the customer's own apps.",
        home="https://androidpublisher.googleapis.com",
        ways=(("service_account",), ("client_id", "client_secret", "refresh_token"), ("access_token",)),
        multiline_secrets=("service_account",),
        lately=True,
    ),
    "mastodon": Source(
        MastodonParameters,
        "crawlers.spiders.mastodon.MastodonSpider",
        "An open interface; each instance has rules of its own, and authors can ask not to be indexed.",
        needs_base_url=True,
        optional_secrets=("token",),
    ),
    "feed": Source(
        FeedParameters,
        "crawlers.spiders.feed.FeedSpider",
        "Feeds are meant for readers; Google News limits its feed to personal reading.",
        dated=False,
    ),
    "schema_org": Source(
        SchemaOrgParameters,
        "crawlers.spiders.schema_org.SchemaOrgSpider",
        "Depends on the site; read its terms before you add it.",
        dated=False,
    ),
    "reddit": Source(
        RedditParameters,
        "crawlers.spiders.reddit.RedditSpider",
        "Reddit's feeds are for readers; its API asks for an approved app, and a contract for commercial use.",
        home="https://www.reddit.com",
        optional_secrets=("client_id", "client_secret"),
    ),
    "bluesky": Source(
        BlueskyParameters,
        "crawlers.spiders.bluesky.BlueskySpider",
        "An open interface for anyone with an account; make an app password for it.",
        home="https://bsky.social",
        secrets=("identifier", "password"),
    ),
    "x": Source(
        XParameters,
        "crawlers.spiders.x.XSpider",
        "X's interface is paid for by the post; what its authors delete must be removed here too.",
        home="https://api.x.com",
        secrets=("token",),
        lately=True,
    ),
    "youtube": Source(
        YoutubeParameters,
        "crawlers.spiders.youtube.YoutubeSpider",
        "A free key with a daily quota; read YouTube's developer policies before you keep comments for long.",
        home="https://www.googleapis.com",
        secrets=("key",),
        lately=True,
    ),
    "meta_page": Source(
        MetaPageParameters,
        "crawlers.spiders.meta_page.MetaPageSpider",
        "Only for pages that are your own, with permissions that Meta gives after a review of the app.",
        home="https://graph.facebook.com",
        secrets=("token",),
    ),
    "sitemap": Source(
        SitemapParameters,
        "crawlers.spiders.sitemap.SitemapSpider",
        "Depends on the site; read its terms before you add it.",
        dated=False,
        lately=True,
    ),
    "discourse": Source(
        DiscourseParameters,
        "crawlers.spiders.discourse.DiscourseSpider",
        "A forum's own rules hold; Discourse gives its public posts as JSON to everybody.",
        needs_base_url=True,
        lately=True,
    ),
    "phpbb": Source(
        PhpbbParameters,
        "crawlers.spiders.phpbb.PhpbbSpider",
        "A forum's own rules hold; of the Radar forum they were not checked.",
        needs_base_url=True,
        lately=True,
    ),
    "tweakers_forum": Source(
        TweakersParameters,
        "crawlers.spiders.tweakers_forum.TweakersForumSpider",
        "The feeds are meant for readers; the terms for pages were not checked.",
        home="https://gathering.tweakers.net",
        dated=False,
        lately=True,
    ),
    "csv": Source(
        CsvParameters,
        "crawlers.spiders.csv.CsvSpider",
        "A file of your own; what it holds is yours to account for.",
        dated=False,
        lately=True,
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
        yield Fault(f"{place}.base_url", 'is missing; write the address of the site: "https://mastodon.nl"')
    try:
        parameters_of(settings)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            yield _in_the_open(settings, source, detail) or _fault(place, detail)


def _in_the_open(settings: SourceSettings, source: Source, detail: Any) -> Fault | None:
    """A secret that stands in the configuration, where it could be read by whoever reads that."""
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if name not in source.every_secret:
        return None
    variable = secret_variable(settings.name, name)
    message = f"is a secret and does not belong in this file; remove it and set the variable {variable}"
    return Fault(f"source {settings.name}.{name}", message)


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
    """The hosts that reading this source asks, in order; none for a file, or when not configured well.

    As robots.txt has it (RFC 9309, 2.3) a port that the scheme does not give is a host of its own. `www.` is not.
    """
    source = SOURCES.get(settings.kind)
    if source is None:
        return ()
    fixed = settings.base_url or source.home
    raw = settings.parameters
    addresses = [fixed] if fixed else [raw.get("url"), *(_as_list(raw.get("urls"))), *_homes(settings)]
    return tuple(sorted({host for address in addresses if (host := _host(address))}))


def _homes(settings: SourceSettings) -> tuple[str, ...]:
    try:
        return parameters_of(settings).homes()
    except ValidationError:
        return ()


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


_PORTS = {"http": 80, "https": 443}


def _host(address: object) -> str | None:
    try:
        parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
        name, port = (parts.hostname or "").removeprefix("www.").rstrip("."), parts.port
    except ValueError:
        return None
    return f"{name}:{port}" if port and port != _PORTS.get(parts.scheme) else name or None
