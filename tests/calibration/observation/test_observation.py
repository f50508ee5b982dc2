"""Image -> fraction and fraction -> image are inverse; noise is what it is said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import front
from calibration.comparison import compare, nearby
from calibration.observation import adc, pet, segmentation, volume
from calibration.observation.fraction import observed_fraction, voxel_noise
from calibration.virtual.scanner import Scanner, draw_region
from tests.calibration.phantom import phantom
from twin.fields import field
from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Cellularity


def test_adc_round_trip():
    u = np.linspace(0, 1, 11, dtype=np.float32)
    kinds = Cellularity(3.0e-3, 0.5e-3)
    assert np.allclose(adc.to_fraction(adc.to_image(u, kinds), kinds), u, atol=1e-6)
    assert adc.to_image(np.float32(1.0), kinds) == pytest.approx(0.5e-3)


def test_a_wrong_scale_moves_the_fraction_as_said():
    u, kinds = np.linspace(0, 1, 5, dtype=np.float32), Cellularity(2.5e-3, 0.4e-3)
    moved = adc.to_fraction(adc.to_image(u, kinds) * np.float32(1.01), kinds)
    assert np.allclose((moved - u) / 0.01, adc.bias_shape(u, kinds), atol=1e-3)


def test_repeatability_by_organ():
    assert adc.repeatability("brain") == pytest.approx(0.08 / 2.77)
    assert adc.repeatability("breast") > adc.repeatability("brain")
    assert adc.repeatability("toe") == adc.repeatability("liver")


def test_the_visible_share_of_a_front_is_its_volume_and_moves_with_it():
    x = np.arange(60) * 3.0
    place = lambda at: front.profile((x - at) / front.TYPICAL_LENGTH_MM + front.position(np.array(0.16)))  # noqa: E731
    lengths = [float(segmentation.visible_share(place(at), 0.16, 3.0).sum()) * 3.0 for at in (60.0, 60.7, 61.4)]
    assert np.allclose(np.array(lengths) - 1.5, [60.0, 60.7, 61.4], atol=0.05)


def test_a_border_drawn_wrong_to_either_side_pulls_alike():
    """A reader's errors of +- 1 mm leave no pull on a front that lies where it should."""
    x = np.arange(40) * 1.0
    share = segmentation.visible_share(front.profile((x - 19.5) / 1.4 + front.position(np.array(0.16))), 0.16, 1.0)
    pulls = [float(((x < 19.5 + shift) - share).sum()) for shift in (-1.0, 1.0)]
    assert pulls[0] + pulls[1] == pytest.approx(0.0, abs=0.05) and pulls[1] > 0.9


def test_the_drawn_volume_of_a_ball_varies_as_said():
    """Against balls whose border is moved by the scanner's own noise."""
    grid = Grid((34, 34, 34), (1.0, 1.0, 1.0))
    tissue = Medium.of_one_tissue(grid, np.ones(grid.shape, bool))
    r = np.sqrt(sum((i - 16.5) ** 2 for i in np.indices(grid.shape)))
    u = np.where(r < 11.0, 1.0, 0.0)
    rng = np.random.default_rng(3)
    drawn = [draw_region(u, 0.5, tissue, Scanner(), rng).sum() for _ in range(30)]
    assert np.std(drawn) / np.mean(drawn) == pytest.approx(
        segmentation.volume_spread(volume.of_mask(u > 0.5, grid)), rel=0.4
    )


def test_the_soft_volume_agrees_with_the_mask_and_has_a_slope():
    grid = Grid((30, 30, 30), (1.0, 1.0, 1.0))
    r = np.sqrt(sum((i - 14.5) ** 2 for i in np.indices(grid.shape)))
    u = 1 / (1 + np.exp((r - 9) / 1.0))
    assert volume.of_fraction(u, 0.16, grid) == pytest.approx(volume.of_mask(u > 0.16, grid), rel=0.02)
    assert volume.of_fraction(u * 1.001, 0.16, grid) > volume.of_fraction(u, 0.16, grid)


def test_noise_is_found_on_a_front_of_few_voxels():
    rng = np.random.default_rng(0)
    r = np.sqrt(sum((i - 9.5) ** 2 for i in np.indices((20, 20, 20))))
    u = front.profile((r - 6.0) / 0.6)
    found = voxel_noise((u + 0.03 * rng.standard_normal(u.shape)).astype(np.float32), u > 0.1)
    assert found == pytest.approx(0.03, rel=0.25)


def test_cells_are_counted_inside_the_lesion_only():
    patient = phantom().patient
    u = observed_fraction(patient, patient.visits[0])
    assert u is not None
    assert np.isnan(u[~patient.medium.domain]).all()
    assert not u[patient.medium.domain & ~patient.visits[0].whole].any()
    assert u[patient.visits[0].whole].mean() > 0.15


def pet_patient():
    """The phantom seen by PET instead of ADC: background 1, capacity 9 SUV."""
    patient, levels = phantom(perfect=True).patient, Cellularity(pet_background=1.0, pet_capacity=9.0)

    def seen_by_pet(visit):
        u = adc.to_fraction(visit.images["adc"].values, patient.cellularity)
        return replace(visit, images={"pet": field(pet.to_image(u, levels), patient.grid, "suv")})

    return replace(patient, cellularity=levels, visits=tuple(map(seen_by_pet, patient.visits))), patient


def test_pet_shows_cells_only_where_its_levels_are_declared():
    by_pet, by_adc = pet_patient()
    u = np.linspace(0, 1, 5, dtype=np.float32)
    assert np.allclose(pet.to_fraction(pet.to_image(u, by_pet.cellularity), by_pet.cellularity), u)
    shown = [observed_fraction(p, p.visits[1]) for p in (by_pet, by_adc)]
    assert np.allclose(*map(np.nan_to_num, shown), atol=1e-5)
    assert observed_fraction(replace(by_pet, cellularity=Cellularity()), by_pet.visits[1]) is None


def test_a_wrong_scale_of_the_uptake_is_taken_out_of_the_residuals():
    by_pet, _ = pet_patient()
    one = compare(by_pet, by_pet.visits[1], nearby(by_pet))
    assert one.bias_spread == pet.REPEATABILITY and one.bias_shape == (0.125, 1.0)
    u = np.nan_to_num(observed_fraction(by_pet, by_pet.visits[1])).reshape(-1)[one.index]
    scaled = pet.to_fraction(pet.to_image(u, by_pet.cellularity) * np.float32(1.1), by_pet.cellularity)
    assert np.allclose(scaled - u, 0.1 * (0.125 + u), atol=1e-6)
