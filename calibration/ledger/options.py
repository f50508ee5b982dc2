"""What was said of each option that a tumour board compared, and how that did for the one that the patient then had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from calibration.calibration import Calibration
from calibration.evaluation import Seen, seen
from calibration.ledger.chain import Ledger, Record
from calibration.ledger.made import EVERY_DAYS, plan_hash, posterior_hash, rounded
from calibration.ledger.score import reaches, score_content
from twin.errors import UsageError
from twin.registry import unknown
from twin.treatment import Plan

DAYS_OFF, SHARE_OFF = 1.0, 0.01
"""A dose given so many days from its date, or so far from its amount, is still the one that was planned."""


@dataclass(frozen=True)
class Option:
    """An arm as it was compared: what is given from the decision day on. ``adaptive``: rules may change it at a scan."""

    id: str
    label: str
    words: str
    plan: Plan
    adaptive: bool = False


def keep_options(ledger: Ledger, twin: Calibration, options: Sequence[Option], courses: xr.Dataset) -> list[Record]:
    """Append one "option" record for each arm of which a draw was finished, once.

    ``courses``: volume_ml and burden_ml (arm, draw, t; t and scan in days). Volumes and total cells are kept draw by
    draw on the decision day, every week and every scan after it.
    """
    last, ahead = seen(twin.patient, twin.patient.seen[-1]), courses["t"].values >= twin.decision_day
    days = courses["t"].values[ahead]
    weekly = {float(days[np.argmin(abs(days - d))]) for d in np.arange(days[0], days[-1], EVERY_DAYS)}
    kept = sorted({*weekly, float(days[-1]), *(float(d) for d in courses["scan"].values if d in days)})
    shared = {
        "decision_day": twin.decision_day,
        "last_volume_ml": last.volume_ml,
        "last_burden_ml": last.burden_ml if np.isfinite(last.burden_ml) else None,
        "posterior_sha256": posterior_hash(twin.posterior),
        "volume_as_read": False,
        "days": kept,
    }
    before = [r.content for r in ledger.records() if r.kind == "option"]
    finished = courses["volume_ml"].sel(t=kept).notnull().all("t").any("draw")
    contents = [{**shared, **_said(o, courses.sel(arm=o.id, t=kept))} for o in options if finished.sel(arm=o.id)]
    return [ledger.append("option", c) for c in contents if c not in before]


def named_option(ledger: Ledger, name: str | None) -> None:
    """UsageError where ``name`` is no option on record."""
    known = list(dict.fromkeys(r.content["arm"] for r in ledger.records() if r.kind == "option"))
    if name is None or name in known:
        return
    if not known:
        raise UsageError("No option is on record.", remedy="compare some with `oncotwin scenarios` before the next update")
    raise UsageError(unknown("option", name, known), where="--arm", remedy=f"on record: {', '.join(known)}")


def score_options(ledger: Ledger, given: Plan, visit: str, now: Seen, name: str | None = None) -> list[dict[str, Any]]:
    """Score the option that was taken, on a visit: the one that is named (of the last comparison before that day), else
    every option with which the treatments ``given`` until that day agree; each once."""
    records = ledger.records()
    last = max((r.content["decision_day"] for r in records if r.kind == "option" and reaches(r.content, now.day)), default=0)
    done = {(r.content.get("forecast"), r.content["day"]) for r in records if r.kind == "score"}
    found = []
    for record in records:
        made = record.content
        if record.kind != "option" or (record.number, now.day) in done or not reaches(made, now.day):
            continue
        agrees = agrees_with(made, given, now.day)
        if agrees if name is None else (made["arm"] == name and made["decision_day"] == last):
            told = {"arm": made["arm"], "named": name is not None, "as_given": agrees, "retrospective": False}
            content = {**score_content(record.number, made, visit, now, {}), **told}
            found.append(dict(ledger.append("score", content).content))
    return found


def agrees_with(made: Mapping[str, Any], given: Plan, day: float) -> bool:
    """Whether what was given from the decision until ``day`` is what the option plans: each dose to a day and a per cent."""
    if made["adaptive"]:
        return False
    planned = [dose for dose in made["doses"] if dose[1] < day]
    had = doses(given.from_day(made["decision_day"]).before(day))
    return len(planned) == len(had) and all(_same(a, b) for a, b in zip(planned, had, strict=True))


def doses(plan: Plan) -> list[list[Any]]:
    """[what, day, amount] of everything in a plan, ordered: Gy for radiotherapy, the drug's own unit, mm of margin."""
    beams = [["radiotherapy", f.day, round(f.dose_gy, 4)] for _, f in plan.fractions()]
    drugs = [[d.drug, d.day, d.amount] for d in plan.drug_doses()]
    return sorted([*beams, *drugs, *(["resection", r.day, r.margin_mm] for r in plan.resections())])


def _said(option: Option, course: xr.Dataset) -> dict[str, Any]:
    return {
        "arm": option.id,
        "label": option.label,
        "words": option.words,
        "adaptive": option.adaptive,
        "doses": doses(option.plan),
        "treatments_sha256": plan_hash(option.plan),
        **{name: rounded(course[name].transpose("t", "draw").values) for name in ("volume_ml", "burden_ml")},
    }


def _same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return a[0] == b[0] and abs(a[1] - b[1]) <= DAYS_OFF and abs(a[2] - b[2]) <= SHARE_OFF * max(abs(a[2]), 1e-9)
