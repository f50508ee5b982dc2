from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.fields import field
from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Patient, Visit
from twin.visual import palette, slices
from twin.visual.view import view_of

LPS = Grid((12, 24, 20), (2.0, 2.0, 2.0))


def patient(grid: Grid = LPS, flip: tuple[int, ...] = ()) -> Patient:
    """A lesion in the patient's left, front, upper part of an ellipsoid; ``flip`` stores axes the other way."""
    z, y, x = np.indices(LPS.shape)
    organ = ((z - 5.5) / 5) ** 2 + ((y - 11.5) / 11) ** 2 + ((x - 9.5) / 9) ** 2 < 1
    lesion = (z - 7) ** 2 + (y - 6) ** 2 + (x - 14) ** 2 < 8
    later = (z - 7) ** 2 + (y - 6) ** 2 + (x - 14) ** 2 < 16
    organ, lesion, later = (np.flip(m, flip) for m in (organ, lesion, later))
    medium = Medium.of_one_tissue(grid, organ | later)
    visits = (Visit(0, "first", regions={"tumour": lesion}), Visit(20, "second", regions={"tumour": later}))
    return Patient("p", "brain", medium, visits)


def count(pixels: np.ndarray, colour: str, tolerance: int = 40) -> np.ndarray:
    wanted = np.array(palette.rgb(colour)) * 255
    return np.abs(pixels.astype(float) - wanted).max(axis=2) < tolerance


def test_radiological_convention_the_left_of_the_patient_is_on_the_right():
    view = view_of(patient())
    pixels = slices.visit_row(view, view.patient.visits[1])
    axial = count(pixels[:, : round(pixels.shape[1] / 3.2)], palette.WHOLE)
    rows, columns = np.nonzero(axial)
    assert columns.size > 100
    assert columns.mean() > 0.55 * axial.shape[1], "the lesion is in the patient's left, so right of the middle"
    assert rows.mean() < 0.45 * axial.shape[0], "and in front, so above the middle"


@pytest.mark.parametrize(("flip", "signs"), [((2,), (-1, 1, 1)), ((1, 2), (-1, -1, 1)), ((0,), (1, 1, -1))])
def test_the_way_an_image_is_stored_does_not_change_the_picture(flip, signs):
    direction = tuple(np.diag(signs).astype(float).ravel())
    stored = patient(replace(LPS, direction=direction), flip)
    expected, found = view_of(patient()), view_of(stored)
    assert (slices.visit_row(expected, expected.patient.visits[0]) == slices.visit_row(found, stored.visits[0])).all()


def test_growth_and_shrinkage_are_marked_each_in_its_way():
    view = view_of(patient())
    first, second = (v.whole for v in view.patient.visits)
    grown, shrunk = slices.change_row(view, first, second), slices.change_row(view, second, first)
    plain = slices.change_row(view, second, second)
    assert count(grown, palette.GROWTH, 60).sum() > count(plain, palette.GROWTH, 60).sum() + 300
    assert count(shrunk, palette.GROWTH, 60).sum() <= count(plain, palette.GROWTH, 60).sum() + 50
    assert np.abs(shrunk.astype(int) - plain.astype(int)).sum() > 0


def test_a_forecast_shows_its_outline_and_band():
    view = view_of(patient())
    z, y, x = np.indices(LPS.shape)
    distance = np.sqrt((z - 7) ** 2 + (y - 6) ** 2 + (x - 14) ** 2)
    wide = 1 / (1 + np.exp((distance - 3) / 0.8))
    sharp = (distance < 3).astype(float)
    areas = [count(slices.forecast_panel(view, p, None, view.box), palette.PREDICTED, 90).sum() for p in (wide, sharp)]
    assert areas[0] > 1.3 * areas[1] > 100


def test_an_empty_forecast_and_a_visit_without_regions_are_drawn():
    view = view_of(patient())
    assert slices.forecast_panel(view, np.zeros(LPS.shape), None, view.box).max() > 60
    assert slices.visit_row(view, Visit(3, "bare")).max() > 60


def test_thick_slices_keep_their_proportions():
    grid = Grid((6, 30, 30), (5.0, 1.5, 1.5))
    organ = np.ones(grid.shape, bool)
    organ[:, :3] = organ[:, -3:] = False
    person = Patient("p", "breast", Medium.of_one_tissue(grid, organ), (Visit(0, "v", regions={"tumour": organ}),))
    piece = slices.Slice(view_of(person), "coronal")
    left, right, low, high = piece.window()
    assert right - left == pytest.approx(45) and high - low == pytest.approx(30)


def test_the_anatomy_is_windowed_and_named():
    base = patient()
    rng = np.random.default_rng(0)
    anatomy = field(rng.uniform(0, 4000, LPS.shape).astype(np.float32), LPS, "1")
    assert view_of(replace(base, anatomy=anatomy)).image_name == "anatomical image"
    shown = view_of(replace(base, anatomy=anatomy)).image
    assert shown.min() == 0 and 0.8 < shown.max() <= 1
    assert "tissue map" in view_of(base).image_name
    cells = field(base.visits[0].whole.astype(np.float32), LPS, "1")  # type: ignore[union-attr]
    measured = replace(base.visits[0], images={"cell_fraction": cells})
    named = replace(base, anatomy=cells, visits=(measured, base.visits[1]))
    assert "tissue map" in view_of(named).image_name, "a map of the tumour is no anatomy to look at it on"
    seen = replace(base, visits=(replace(base.visits[0], images={"flair": anatomy}), base.visits[1]))
    assert view_of(seen).image_name == "FLAIR of the first visit"
