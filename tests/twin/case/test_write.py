"""Any patient written as a case folder reads back to the same patient."""

from __future__ import annotations

from tests.twin.case.patients import assert_same, everything
from twin.case import load_case, write_case


def test_the_round_trip_through_nifti_and_yaml_is_exact(tmp_path):
    patient = everything()
    again = load_case(write_case(patient, tmp_path / "case"))
    assert_same(patient, again, tolerance_mm=1e-4)
    assert again.grid.spacing_mm == patient.grid.spacing_mm


def test_a_second_round_changes_nothing_at_all(tmp_path):
    once = load_case(write_case(everything(), tmp_path / "a"))
    twice = load_case(write_case(once, tmp_path / "b"))
    assert_same(once, twice, tolerance_mm=1e-5)
    assert (tmp_path / "a" / "case.yaml").read_text() == (tmp_path / "b" / "case.yaml").read_text()
