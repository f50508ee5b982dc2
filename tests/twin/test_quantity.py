"""Doses and days as people write them."""

from __future__ import annotations

import pytest

from twin.quantity import Quantity, cycle_days, in_unit, quantity


@pytest.mark.parametrize(
    ("written", "value", "unit"),
    [("60 Gy", 60, "Gy"), ("75mg/m²", 75, "mg/m2"), ("1.5e2 mg/m^2", 150, "mg/m2"), ("AUC 5", 5, "AUC")],
)
def test_a_number_with_its_unit(written, value, unit):
    assert quantity(written) == Quantity(value, unit)
    assert quantity(str(quantity(written))) == quantity(written)


@pytest.mark.parametrize(
    ("written", "words"), [(60, "has no unit"), ("60", "has no unit"), ("60 furlongs", "unknown"), ("much", "is not a dose")]
)
def test_what_is_no_dose_is_refused(written, words):
    with pytest.raises(ValueError, match=words):
        quantity(written)


def test_a_dose_in_a_foreign_unit_or_of_nothing_is_refused():
    with pytest.raises(ValueError, match="is given in Gy, not in mg"):
        in_unit("60 mg", "Gy", "a radiation dose")
    with pytest.raises(ValueError, match="is no dose"):
        in_unit("0 Gy", "Gy", "a radiation dose")


def test_days_of_a_cycle():
    assert cycle_days("1-5") == (1, 2, 3, 4, 5)
    assert cycle_days("1, 8,15") == cycle_days([1, 8, 15]) == (1, 8, 15)
    for wrong in ("0", "5-1", "monday"):
        with pytest.raises(ValueError, match="no day of a cycle"):
            cycle_days(wrong)
