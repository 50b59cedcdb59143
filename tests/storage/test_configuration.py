"""The configuration is read whole, or every fault in it is named."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from storage import configuration
from storage.configuration import ConfigurationError, QuietHours, SourceSettings

GOOD = """
database = "sqlite:///data/radar.db"
[[brand]]
name = "Snelveld"
terms = ["snelveld", "@snelveld"]
[[source]]
name = "snelveld-app"
kind = "apple_app"
brand = "Snelveld"
every = "90s"
app_id = 123
[alerts]
quiet_hours = "22:00-07:00"
"""


def _load(tmp_path: Path, text: str) -> configuration.Configuration:
    path = tmp_path / "klachtenradar.toml"
    path.write_text(text, encoding="utf-8")
    return configuration.load(path)


def _faults(tmp_path: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, text)
    return {fault.key: fault.message for fault in caught.value.faults}


def test_a_good_file_is_read(tmp_path: Path) -> None:
    loaded = _load(tmp_path, GOOD)
    assert loaded.source[0].every == timedelta(seconds=90)
    assert loaded.source[0].parameters == {"app_id": 123}
    assert loaded.alerts.quiet_hours == QuietHours(time(22), time(7))
    assert loaded.database == f"sqlite:///{tmp_path}/data/radar.db"


def test_every_fault_is_named_at_once_with_its_key(tmp_path: Path) -> None:
    text = GOOD.replace('"90s"', '"soon"').replace("22:00-07:00", "laat") + '[slack]\nchanel = "#x"\n'
    assert _faults(tmp_path, text) == {
        "source snelveld-app.every": 'write a length of time as a number and a unit, for instance "30m", '
        '"6h" or "2d"',
        "alerts.quiet_hours": 'write quiet hours as two times of day, for instance "22:00-07:00"',
        "slack.chanel": "is not a known key; correct its spelling or remove it",
    }


def test_a_source_of_an_unknown_brand_is_refused(tmp_path: Path) -> None:
    faults = _faults(tmp_path, GOOD.replace('brand = "Snelveld"', 'brand = "Snelvelt"'))
    assert "brands in this file: Snelveld" in faults["source snelveld-app.brand"]


def test_a_name_used_twice_is_refused(tmp_path: Path) -> None:
    again = '[[source]]\nname = "Snelveld-App"\nkind = "feed"\n'
    assert "source Snelveld-App" in _faults(tmp_path, GOOD + again)


def test_a_file_without_brands_says_what_to_add(tmp_path: Path) -> None:
    assert "[[brand]]" in _faults(tmp_path, "")["brand"]


def test_broken_toml_says_where(tmp_path: Path) -> None:
    assert "line 2" in _faults(tmp_path, "a = 1\nb = = 2")["TOML"]


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="klachtenradar init"):
        configuration.load(tmp_path / "nowhere.toml")


def test_quiet_hours_may_run_past_midnight() -> None:
    night = QuietHours(time(22), time(7))
    assert [night.cover(time(hour)) for hour in (21, 22, 23, 0, 6, 7, 12)] == [
        False, True, True, True, True, False, False,
    ]  # fmt: skip


def test_a_secret_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SourceSettings(name="snelveld-kiyoh", kind="kiyoh")
    assert source.secret("token") is None
    (tmp_path / "token").write_text("uit-een-bestand\n")
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_SNELVELD_KIYOH_TOKEN_FILE", str(tmp_path / "token"))
    assert source.secret("token") == "uit-een-bestand"
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_SNELVELD_KIYOH_TOKEN", "direct")
    assert source.secret("token") == "direct"
