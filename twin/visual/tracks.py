"""Treatments along the time axis: a tick for every fraction, a bar for every run of drug days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.treatment import Plan, weekday_days
from twin.visual.palette import INK, MUTED


@dataclass(frozen=True)
class Given:
    """One administration for drawing: clock time in days, amount in the unit of its row."""

    what: str
    day: float
    amount: float
    unit: str


def of_plan(plan: Plan) -> list[Given]:
    """Every fraction, drug dose and operation of a plan."""
    doses = [Given("radiotherapy", f.day, f.dose_gy, "Gy") for _, f in plan.fractions()]
    drugs = [Given(d.drug, d.day, d.amount, "mg/m2") for d in plan.drug_doses()]
    return doses + drugs + [Given("resection", r.day, 1.0, "") for r in plan.resections()]


def of_schedule(schedule: Iterable[Mapping[str, Any]], first_weekday: int = 0) -> list[Given]:
    """The administrations of a study's schedule rows; ``first_weekday`` is the weekday of day 0 (0 = Monday)."""
    found = []
    for row in schedule:
        days = days_of(row, first_weekday)
        found += [Given(row["what"], d, float(row["amount"] or 0), row["unit"]) for d in days]
    return found


def days_of(row: Mapping[str, Any], first_weekday: int = 0) -> list[float]:
    """The days of one row by its rhythm ("daily", "weekdays", "every 21 days", "days 1-5 every 28 days").

    Without a rhythm, or where it does not end on the row's last day, the administrations are spread evenly.
    """
    start, stop, count = float(row["from_day"]), float(row["to_day"]), max(1, int(row["count"]))
    rhythm = str(row.get("rhythm") or "")
    candidates = []
    if rhythm == "weekdays":
        known = (first_weekday + int(start)) % 7
        candidates = [list(weekday_days(start, count, weekday)) for weekday in (known, *range(5))]
    elif cycle := re.fullmatch(r"days 1-(\d+) every ([\d.]+) days", rhythm):
        long, apart = int(cycle[1]), float(cycle[2])
        candidates = [[start + (i // long) * apart + i % long for i in range(count)]]
    fitting = [days for days in candidates if abs(days[-1] - stop) < 0.5]
    return fitting[0] if fitting else [float(d) for d in np.linspace(start, stop, count)]


def rows_of(given: Iterable[Given]) -> list[str]:
    """What the rows show, radiotherapy first."""
    names = {g.what for g in given}
    return sorted(names, key=lambda n: (n != "radiotherapy", n != "resection", n))


def draw_tracks(ax: Any, given: list[Given], rows: list[str], largest: Mapping[str, float], decision: float | None) -> None:
    """One row for each treatment; heights are in proportion to the largest amount of that row in any picture."""
    for level, name in enumerate(rows):
        mine = [g for g in given if g.what == name]
        base = -level
        ax.plot([0, 1], [base, base], transform=ax.get_yaxis_transform(), color=MUTED, lw=0.35, zorder=1)
        for past in (True, False):
            part = [g for g in mine if (decision is not None and g.day < decision) == past]
            if part:
                tops = [base + 0.72 * max(0.12, g.amount / max(largest.get(name, 1.0), 1e-9)) for g in part]
                colour = MUTED if past and decision is not None else INK
                ax.vlines([g.day for g in part], base, tops, color=colour, lw=1.0, zorder=2)
    ax.set_ylim(-len(rows) + 0.85, 0.95)
    ax.set_yticks([-i + 0.33 for i in range(len(rows))], [short(n) for n in rows], fontsize=7)
    ax.tick_params(axis="y", length=0, pad=4)
    for edge in ("top", "left", "right", "bottom"):
        ax.spines[edge].set_visible(False)


def short(name: str) -> str:
    """A name that fits beside a row."""
    known = {
        "radiotherapy": "RT",
        "temozolomide": "TMZ",
        "doxorubicin": "DOX",
        "cyclophosphamide": "CYC",
        "resection": "surgery",
    }
    return known.get(name, name if len(name) <= 5 else name[:4] + ".")
