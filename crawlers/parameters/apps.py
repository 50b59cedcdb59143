"""Parameters of the app stores."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from crawlers.parameters.types import Parameters


def _app(value: object) -> str:
    found = str(value).strip().removeprefix("id") if isinstance(value, int | str) else ""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,20}", found):
        raise ValueError('write the digits after "id" in the app\'s address in the store: "987654321"')
    return found


def _country(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2}", value.lower()):
        raise ValueError('write the store\'s country as two letters: "nl", or "be" for Flanders')
    return value.lower()


def _package(value: str) -> str:
    found = value.strip()
    if not re.fullmatch(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+", found, re.ASCII) or len(found) > 150:
        raise ValueError('write what follows "id=" in the app\'s address in Google Play: "nl.snelveld.app"')
    return found


Package = Annotated[str, AfterValidator(_package)]


def _reviewers(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2}", value.lower()):
        raise ValueError('write one language as two letters: "nl"; for another one, add another source')
    return value.lower()


class AppleParameters(Parameters):
    """An app in the store of one country."""

    app_id: Annotated[str, BeforeValidator(_app)]
    country: Annotated[str, AfterValidator(_country)] = "nl"


class PlayParameters(Parameters):
    """An app in Google Play: the reviews in one language, as seen from one country."""

    package: Package
    language: Annotated[str, AfterValidator(_reviewers)] = "nl"
    country: Annotated[str, AfterValidator(_country)] = "nl"


_CODES = """
at:AUT be:BEL bg:BGR ch:CHE cy:CYP cz:CZE de:DEU dk:DNK ee:EST es:ESP fi:FIN fr:FRA gb:GBR gr:GRC hr:HRV hu:HUN ie:IRL
is:ISL it:ITA lt:LTU lu:LUX lv:LVA mt:MLT nl:NLD no:NOR pl:POL pt:PRT ro:ROU se:SWE si:SVN sk:SVK sr:SUR tr:TUR ua:UKR
us:USA
"""
TERRITORIES: dict[str, str] = dict(pair.split(":") for pair in _CODES.split())
"""How App Store Connect writes countries (ISO 3166-1): those of Europe, and where else Dutch is spoken most."""


def _territory(value: str) -> str:
    found = value.strip().lower()
    if found not in TERRITORIES and not re.fullmatch(r"[a-z]{3}", found):
        raise ValueError(
            'write the store\'s country: "nl", "be" for Flanders, or three letters such as "JPN"'
        )
    return found


class AppStoreConnectParameters(Parameters):
    """An app of one's own, and the store of one country."""

    app_id: Annotated[str, BeforeValidator(_app)]
    country: Annotated[str, AfterValidator(_territory)] = "nl"

    @property
    def territory(self) -> str:
        """The country as App Store Connect writes it."""
        return TERRITORIES.get(self.country, self.country.upper())


class PlayDeveloperParameters(Parameters):
    """An app of one's own in Google Play."""

    package: Package
