"""Surfaces keep the volume and the place of what they outline, also of small organs and in thick slices."""

from __future__ import annotations

import numpy as np
import pytest

from twin.visual.mesh import bodies, softened
from twin.visual.probe import can_mesh

pytestmark = pytest.mark.skipif(not can_mesh(), reason="VTK makes no surfaces on this machine")

SPACINGS = ((1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (3.0, 1.0, 1.0), (5.0, 0.7, 0.9))
PLACE = np.array([0.13, 0.21, 0.37])


def ball(radius: float, spacing) -> tuple[np.ndarray, np.ndarray]:
    """A ball as a mask, and its middle (x, y, z) in mm."""
    shape = [int(2 * (radius + 12) / h) | 1 for h in spacing]
    axes = [(np.arange(n) - n // 2) * h + p for n, h, p in zip(shape, spacing, PLACE, strict=True)]
    where = np.meshgrid(*axes, indexing="ij")
    middle = np.array([(n // 2) * h - p for n, h, p in zip(shape, spacing, PLACE, strict=True)])[::-1]
    return sum(x * x for x in where) < radius**2, middle


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize(("radius", "percent"), [(8.0, 5.0), (15.0, 4.0), (30.0, 1.0)])
def test_a_ball_keeps_its_volume_its_place_and_its_roundness(radius, percent, spacing):
    mask, middle = ball(radius, spacing)
    (surface,) = bodies(softened(mask, spacing, 0.5 * max(spacing)), spacing, [0.5])
    assert surface.volume == pytest.approx(mask.sum() * np.prod(spacing), rel=percent / 100)
    assert np.abs(np.array(surface.center) - middle).max() < 0.5 * max(spacing)
    away = np.linalg.norm(np.asarray(surface.points) - middle, axis=1)
    assert away.std() < 0.15 * max(spacing) and np.abs(away - radius).max() < max(spacing)
    faces = np.linalg.norm(np.asarray(surface.point_data["Normals"]), axis=1)
    assert np.allclose(faces, 1, atol=1e-3) and surface.is_manifold and surface.n_open_edges == 0


@pytest.mark.parametrize("spacing", SPACINGS)
def test_a_small_organ_does_not_melt_away(spacing):
    """Radius 4 mm (a chiasm): a plain Gaussian of half a slice takes a fifth of it, in 5 mm slices nearly all."""
    mask, _ = ball(4.0, spacing)
    (surface,) = bodies(softened(mask, spacing, 0.5 * max(spacing)), spacing, [0.5])
    assert surface.volume == pytest.approx(mask.sum() * np.prod(spacing), rel=0.12)


def test_a_probability_keeps_its_levels():
    """Only masks are brought to their volume: the 0.5 level of a probability is where it is 0.5."""
    mask, _ = ball(8.0, (1.0, 1.0, 1.0))
    field = mask * 0.6
    assert softened(field, (1.0, 1.0, 1.0), 1.0).max() <= 0.6 + 1e-6


def test_nothing_and_everything_have_no_outline():
    for mask in (np.zeros((5, 5, 5), bool), np.ones((5, 5, 5), bool)):
        assert np.isfinite(softened(mask, (1.0, 1.0, 1.0), 1.0)).all()
