"""A small patient with one of everything, for round trips."""

from __future__ import annotations

import datetime
import math

import numpy as np

from twin.fields import field
from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Cellularity, Patient, Visibility, Visit
from twin.treatment import Chemotherapy, DrugDose, Fraction, Plan, Radiotherapy, Resection

C, S = math.cos(0.3), math.sin(0.3)
OBLIQUE = Grid((6, 9, 11), (5.0, 1.3, 1.25), (-70.25, 12.5, 3.0), (C, -S, 0.0, S, C, 0.0, 0.0, 0.0, 1.0))


def everything(grid: Grid = OBLIQUE, seed: int = 7) -> Patient:
    """Two tissues, three visits (one held out), every kind of course, notes and an anatomy."""
    rng = np.random.default_rng(seed)
    white = rng.random(grid.shape).astype(np.float32)
    medium = Medium.of_fractions(grid, {"white": white, "grey": 1 - white})
    medium.domain[0] = False
    for fraction in medium.fractions.values():
        fraction[0] = 0
    core, whole = np.zeros(grid.shape, bool), np.zeros(grid.shape, bool)
    core[2:4, 3:5, 4:6], whole[1:5, 2:6, 3:8] = True, True

    def visit(day: float, name: str, **more) -> Visit:
        images = {
            "t1gd": field(rng.random(grid.shape).astype(np.float32), grid, "1"),
            "adc": field(2.5e-3 * rng.random(grid.shape), grid, "mm2/s"),
            "cell_fraction": field(rng.random(grid.shape).astype(np.float32), grid, "1"),
        }
        return Visit(day, name, images, {"enhancing": core, "oedema": whole & ~core}, **more)

    return Patient(
        name="somebody",
        site="brain",
        medium=medium,
        visits=(
            visit(0.0, "baseline", date=datetime.date(2026, 3, 3)),
            visit(18.25, "planning", date=datetime.date(2026, 3, 21)),
            visit(90.0, "follow-up", held_out=True, alignment="rigidly registered on t1gd"),
        ),
        treatments=every_course(grid, whole, rng),
        cellularity=Cellularity(3e-3, 1e-4, 818503.0),
        visibility=Visibility(0.7, None),
        anatomy=field(rng.random(grid.shape).astype(np.float32), grid, "1"),
        first_weekday=1,
        notes=("the first note", "a doubt: 1 < 2"),
        organs={"brainstem": core, "speech area (left)": whole & ~core},
    )


def every_course(grid: Grid, cavity: np.ndarray, rng: np.random.Generator) -> Plan:
    dose = rng.random(grid.shape).astype(np.float32)
    doses = (
        DrugDose(21.5, "temozolomide", 75.0),
        DrugDose(50.0, "temozolomide", 150.0),
        DrugDose(50.0, "temozolomide", 200.0),
    )
    return Plan(
        (
            Resection(5.0, cavity, margin_mm=2.5),
            Radiotherapy((Fraction(21.0, 2.0), Fraction(21.25, 1.8), Fraction(22.0, 2.0)), dose, "boost"),
            Radiotherapy((Fraction(40.0, 8.0),)),
            Chemotherapy(doses, "concomitant"),
        )
    )


def assert_same(a: Patient, b: Patient, tolerance_mm: float = 0.0) -> None:
    """Every value of two patients is the same; positions to ``tolerance_mm``."""
    assert a.grid == b.grid if tolerance_mm == 0 else a.grid.same_as(b.grid, tolerance_mm)
    for name in ("name", "site", "cellularity", "visibility", "first_weekday", "notes"):
        assert getattr(a, name) == getattr(b, name), name
    assert a.medium.tissues == b.medium.tissues
    np.testing.assert_array_equal(a.medium.domain, b.medium.domain)
    for name in a.medium.tissues:
        _same_array(a.medium.fractions[name], b.medium.fractions[name])
    _same_field(a.anatomy, b.anatomy)
    assert list(a.organs) == list(b.organs)
    for name in a.organs:
        _same_array(a.organs[name], b.organs[name])
    assert len(a.visits) == len(b.visits)
    for one, other in zip(a.visits, b.visits, strict=True):
        _same_visit(one, other)
    assert len(a.treatments.courses) == len(b.treatments.courses)
    for given, found in zip(a.treatments.courses, b.treatments.courses, strict=True):
        _same_course(given, found)


def _same_visit(a: Visit, b: Visit) -> None:
    for name in ("day", "name", "date", "held_out", "alignment"):
        assert getattr(a, name) == getattr(b, name), name
    assert list(a.images) == list(b.images)
    for role in a.images:
        _same_field(a.images[role], b.images[role])
    assert list(a.regions) == list(b.regions)
    for region in a.regions:
        _same_array(a.regions[region], b.regions[region])


def _same_course(a, b) -> None:
    assert type(a) is type(b)
    if isinstance(a, Resection):
        assert (a.day, a.margin_mm) == (b.day, b.margin_mm)
        _same_array(a.cavity, b.cavity)
        return
    assert a == b
    if isinstance(a, Radiotherapy):
        assert (a.relative_dose is None) == (b.relative_dose is None)
        if a.relative_dose is not None:
            _same_array(a.relative_dose, b.relative_dose)


def _same_field(a, b) -> None:
    assert (a is None) == (b is None)
    if a is not None:
        assert a.dims == b.dims and a.attrs["units"] == b.attrs["units"]
        _same_array(a.values, b.values)


def _same_array(a: np.ndarray, b: np.ndarray) -> None:
    assert a.dtype == b.dtype
    np.testing.assert_array_equal(a, b)
