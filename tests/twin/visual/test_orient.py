"""Whatever way an image is stored, the patient is shown the same way round."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from twin.grid import Grid
from twin.visual.orient import orientation


def stored(axes: tuple[int, ...], signs: tuple[int, ...]) -> Grid:
    """A 4 x 5 x 6 grid whose x, y, z index axes run along the given patient axes (0 L, 1 P, 2 S) and signs."""
    matrix = np.zeros((3, 3))
    for index_axis, (patient_axis, sign) in enumerate(zip(axes, signs, strict=True)):
        matrix[patient_axis, index_axis] = sign
    return Grid((4, 5, 6), (3.0, 2.0, 1.0), (10.0, 20.0, 30.0), tuple(matrix.ravel()))


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", list(itertools.product((1, -1), repeat=3)))
def test_display_axes_run_to_left_posterior_superior(axes, signs):
    grid = stored(axes, signs)
    turn = orientation(grid)
    places = grid.index_to_mm(np.moveaxis(np.indices(grid.shape), 0, -1))
    left, posterior, superior = (turn.apply(places[..., i]) for i in range(3))
    assert (np.diff(left, axis=2) > 0).all()
    assert (np.diff(posterior, axis=1) > 0).all()
    assert (np.diff(superior, axis=0) > 0).all()
    steps = (np.diff(superior, axis=0)[0, 0, 0], np.diff(posterior, axis=1)[0, 0, 0], np.diff(left, axis=2)[0, 0, 0])
    assert steps == pytest.approx(turn.spacing_mm)
    assert turn.tilt_degrees == pytest.approx(0, abs=1e-5)


def test_leading_axes_stay():
    turn = orientation(stored((1, 0, 2), (1, -1, 1)))
    values = np.arange(2 * 120).reshape(2, 4, 5, 6)
    assert (turn.apply(values)[1] == turn.apply(values[1])).all()


def test_an_oblique_grid_says_how_far_off_its_letters_are():
    angle = np.radians(20)
    matrix = [np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle), 0, 0, 0, 1]
    assert orientation(Grid((4, 5, 6), (1, 1, 1), direction=tuple(matrix))).tilt_degrees == pytest.approx(20)
