"""Brands and sources as rows, kept in step with the configuration."""

import hashlib
import json
from collections.abc import Sequence

from sqlmodel import Session, col, select

from storage.configuration import Configuration, SourceSettings
from storage.matching import Matcher, matcher
from storage.models import Brand, Source


class UnknownName(LookupError):
    """There is no source or brand of that name; says which there are."""


def fingerprint(settings: SourceSettings) -> str:
    """Changes when a source comes to read another place, so that its old watermark means nothing."""
    place = [settings.kind, settings.base_url, settings.brand, settings.parameters]
    return hashlib.sha256(json.dumps(place, sort_keys=True, default=str).encode()).hexdigest()


def sync(session: Session, configuration: Configuration) -> None:
    """Make the rows agree with the configuration. What is no longer configured stays, switched off."""
    brands = {brand.name: brand for brand in session.exec(select(Brand))}
    for settings in configuration.brand:
        brand = brands.setdefault(settings.name, Brand(name=settings.name))
        brand.competitor, brand.active = settings.competitor, True
    wanted = {settings.name for settings in configuration.brand}
    for name, brand in brands.items():
        brand.active = name in wanted
        session.add(brand)
    session.flush()
    _sync_sources(session, configuration.source, brands)


def _sync_sources(session: Session, wanted: Sequence[SourceSettings], brands: dict[str, Brand]) -> None:
    rows = {source.name: source for source in session.exec(select(Source))}
    for settings in wanted:
        source = rows.setdefault(
            settings.name, Source(name=settings.name, kind=settings.kind, every_seconds=1)
        )
        source.kind, source.active = settings.kind, settings.enabled
        source.every_seconds = max(1, int(settings.every.total_seconds()))
        source.brand_id = brands[settings.brand].id if settings.brand else None
        if source.fingerprint != fingerprint(settings):
            source.fingerprint, source.state, source.baseline_at = fingerprint(settings), {}, None
            source.refusals, source.blocked_until, source.state_before = 0, None, None
    for name in rows.keys() - {settings.name for settings in wanted}:
        rows[name].active = False
    session.add_all(rows.values())
    session.flush()


def source_named(session: Session, name: str) -> Source:
    source = session.exec(select(Source).where(Source.name == name)).one_or_none()
    if source is None:
        known = ", ".join(session.exec(select(Source.name).order_by(Source.name))) or "none"
        raise UnknownName(f"there is no source {name!r}; sources: {known}")
    return source


def brand_named(session: Session, name: str) -> Brand:
    brands = session.exec(select(Brand).order_by(Brand.name)).all()
    for brand in brands:
        if brand.name.casefold() == name.casefold():
            return brand
    known = ", ".join(brand.name for brand in brands) or "none"
    raise UnknownName(f"there is no brand {name!r}; brands: {known}")


def active_sources(session: Session) -> list[Source]:
    return list(session.exec(select(Source).where(col(Source.active)).order_by(Source.name)))


def active_brands(session: Session) -> list[Brand]:
    """Own brands first, then competitors, each by name."""
    return list(
        session.exec(select(Brand).where(col(Brand.active)).order_by(col(Brand.competitor), Brand.name))
    )


def matcher_of(session: Session, configuration: Configuration, source: Source) -> Matcher:
    """Finds the brand of what this source brings."""
    ids = {brand.name: brand.id for brand in session.exec(select(Brand))}
    settings = {ids[brand.name]: brand for brand in configuration.brand}
    return matcher({key: brand for key, brand in settings.items() if key is not None}, own=source.brand_id)
