"""The style sheet: readable in light and dark (WCAG 2.2 AA), and nothing from elsewhere."""

import re
from pathlib import Path

import pytest

import dashboard

STATIC = Path(dashboard.__file__).parent / "static"
SHEET = (STATIC / "style.css").read_text(encoding="utf-8")
PAIRS = [
    *((ink, ground) for ink in ("ink", "soft", "link") for ground in ("paper", "card")),
    *(
        (name, ground)
        for name in ("negative", "neutral", "positive", "alarm", "warn", "good")
        for ground in ("card", f"{name}-soft")
    ),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("brand-strong", "brand-soft"),
    ("ink", "alarm-soft"),
    ("ink", "warn-soft"),
    ("ink", "good-soft"),
    ("ink", "neutral-soft"),
    ("ink", "brand-soft"),
]


def _tokens(scheme: str) -> dict[str, str]:
    """The colours of a scheme; dark ones replace light ones."""
    light = SHEET[SHEET.index(":root") : SHEET.index("@media")]
    dark = SHEET[SHEET.index("@media (prefers-color-scheme: dark)") : SHEET.index("* { box-sizing")]
    found = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", light))
    return found | (dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", dark)) if scheme == "dark" else {})


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(scheme: str) -> None:
    tokens = _tokens(scheme)
    found = {pair: round(_contrast(tokens[pair[0]], tokens[pair[1]]), 2) for pair in PAIRS}
    assert {pair: contrast for pair, contrast in found.items() if contrast < 4.5} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_sentiments_stand_out_in_a_chart(scheme: str) -> None:
    tokens = _tokens(scheme)
    for name in ("negative", "neutral", "positive"):
        assert _contrast(tokens[name], tokens["card"]) >= 3


def test_nothing_is_loaded_from_elsewhere() -> None:
    ours = [STATIC / name for name in ("style.css", "charts.js", "live.js", "icons.svg", "logo.svg")]
    for path in ours:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|@import|url\(|eval\(|innerHTML", text), path


def test_vendored_files_have_their_licences_and_versions() -> None:
    table = (STATIC / "vendor" / "README.md").read_text(encoding="utf-8")
    for path in (STATIC / "vendor").iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in table


def test_every_icon_that_is_used_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    templates = (STATIC.parent / "templates").glob("*.html")
    used = {name for path in templates for name in re.findall(r'icon\("([a-z]+)"', path.read_text("utf-8"))}
    assert used
    assert used - drawn == set()


def test_every_class_that_is_styled_is_used() -> None:
    written = "\n".join(path.read_text("utf-8") for path in STATIC.parent.rglob("*.html"))
    written += (STATIC / "charts.js").read_text("utf-8") + (STATIC.parent / "blockkit.py").read_text("utf-8")
    styled = set(
        re.findall(r"\.([a-z][a-z0-9_-]*)(?=[\s.,:{>])", re.sub(r"/\*.*?\*/", "", SHEET, flags=re.DOTALL))
    )
    # Put together from values, or set by htmx and uPlot.
    made = {
        "htmx-request",
        "u-over",
        "primary",
        "danger",
        "s1",
        "s2",
        "s3",
        "s4",
        "s5",
        "critical",
        "negative",
        "neutral",
        "positive",
    }
    made |= {
        "new",
        "in_hand",
        "answered",
        "solved",
        "blocked",
        "broken",
        "format_changed",
        "empty",
        "never",
        "overdue",
    }
    made |= {
        f"on-{one}" for one in ("opened", "worse", "reopened", "failed", "resolved", "reply", "superseded")
    }
    idle = {name for name in styled - made if not re.search(rf"\b{re.escape(name)}\b", written)}
    assert idle == set()
