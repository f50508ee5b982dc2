"""Response categories of the simulated courses at the scheduled scans: the share of the draws in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from scenarios.arms import Arm
from scenarios.criteria import Assessment, Criteria, Verdict, criteria
from scenarios.received import received
from twin.patient import Patient
from twin.treatment import Plan

SCHEMES = {"brain": ("rano-2.0-volume", "volume_ml")}
OTHERWISE = ("recist-1.1", "diameter_mm")
"""Scheme and the variable it is applied to, by site. A report never mixes schemes."""


def response(data: xr.Dataset, arm: Arm, patient: Patient) -> dict[str, Any] | None:
    """Categories of an arm by scan, with the rule that gave them and a typical course; None where no course finished.

    Applied to the visible lesion of the model. What a scan would not show (the clinic, steroids, new lesions elsewhere)
    is taken as unchanged. Once definite progression is seen, later scans count as PD.
    """
    name, variable = SCHEMES.get(patient.site, OTHERWISE)
    scheme, days = criteria[name], [float(d) for d in data["scan"].values]
    sizes = data[variable].sel(arm=arm.id)
    sizes = sizes.sel(t=days) if "t" in sizes.dims else sizes
    counted = [np.isfinite(draw).all() and draw[0] > 0 for draw in sizes.values]
    if not any(counted):
        return None
    finished, ends = sizes.values[counted], _ends(data, arm, patient)
    courses = [verdicts(scheme, days, draw, end) for draw, end in zip(finished, ends[counted], strict=True)]
    middle = int(np.argsort([draw[-1] for draw in finished])[len(finished) // 2])
    return {
        "criteria": scheme.label,
        "measure": str(sizes.attrs.get("long_name", variable)),
        "unit": scheme.unit,
        "citation": scheme.citation,
        "radiotherapy_end": Counter(ends[counted]).most_common(1)[0][0],
        "scans": [_scan(day, [c[i] for c in courses], courses[middle][i]) for i, day in enumerate(days)],
    }


def response_sentence(found: dict[str, Any] | None) -> str:
    """The categories at the last scan in words; "" where nothing finished."""
    if found is None:
        return ""
    last = found["scans"][-1]
    shares = sorted(last["shares"].items(), key=lambda pair: -pair[1])
    told = ", ".join(f"{name} in {100 * share:.0f} %" for name, share in shares)
    return f"{found['criteria']} on the {found['measure']} at the scan on day {last['day']:g}: {told} of courses."


def verdicts(scheme: Criteria, days: Sequence[float], sizes: Sequence[float], end: float | None) -> list[Verdict]:
    """The verdicts of one course; after definite progression it stays progressed."""
    found = scheme.assess([Assessment(float(d), float(s)) for d, s in zip(days, sizes, strict=True)], end)
    progressed = next((i for i, v in enumerate(found) if v.category == "PD"), len(found))
    later = [Verdict(v.day, "PD", f"progressed on day {found[progressed].day:g}", v.size) for v in found[progressed + 1 :]]
    return [*found[: progressed + 1], *later]


def radiotherapy_end(plan: Plan) -> float | None:
    """The day of the last fraction of a plan, None without any."""
    return max((f.day for _, f in plan.fractions()), default=None)


def _ends(data: xr.Dataset, arm: Arm, patient: Patient) -> np.ndarray:
    """The day of the last fraction of every draw (object, None without any): where an arm adapts they differ."""
    given = patient.treatments.before(float(data.attrs["decision_day"]))
    ends = np.full(data.sizes["draw"], radiotherapy_end(given + arm.plan_after), object)
    for course in received(arm, data):
        ends[course.draws] = radiotherapy_end(given + course.plan)
    return ends


def _scan(day: float, found: Sequence[Verdict], typical: Verdict) -> dict[str, Any]:
    shares = Counter(v.category for v in found)
    numbers = {**asdict(typical), "from_baseline_percent": typical.from_baseline, "from_nadir_percent": typical.from_nadir}
    return {"day": day, "shares": {name: n / len(found) for name, n in sorted(shares.items())}, "typical": numbers}
