"""``oncotwin assess``: the response criteria applied to measurements of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.cli import options as o
from scenarios.cli.answer import answer
from scenarios.cli.voice import Voice

Table = Annotated[
    Path, typer.Argument(metavar="CSV", help="One row a visit: day or date, the size, and what else was seen.")
]
Scheme = Annotated[
    str, typer.Option("--criteria", metavar="SCHEME", help="The response criteria; `oncotwin list criteria`.")
]
End = Annotated[
    str | None,
    typer.Option("--radiotherapy-end", metavar="DAY", help="Day (or date) of the last fraction, where there was one."),
]


def assess(
    csv: Table,
    criteria: Scheme = "recist-1.1",
    radiotherapy_end: End = None,
    out: o.Keep = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Give the response category of every visit in a table of measurements, with the rule and numbers that gave it."""
    from scenarios.measurements import assess_table

    voice = Voice(json, quiet)
    found = assess_table(csv, criteria, radiotherapy_end)
    columns = ("day", f"size ({found['unit']})", "from baseline", "from nadir", "category", "rule")
    voice.table(f"{found['criteria']}. {found['citation']}", columns, [_row(v) for v in found["visits"]])
    answer(voice, "assess", found, out, [csv])
    voice.last(f"{found['notice']}")


def _row(v: dict[str, Any]) -> list[str]:
    size = "not evaluated" if v["size"] is None else f"{v['size']:g}"
    confirmed = {True: " (confirmed)", False: " (not confirmed)", None: ""}[v["confirmed"]]
    since = f", counts from day {v['since']:g}" if v["since"] is not None else ""
    changes = [_percent(v["from_baseline_percent"]), _percent(v["from_nadir_percent"])]
    return [f"{v['day']:g}", size, *changes, v["category"] + confirmed, v["rule"] + since]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:+.0f} %"
