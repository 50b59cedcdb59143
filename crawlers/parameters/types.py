"""What a kind of source needs to know, checked: the types that several kinds share."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

MOST_PAGES = 50


class Parameters(BaseModel):
    """What a kind needs to know, checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def homes(self) -> tuple[str, ...]:
        """The sites (scheme and host) that are asked, where these depend on a parameter or are several."""
        return ()

    def secrets(self) -> tuple[str, ...]:
        """Those of the secrets that a kind can do without which these parameters need."""
        return ()

    def confidential(self) -> tuple[str, ...]:
        """What of the parameters themselves must stand in no log."""
        return ()


def several(value: object) -> object:
    """One text where a list is meant."""
    return [value] if isinstance(value, str) else value


def _tongue(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2}|all", value):
        raise ValueError('write a language as two small letters, such as "nl" or "en", or write "all"')
    return value


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
Several = BeforeValidator(several)
"""For a list of which one may be written by itself."""
