"""The demo's report: which days and features drifted, and what happened on those days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import click

from mlflow_sentinel_plugin.demo.story import Storm, Verdict, storm_of

SHOWN_FEATURES = 4
WIDTH = 100
INDENT = "      "


def report(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Lines of text: quiet days folded into one line, each drifted day on its own, its cause below."""
    for (quiet, storm), group in groupby(verdicts, key=_chapter):
        days = list(group)
        if quiet:
            yield _quiet_line(days)
            continue
        yield from (_loud_line(verdict) for verdict in days)
        if storm is not None:
            yield from cause(storm)


def cause(storm: Storm) -> Iterator[str]:
    """What happened, and who says so."""
    text = f"That was {storm.name}. {storm.facts}"
    yield click.wrap_text(text, width=WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    yield from (f"{INDENT}Source: {source}" for source in storm.sources)


def webhook_line(message: dict[str, Any]) -> str:
    """A received message in one line: what it is, and what it says."""
    data = message.get("data", {})
    return f"  {message.get('type')}, {data.get('severity')}: {data.get('summary')}"


def _chapter(verdict: Verdict) -> tuple[bool, Storm | None]:
    return verdict.state == "ok", storm_of(verdict.day) if verdict.state != "ok" else None


def _quiet_line(days: Sequence[Verdict]) -> str:
    first, last = _name(days[0].day), _name(days[-1].day)
    span = first if len(days) == 1 else f"{first} to {last}"
    rows = sum(verdict.rows for verdict in days)
    noun = "day" if len(days) == 1 else "days"
    return f"  {click.style('●', fg='green')} {span}: {len(days)} {noun} ok ({rows:,} flights)"


def _loud_line(verdict: Verdict) -> str:
    state = verdict.state.replace("_", " ")
    head = f"{_name(verdict.day)}: {state}" + (f", {verdict.severity}" if verdict.severity else "")
    shown = verdict.findings[:SHOWN_FEATURES]
    parts = [f"{finding.feature} {finding.text}" for finding in shown]
    if len(verdict.findings) > len(shown):
        parts.append(f"{len(verdict.findings) - len(shown)} more")
    return "; ".join([f"  {click.style('▲', fg='red')} {click.style(head, bold=True)}", *parts])


def _name(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
