"""A report on a model as tables for people."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sentiment.evaluate import ClassScore, Interval, Score
from sentiment.measure import LABELS, Certainty, Mistake, Report

LONGEST = 200
"""Characters of a text that are shown."""
ENOUGH = 10
"""Texts; to draw from fewer again and again says nothing of others like them."""


def tables(report: Report) -> Iterator[RenderableType]:
    """Everything measured, one table after the other."""
    texts = "1 labelled text" if report.texts == 1 else f"{report.texts} labelled texts"
    yield Text(
        f"{report.model} on {texts}; in brackets 95 % bootstrap intervals, where there are {ENOUGH} texts"
    )
    if report.sentiment:
        yield _by_source("sentiment by source", report.sentiment)
        if report.two_classes:
            yield _by_source("negative or positive, neutral left out", report.two_classes)
        yield _classes("sentiment", report.sentiment[0].classes)
        yield _confusion(report)
    if report.certainty is not None:
        yield Text(_doubt(report.certainty))
    if report.themes is not None:
        title = (
            f"themes, macro-F1 {_figure(report.themes.macro_f1, report.themes.interval, report.themes.rows)}"
        )
        yield _classes(title, report.themes.themes) if _any(report.themes.themes) else _none_of("themes")
    if report.signals:
        yield _classes("signals", report.signals) if _any(report.signals) else _none_of("signals")
    if report.mistakes:
        yield _mistakes(report.mistakes)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=Text(title), title_justify="left")
    for place, name in enumerate(columns):
        table.add_column(Text(name), justify="right" if place else "left")
    return table


def _by_source(title: str, scores: Sequence[Score]) -> Table:
    table = _table(title, "source", "texts", "accuracy", "macro-F1")
    for score in scores:
        table.add_row(
            Text(plain(score.name)),
            str(score.rows),
            Text(_figure(score.accuracy, score.accuracy_interval, score.rows)),
            Text(_figure(score.macro_f1, score.interval, score.rows)),
        )
    return table


def _classes(title: str, scores: Sequence[ClassScore]) -> Table:
    table = _table(title, "label", "texts", "precision", "recall", "F1")
    for one in scores:
        recall, f1 = f"{one.recall:.3f}", _figure(one.f1, one.interval, one.rows)
        figures = (f"{one.precision:.3f}", recall, f1) if one.rows else ("-", "-", "-")
        table.add_row(one.label, str(one.rows), *(Text(figure) for figure in figures))
    return table


def _doubt(certainty: Certainty) -> str:
    line = f"expected calibration error {certainty.calibration_error:.3f}"
    if certainty.accuracy_unsure is None:
        return f"{line}; no verdict is unsure"
    right = f"{certainty.unsure:.1%} of the verdicts are unsure, {certainty.accuracy_unsure:.1%} of those are right"
    rest = "" if certainty.accuracy_sure is None else f", {certainty.accuracy_sure:.1%} of the others"
    return f"{line}; {right}{rest}"


def _any(scores: Sequence[ClassScore]) -> bool:
    return any(one.recall for one in scores)


def _none_of(what: str) -> Text:
    return Text(f"{what}: none was found; a model of sentiment alone answers none")


def _confusion(report: Report) -> Table:
    table = _table("confusion", "true", *(f"said {label}" for label in LABELS))
    for label, row in zip(LABELS, report.confusion, strict=True):
        table.add_row(label, *(str(cell) for cell in row))
    return table


def _mistakes(mistakes: Sequence[Mistake]) -> Table:
    table = Table(title=Text("worst mistakes, surest first"), title_justify="left", show_lines=True)
    for name in ("true", "said", "left for true", "source", "text"):
        table.add_column(name, overflow="fold")
    for one in mistakes:
        table.add_row(one.right, one.said, f"{one.given:.1%}", Text(plain(one.source)), Text(plain(one.text)))
    return table


def _figure(value: float, interval: Interval, texts: int) -> str:
    return f"{value:.3f} [{interval[0]:.3f}-{interval[1]:.3f}]" if texts >= ENOUGH else f"{value:.3f}"


def plain(text: str) -> str:
    """A stranger's text on one line, cut, without anything that a terminal would obey."""
    line = " ".join(text.split())
    shown = "".join(sign for sign in line[:LONGEST] if sign.isprintable())
    return shown + "…" if len(line) > LONGEST else shown
