"""Organs and doses from the case to the results folder."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from scenarios.compare import run_scenarios
from scenarios.organs_json import warnings
from scenarios.study import study_from
from tests.scenarios.conftest import given, small_patient
from twin.errors import DataRefused
from twin.treatment import Plan, radiotherapy

ARMS = [{"id": "none", "same_as": "none"}, {"id": "standard", "same_as": "as scheduled"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("organs")


@pytest.fixture(scope="module")
def twin():
    """Radiotherapy through a slab that spares the far organ; the other organs lie beside the lesion."""
    patient = small_patient()
    relative = np.zeros(patient.grid.shape, np.float32)
    relative[6:15] = 1.0
    organs = {name: np.zeros(patient.grid.shape, bool) for name in ("brainstem", "speech area", "PTV60")}
    organs["brainstem"][1:4, 2:6, 2:6] = True
    organs["speech area"][9:12, 10:13, 14:18] = True
    organs["PTV60"][7:14, 8:15, 9:16] = True
    beams = radiotherapy(21, 60, 30, relative_dose=relative)
    return given(replace(patient, organs=organs, treatments=Plan((beams,))))


@pytest.fixture(scope="module")
def result(folder, twin) -> xr.Dataset:
    study = study_from({"arms": ARMS, "horizon_day": 70, "scan_days": [60, 70], "draws": 2})
    return run_scenarios(twin, folder, arms=study, processes=0)


def block(folder, arm: str, name: str):
    arms = json.loads((folder / "scenarios.json").read_text())["arms"]
    return next(a for a in arms if a["id"] == arm)[name]


def test_the_endpoints_of_organs_are_in_the_results(result):
    assert result["organ_infiltration"].dims == ("arm", "draw", "t", "organ")
    assert list(result["organ"].values) == ["brainstem", "speech area"]
    covered = result["recurrence_in_isodose"].sel(scan=[60, 70])
    assert ((covered > 0.5) & (covered < 1)).all(), "the lesion has grown out of the slab"
    assert result["recurrence_in_isodose"].sel(scan=42).isnull().all(), "a scan that all arms share has no arm's dose"
    assert (result["recurrence_in_target"] <= 1).all() and result["recurrence_in_target"].sel(scan=42).notnull().all()
    assert (result["minimal_burden_ml"] <= result["burden_ml"].isel(t=-1)).all()
    left = result["surviving_cells_log10"]
    assert left.sel(arm="none").isnull().all() and (left.sel(arm="standard") > 3).all()
    assert (result["tumour_control"].sel(arm="standard") < 1e-6).all()


def test_the_organ_table(result, folder):
    stem, brain = (
        next(o for o in block(folder, "standard", "dose")["organs"] if o["organ"] == n) for n in ("brainstem", "brain")
    )
    assert stem["max_gy"] == 0 and stem["ntcp"] < 1e-4 and brain["max_gy"] == pytest.approx(60)
    assert block(folder, "none", "dose")["organs"][0]["max_gy"] == 0, "what was given before the decision counts"
    (speech,) = (o for o in block(folder, "none", "infiltration") if o["organ"] == "speech area")
    assert speech["probability"] == 1.0 and speech["arrival_days"]["median"] >= 0 and 0 < speech["share_at_horizon"] <= 1
    (unreached,) = (o for o in block(folder, "none", "infiltration") if o["organ"] == "brainstem")
    assert unreached["probability"] == 0.0 and unreached["arrival_days"]["median"] is None


def test_what_exceeds_a_limit_is_said():
    organ = {
        "organ": "brainstem",
        "exceeded": True,
        "at_limit_gy": 60.0,
        "limit": "max",
        "limit_gy": 54.0,
        "citations": ["A", "Mayo"],
    }
    block = {"mapped": True, "organs": [organ], "drugs": [{"sentence": "doxorubicin exceeds it."}], "share": 1.0}
    assert warnings("Arm", block) == [
        "“Arm”: brainstem receives 60.0 Gy (max, EQD2), above its limit of 54 Gy (Mayo; confirm).",
        "“Arm”: doxorubicin exceeds it.",
    ]
    assert warnings("Arm", {**block, "share": 0.4})[1] == "“Arm, in 40 % of its courses”: doxorubicin exceeds it."
    assert len(warnings("Arm", {**block, "mapped": False})) == 1, "a uniform dose says nothing about organs"


def test_the_doses_voxel_by_voxel(result, folder, twin):
    with xr.open_zarr(folder / "doses.zarr", consolidated=False, chunks=None) as doses:
        assert doses["dose_gy"].dims == ("arm", "z", "y", "x") and doses["dose_gy"].attrs["units"] == "Gy"
        middle = doses.isel(z=10, y=3, x=3).sel(arm="standard")
        assert middle["dose_gy"].item() == pytest.approx(60) and middle["mapped"].item()
        ratio = middle["alpha_beta_gy"].item()
        assert middle["bed_gy"].item() == pytest.approx(60 * (1 + 2 / ratio), rel=1e-5)
        assert middle["eqd2_gy"].item() == pytest.approx(60, rel=1e-5)
        stem = doses["dvh"].sel(arm="standard", organ="brainstem")
        assert stem.sel(dose=0).item() == 1 and (stem.isel(dose=slice(1, None)) == 0).all()
        assert not doses["is_target"].sel(organ="brain").item() and doses["is_target"].sel(organ="PTV60").item()
        target = doses["dvh_eqd2"].sel(arm="standard", organ="PTV60")
        assert target.sel(dose=59.5).item() == 1 and target.sel(dose=60.5).item() == 0, "2 Gy fractions: EQD2 is the dose"
        assert (doses["dvh"].sel(organ="brain", dose=59.5, arm="standard") == pytest.approx(9 / 18, abs=0.01)).all()


def test_an_endpoint_that_needs_a_target_is_refused_without_one(calibration, tmp_path):
    study = study_from({"arms": ARMS, "endpoints": ["recurrence-in-target"]})
    with pytest.raises(DataRefused, match="does not apply to this patient") as caught:
        run_scenarios(calibration, tmp_path, arms=study, processes=0)
    assert "`organs:`" in caught.value.remedy
