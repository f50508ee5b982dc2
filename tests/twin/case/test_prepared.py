"""The prepared patient comes back bit for bit."""

from __future__ import annotations

import json

import pytest

from tests.twin.case.patients import assert_same, everything
from twin.case.prepared import load_patient, save_patient
from twin.errors import DataRefused
from twin.fields import grid_of


def test_the_round_trip_is_exact(tmp_path):
    patient = everything()
    save_patient(patient, tmp_path / "results")
    again = load_patient(tmp_path / "results")
    assert_same(patient, again)
    assert grid_of(again.visits[0].images["adc"]) == patient.grid


def test_a_cropped_patient_keeps_its_place(tmp_path):
    patient = everything().crop((slice(1, 5), slice(2, 8), slice(1, 9)))
    save_patient(patient, tmp_path)
    again = load_patient(tmp_path)
    assert again.grid == patient.grid
    assert_same(patient, again)
    assert grid_of(patient.visits[0].images["adc"]) == grid_of(patient.anatomy) == patient.grid


def test_saving_twice_replaces(tmp_path):
    patient = everything()
    save_patient(patient, tmp_path)
    save_patient(everything(seed=8), tmp_path)
    assert_same(everything(seed=8), load_patient(tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["patient.json", "patient.zarr"]


def test_a_folder_without_a_patient_is_refused_in_words(tmp_path):
    with pytest.raises(DataRefused, match=r"patient\.json is not there"):
        load_patient(tmp_path)


def test_another_layout_is_refused_in_words(tmp_path):
    save_patient(everything(), tmp_path)
    facts = json.loads((tmp_path / "patient.json").read_text())
    (tmp_path / "patient.json").write_text(json.dumps({**facts, "format": 99}))
    with pytest.raises(DataRefused, match="layout 99"):
        load_patient(tmp_path)
