"""Any patient written as a case folder reads back to the same patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.twin.case.patients import assert_same, everything
from twin.case import load_case, write_case
from twin.errors import UsageError
from twin.treatment import Chemotherapy, DrugDose, Plan


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


def test_a_course_of_two_drugs_becomes_two_entries_with_the_same_doses(tmp_path):
    doses = (
        DrugDose(8.0, "doxorubicin", 60.0),
        DrugDose(8.0, "cyclophosphamide", 600.0),
        DrugDose(29.0, "doxorubicin", 50.0),
    )
    patient = replace(everything(), treatments=Plan((Chemotherapy(doses, "AC"),)))
    again = load_case(write_case(patient, tmp_path))
    assert set(again.treatments.drug_doses()) == set(doses)


def test_a_tensor_is_not_lost_in_silence(tmp_path):
    patient = everything()
    medium = replace(patient.medium, tensor=np.ones((6, *patient.grid.shape), np.float32))
    with pytest.raises(UsageError, match="diffusion tensor"):
        write_case(replace(patient, medium=medium), tmp_path)
