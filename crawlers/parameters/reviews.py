"""Parameters of the review sites."""

import re
from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from crawlers.parameters.types import MOST_PAGES, Parameters, Several, Tongue


def _domain(value: str) -> str:
    found = value.strip().lower()
    if not re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", found):
        raise ValueError('write the domain as Trustpilot has it, without https:// or a path: "snelveld.nl"')
    return found


class TrustpilotParameters(Parameters):
    """A company's page. `languages` are read one after another; `pages` of 20 reviews each."""

    domain: Annotated[str, AfterValidator(_domain)]
    languages: Annotated[tuple[Tongue, ...], Several, Field(min_length=1)] = ("all",)
    pages: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 10


def _unit(value: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z]{1,64}", value.strip()):
        raise ValueError("write the id that Trustpilot gives, 24 letters and digits, or give domain instead")
    return value.strip()


class TrustpilotApiParameters(Parameters):
    """A company by its `domain`, or by the id of its `business_unit` when that is known."""

    domain: Annotated[str, AfterValidator(_domain)] | None = None
    business_unit: Annotated[str, AfterValidator(_unit)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.domain is None) == (self.business_unit is None):
            raise ValueError("write either domain or business_unit")
        return self


KIYOH_SITES = {"kiyoh": "https://www.kiyoh.com", "klantenvertellen": "https://www.klantenvertellen.nl"}


def _location(value: object) -> str:
    found = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[\w-]{1,100}", found):
        raise ValueError(
            'write the location id as the platform gives it: "1064405", or "OID-" and what follows'
        )
    return found


class KiyohParameters(Parameters):
    """A location of the customer. Kiyoh and Klantenvertellen are two names, `tenant`, of one platform."""

    location_id: Annotated[str, BeforeValidator(_location)]
    tenant: Literal["kiyoh", "klantenvertellen"] = "kiyoh"

    def homes(self) -> tuple[str, ...]:
        return (KIYOH_SITES[self.tenant],)


def _digits(value: object) -> str:
    found = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[0-9]{1,20}", found):
        raise ValueError('write the number that the platform gives: "1234"')
    return found


class WebwinkelKeurParameters(Parameters):
    """A shop by its number at WebwinkelKeur."""

    shop_id: Annotated[str, BeforeValidator(_digits)]


def _named(what: str) -> Callable[[object], str]:
    """A validator that takes the digits of an id, also at the end of a name such as accounts/1/locations/2."""

    def digits(value: object) -> str:
        written = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
        match = re.fullmatch(rf"(?:accounts/[0-9]{{1,30}}/)?(?:{what}s/)?([0-9]{{1,30}})", written)
        if match is None:
            raise ValueError(
                f'write the digits after "{what}s/" in the name that Google gives it: "1029384756"'
            )
        return match[1]

    return digits


class GoogleBusinessParameters(Parameters):
    """Places that the customer owns and has verified, and the account that they are under."""

    account: Annotated[str, BeforeValidator(_named("account"))]
    locations: Annotated[
        tuple[Annotated[str, BeforeValidator(_named("location"))], ...],
        Several,
        Field(min_length=1, max_length=100),
    ]


ETRUSTED_API = "https://api.etrusted.com"
ETRUSTED_LOGIN = "https://login.etrusted.com"


def _channel(value: str) -> str:
    if not re.fullmatch(r"[\w-]{1,100}", value.strip()):
        raise ValueError('write a channel as Trusted Shops has it: "chl-" and what follows')
    return value.strip()


class TrustedShopsParameters(Parameters):
    """A shop's account; `channels` are its shops and languages, all of them when none is named."""

    channels: Annotated[
        tuple[Annotated[str, AfterValidator(_channel)], ...], Several, Field(max_length=100)
    ] = ()

    def homes(self) -> tuple[str, ...]:
        return (ETRUSTED_API, ETRUSTED_LOGIN)


class FeedbackCompanyParameters(Parameters):
    """The client says which shop it is; there is nothing else to tell."""
