"""Parameters of the app stores."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from crawlers.parameters.types import Parameters


def _app(value: object) -> str:
    found = str(value).strip().removeprefix("id") if isinstance(value, int | str) else ""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{3,20}", found):
        raise ValueError('write the digits after "id" in the app\'s address in the store: "987654321"')
    return found


def _country(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2}", value.lower()):
        raise ValueError('write the store\'s country as two letters: "nl", or "be" for Flanders')
    return value.lower()


class AppleParameters(Parameters):
    """An app in the store of one country."""

    app_id: Annotated[str, BeforeValidator(_app)]
    country: Annotated[str, AfterValidator(_country)] = "nl"
