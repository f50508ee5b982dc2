"""How much of a fit's claim is taken back."""

from __future__ import annotations

import pytest

from calibration.discrepancy import FINEST_MM, temperature


def test_more_cubes_coarser_voxels_and_narrower_fronts_take_back_more():
    usual = temperature(100, 0.5, 3.0)
    assert temperature(200, 0.5, 3.0) > usual
    assert temperature(100, 0.3, 3.0) > usual
    assert temperature(100, 0.5, 2.0) == pytest.approx(usual * (2 / 3) ** 1.5)


def test_a_fit_never_claims_more_than_its_residuals():
    assert temperature(1, 0.6, 2.0) == 1.0


def test_on_voxels_finer_than_was_learnt_no_less_is_taken_back():
    assert temperature(300, 0.5, 0.5) == temperature(300, 0.5, FINEST_MM)
