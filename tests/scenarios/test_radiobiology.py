"""BED and EQD2 against the golden table, and the arithmetic behind 'same EQD2'."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.radiobiology import (
    bed_gy,
    bed_with_repopulation_gy,
    eqd2_gy,
    equivalent_dose_per_fraction_gy,
    plan_doses_gy,
)
from twin.errors import DataRefused
from twin.treatment import Plan, radiotherapy

GOLDEN = [
    (60, 30, 10, 72.00, 60.00),
    (40, 15, 10, 50.67, 42.22),
    (40.05, 15, 10, 50.74, 42.29),
    (34, 10, 10, 45.56, 37.97),
    (25, 5, 10, 37.50, 31.25),
    (54, 3, 10, 151.20, 126.00),
    (50, 5, 10, 100.00, 83.33),
    (48, 4, 10, 105.60, 88.00),
    (60, 20, 1.5, 180.00, 77.14),
    (60, 20, 1.8, 160.00, 75.79),
    (74, 37, 1.5, 172.67, 74.00),
    (24, 1, 10, 81.60, 68.00),
    (27, 3, 10, 51.30, 42.75),
]


@pytest.mark.parametrize(("total", "count", "alpha_beta", "bed", "eqd2"), GOLDEN)
def test_golden_table(total, count, alpha_beta, bed, eqd2):
    doses = [total / count] * count
    assert bed_gy(doses, alpha_beta) == pytest.approx(bed, abs=1e-2)
    assert eqd2_gy(doses, alpha_beta) == pytest.approx(eqd2, abs=1e-2)


@given(st.integers(1, 40), st.floats(0.5, 12.0), st.integers(1, 40), st.floats(1.0, 20.0))
def test_equivalent_fractions_keep_the_eqd2(count, dose, other, alpha_beta):
    doses = [dose] * count
    each = equivalent_dose_per_fraction_gy(doses, other, alpha_beta)
    assert eqd2_gy([each] * other, alpha_beta) == pytest.approx(eqd2_gy(doses, alpha_beta), rel=1e-9)


def test_repopulation_costs_dose_only_after_its_kick_off():
    late = dict(kick_off_days=28, alpha_per_gy=0.3, doubling_days=3)
    assert bed_with_repopulation_gy([2] * 30, 10, overall_days=28, **late) == pytest.approx(72.0)
    assert bed_with_repopulation_gy([2] * 30, 10, overall_days=39, **late) == pytest.approx(
        72 - 0.693147 * 11 / 0.9, abs=1e-4
    )


def test_doses_of_a_plan_and_nonsense_refused():
    assert sum(plan_doses_gy(Plan((radiotherapy(0, 60, 30),)))) == pytest.approx(60)
    with pytest.raises(DataRefused, match="alpha/beta = 0"):
        bed_gy([2], 0)
    with pytest.raises(DataRefused, match="0 fractions"):
        equivalent_dose_per_fraction_gy([2], 0, 10)
