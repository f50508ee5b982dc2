"""The interactive scene of the page: the organ, slices, organs at risk, and the tumour of every option at every scan."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.report import numbers as n
from twin.report.isodose import relative_doses
from twin.report.results import Results
from twin.visual.mesh import softened
from twin.visual.palette import ISODOSES, SHELLS
from twin.visual.solid import STEPS, Surface, body, pack, planes
from twin.visual.stage import Camera
from twin.visual.structures import structures
from twin.visual.view import View

ORGAN, GLASS = "organ", "#b4c6d6"
OFF = ("coronal", "sagittal", "d95", "d50")
"""What is hidden until it is asked for."""

_OPACITY = {95: 1.0, 50: 0.42, 5: 0.16}


@dataclass(frozen=True)
class Option:
    """An option with a note for each scan."""

    label: str
    notes: list[str]
    fields: list[Callable[[], np.ndarray]] = field(repr=False)


@dataclass(frozen=True)
class Switch:
    """A checkbox of the page: the group it shows or hides, its words and its colour."""

    group: str
    words: str
    colour: str


@dataclass(frozen=True)
class Interactive:
    """What the template needs: the scene as JSON that is safe inside a script element, and its controls."""

    model: str = field(repr=False)
    data: str = field(repr=False)
    options: list[str]
    scans: list[str]
    switches: list[Switch]
    chosen: int


def interactive(results: Results, view: View, camera: Camera) -> Interactive:
    """The scene of a RESULTS folder, seen from ``camera`` at first."""
    solids, slices = list(surfaces(results, view)), planes(view)
    options, scans = options_of(results)
    packed = pack(solids, slices)
    model = packed.model | {
        "camera": _camera(camera),
        "options": [{"label": o.label, "notes": o.notes} for o in options],
        "scans": scans,
        "off": [*OFF, *(s.name for s in structures(results.patient) if s.is_target)],
        "steps": STEPS,
    }
    ids = [a["id"] for a in results.arms]
    chosen = ids.index(results.reference) if results.reference in ids else 0
    return Interactive(_safe(model), packed.data, [o.label for o in options], scans, switches(results), chosen)


def options_of(results: Results) -> tuple[list[Option], list[str]]:
    """The arms at the scheduled scans; without arms, the fit at the visits."""
    if results.scenarios is None or not results.arms:
        return _fit_option(results)
    data = results.scenarios
    days = [float(d) for d in data["scan"].values]

    def read(arm: str, scan: int) -> Callable[[], np.ndarray]:
        return lambda: np.nan_to_num(data["probability"].sel(arm=arm).isel(scan=scan).values)

    options = [
        Option(
            a["label"],
            [_volume(results.at_day(a["id"], "volume_ml", d)) for d in days],
            [read(a["id"], i) for i in range(len(days))],
        )
        for a in results.arms
    ]
    return options, [f"day {n.day(d)}" for d in days]


def _fit_option(results: Results) -> tuple[list[Option], list[str]]:
    fit, visits = results.fit, results.patient.visits

    def read(i: int) -> Callable[[], np.ndarray]:
        return lambda: np.nan_to_num(fit["probability"].isel(visit=i).values)

    nearest = [int(np.abs(fit["t"].values - v.day).argmin()) for v in visits]
    notes = [_volume(fit["volume_ml"].values[:, i]) for i in nearest]
    option = Option("As treated", notes, [read(i) for i in range(len(visits))])
    return [option], [f"day {n.day(v.day)}, {v.name}" for v in visits]


def _volume(draws: np.ndarray) -> str:
    low, middle, high = n.summary(draws)
    return f"{n.volume(middle)} mL ({n.volume(low)} – {n.volume(high)})"


def surfaces(results: Results, view: View) -> Iterator[Surface]:
    """Every surface, those within before those around them, as they must be drawn."""
    for one in sorted(structures(results.patient), key=lambda one: one.is_target):
        shape = body(softened(view.show(one.mask), view.spacing, 0.6 * max(view.spacing)), view.spacing, 0.5)
        if shape:
            yield Surface(one.name, one.name, *shape, one.colour, one.opacity)
    options, _ = options_of(results)
    for o, option in enumerate(options):
        for s, read in enumerate(option.fields):
            values = softened(view.show(read()), view.spacing, 0.3 * max(view.spacing))
            for percent, colour in SHELLS.items():
                shape = body(values, view.spacing, percent / 100)
                if shape:
                    name = f"{option.label}, {percent} %"
                    yield Surface(f"p{percent}", name, *shape, colour, _OPACITY[percent], 0.12, o, s)
    yield from _isodoses(results, view)
    organ = body(softened(view.organ, view.spacing, max(1.0, 0.5 * max(view.spacing))), view.spacing, 0.5, across=56)
    if organ:
        yield Surface(ORGAN, results.patient.site, *organ, GLASS, 0.07, 0.85)


def _isodoses(results: Results, view: View) -> Iterator[Surface]:
    """Shells of equal dose of every option that has a dose distribution, at all its scans."""
    places = {a["id"]: i for i, a in enumerate(results.arms)}
    for arm, read in relative_doses(results).items():
        values = softened(view.show(read()) * view.organ, view.spacing, 0.5 * max(view.spacing))
        for percent, colour in ISODOSES.items():
            shape = body(values, view.spacing, percent / 100)
            if shape:
                name = f"{results.arms[places[arm]]['label']}, {percent} % of the prescribed dose"
                yield Surface(f"d{percent}", name, *shape, colour, 0.3 if percent == 95 else 0.14, 0.12, places[arm])


def switches(results: Results) -> list[Switch]:
    found = [Switch(f"p{percent}", f"{percent} % probability", colour) for percent, colour in SHELLS.items()]
    found.append(Switch(ORGAN, results.patient.site, GLASS))
    if relative_doses(results):
        found += [Switch(f"d{percent}", f"{percent} % of the dose", colour) for percent, colour in ISODOSES.items()]
    found += [Switch(s.name, s.name.replace("_", " "), s.colour) for s in structures(results.patient)]
    return found + [Switch(name, f"{name} slice", "#6b7480") for name in ("axial", "coronal", "sagittal")]


def _camera(camera: Camera) -> dict[str, Any]:
    axes = np.array([camera.on_screen(axis) for axis in ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0))]).T
    focus = [round(float(f), 3) for f in camera.focus]
    return {
        "focus": focus,
        "half_height_mm": round(camera.half_height_mm, 2),
        "rotation": [round(float(v), 5) for v in axes.ravel()],
    }


def _safe(model: dict[str, Any]) -> str:
    """JSON that no name can leave: inside a script element only "<", ">" and "&" mean anything to HTML."""
    text = json.dumps(model, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
