"""The charts of a report: inline SVG for the page and pictures for the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.report import numbers as n
from twin.report.dose_volume import DoseVolumes, dose_volumes
from twin.report.results import Results
from twin.report.tables import Learnt, parameter_rows
from twin.visual.densities import Agreement, Density, agreement_figure, densities_png, density_svg
from twin.visual.fan import Axes, Course, Observation, fan_svg, fans_png, shared_axes
from twin.visual.palette import REFERENCE, arm_colours
from twin.visual.picture import Picture
from twin.visual.tracks import Given, of_plan, of_schedule


@dataclass(frozen=True)
class Fan:
    """A fan with its title."""

    label: str
    colour: str
    words: str
    svg: str = field(repr=False)


@dataclass
class Charts:
    """``files`` are the same charts as pictures."""

    fans: list[Fan]
    log: bool
    agreement: str
    densities: dict[str, str]
    files: list[Picture]
    axes: Axes
    doses: DoseVolumes | None = None


def make_charts(results: Results) -> Charts:
    courses = courses_of(results)
    observed = observations(results)
    decision = results.decision_day
    axes = shared_axes(courses, observed, decision, results.patient.grid.voxel_ml)
    reference = next((c for c in courses if c.name == results.reference), None)
    points = [observed if _as_given(c, results) else [o for o in observed if o.day <= decision] for c in courses]
    words = {arm["id"]: str(arm.get("words", "")) for arm in results.arms}
    fans = [
        Fan(c.label, c.colour, words.get(c.name, ""), fan_svg(c, axes, p, reference, alone=len(courses) == 1))
        for c, p in zip(courses, points, strict=True)
    ]
    files = [Picture("fans", "Volume over time for every arm.", fans_png(courses, axes, points, reference))]
    rows, items = agreement_rows(results), densities_of(results)
    if rows:
        files.append(Picture("agreement", "Observed and forecast volumes.", agreement_figure(rows, as_svg=False)))
    if items:
        files.append(Picture("parameters", "Prior and posterior of the parameters.", densities_png(items)))
    drawn = str(agreement_figure(rows, as_svg=True)) if rows else ""
    doses = dose_volumes(results)
    if doses and doses.options:
        files.append(doses.picture())
    return Charts(fans, axes.log, drawn, {d.name: density_svg(d) for d in items}, files, axes, doses)


def courses_of(results: Results) -> list[Course]:
    """One course an arm, its treatments the past ones and its own; the fit alone where there are no scenarios."""
    past = of_plan(results.patient.treatments.before(results.decision_day))
    if not results.arms or results.scenarios is None:
        fit = results.fit
        given = [g for g in of_plan(results.patient.treatments) if g.day <= results.horizon_day]
        return [Course("fit", "As treated", REFERENCE, fit["t"].values, fit["volume_ml"].values, tuple(given))]
    colours = arm_colours([a["id"] for a in results.arms], results.reference)
    t = results.scenarios["t"].values
    return [
        Course(
            a["id"], a["label"], colours[a["id"]], t, results.draws(a["id"], "volume_ml"), tuple(past + _to_come(a, results))
        )
        for a in results.arms
    ]


def _to_come(arm: dict, results: Results) -> list[Given]:
    given = of_schedule(arm.get("schedule") or [], results.patient.first_weekday)
    return [g for g in given if results.decision_day <= g.day <= results.horizon_day]


def _as_given(course: Course, results: Results) -> bool:
    """Only the arm that was really given may be compared with what was observed later."""
    return course.name in (results.reference, "fit")


def observations(results: Results) -> list[Observation]:
    """Observed volumes of every visit."""
    rows = results.calibration.get("visits", [])
    return [
        Observation(float(v["day"]), float(v["observed_volume_ml"]), bool(v.get("held_out")))
        for v in rows
        if v.get("observed_volume_ml") is not None
    ]


def densities_of(results: Learnt) -> list[Density]:
    data, items = results.posterior, []
    names = list(map(str, data["parameter"].values))
    for row in parameter_rows(results):
        i = names.index(row["name"])
        low, high = (float(data[k].values[i]) for k in ("low", "high"))
        prior, posterior = (np.asarray(data[k].values[:, i], float) for k in ("prior_value", "value"))
        items.append(Density(row["name"], f"{row['description'] or row['name']}", row["unit"], prior, posterior, low, high))
    return items


def agreement_rows(results: Results) -> Sequence[Agreement]:
    rows = []
    for visit in results.calibration.get("visits", []):
        scores = visit.get("scores") or {}
        if visit.get("observed_volume_ml") is None or not scores.get("twin"):
            continue
        twin = scores["twin"]
        middle = twin.get("volume_ml")
        low, high = (twin.get(k) if twin.get(k) is not None else middle for k in ("volume_low_ml", "volume_high_ml"))
        rules = [(scores.get(k) or {}).get("volume_ml") for k in ("no_change", "exponential_growth")]
        label = f"day {n.day(visit['day'])}, {visit['name'][:24]}"
        interval = None if middle is None else (low, middle, high)
        rows.append(Agreement(label, bool(visit.get("held_out")), visit["observed_volume_ml"], interval, *rules))
    return rows
