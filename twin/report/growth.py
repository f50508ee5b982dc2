"""A growth rate that differs from place to place: its map, and in numbers what dozens of coefficients would not tell."""

from __future__ import annotations

import re

import numpy as np

from twin.fields import bounding_box
from twin.grid import Box, triple
from twin.report import numbers as n
from twin.report.results import Results
from twin.visual.growth_map import growth_map
from twin.visual.picture import Picture
from twin.visual.view import View

ROOM_MM = 10.0
KINDS = {
    "gp": "a smooth Gaussian process over the first scan's lesion",
    "regions:tissue": "one rate a tissue",
    "regions:core": "one rate for the enhancing core and one for the rest",
    "regions:adc": "three habitats of the first scan's cell fraction",
}


def is_coefficient(name: str) -> bool:
    """Whether a parameter is one of a growth field's coefficients, which mean nothing one by one."""
    return re.fullmatch(r"field_\d+", name) is not None


def has_field(results: Results) -> bool:
    return "growth_rate" in results.fit and bool(results.calibration.get("growth_field"))


def growth_place(results: Results) -> np.ndarray:
    """Where the rate is shown: the lesions that the twin has seen; beyond them the data say nothing of it."""
    return np.logical_or.reduce([v.whole for v in results.patient.seen if v.whole is not None])


def growth_rows(results: Results) -> list[tuple[str, str]]:
    """(what, value) of the field; empty where the rate is one number."""
    if not has_field(results):
        return []
    kind, length, spread = (*results.calibration["growth_field"].split(";"), "", "")[:3]
    place, known = growth_place(results), results.calibration.get("field", {})
    mean, doubt = (results.fit[name].values[place] for name in ("growth_rate", "growth_rate_spread"))
    low, high = np.quantile(mean, (0.05, 0.95))
    rows = [
        ("Shapes", KINDS.get(kind, kind)),
        ("Mean over the lesions seen", f"{n.number(mean.mean())} /day"),
        ("Range over 90 % of their voxels", f"{n.number(low)} to {n.number(high)} /day"),
        ("Voxels that lose cells", n.share(float((mean < 0).mean()))),
        ("Posterior standard deviation, median", f"{n.number(np.median(doubt))} /day"),
        ("Prior standard deviation about one rate", f"{spread} /day"),
        ("Coefficients", f"{known['coefficients']}, of which the data support about {known['effective_number']:.0f}"),
    ]
    return rows[:1] + [("Correlation length", f"{length} mm")] * (kind == "gp") + rows[1:]


def growth_picture(results: Results, view: View) -> Picture | None:
    """The map of mean and spread around the lesions seen."""
    if not has_field(results):
        return None
    place = growth_place(results)
    mean, doubt = (results.fit[name].values for name in ("growth_rate", "growth_rate_spread"))
    alt = "Axial, coronal and sagittal slice of the growth rate over the lesion, and below it of its standard deviation."
    note = "yellow is more, blue less; dashed white: where the rate is zero; each row has its own scale"
    pixels = growth_map(view, mean, doubt, place, _near(view, view.show(place)))
    return Picture("growth-rate", alt, pixels, "Growth rate by place", note)


def _near(view: View, lesion: np.ndarray) -> Box:
    return bounding_box(lesion, triple(max(1, round(ROOM_MM / h)) for h in view.spacing))
