"""An RTDOSE file as a course's dose, from the planning system's file to the comparison."""

from __future__ import annotations

import datetime
import json

import numpy as np
import pytest
import xarray as xr

from scenarios.compare import run_scenarios
from scenarios.study import load_study
from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.dicom import phantom
from twin.imaging.dicom.phantom import Exam

STUDY = """study: 1
reference: none
horizon_day: 60
scan_days: [60]
draws: 2
maps: false
arms:
  - {id: none, same_as: none}
  - {id: everywhere, courses: [{radiotherapy: 20 Gy, fractions: 5, from_day: 44}]}
  - {id: planned, courses: [{radiotherapy: 20 Gy, fractions: 5, from_day: 44, dose: {file: dose.dcm, unit: Gy}}]}
"""


def exported(folder, left_gy: float, right_gy: float, **tags):
    """An RTDOSE on a finer grid of its own, of one dose left and another right of the lesion's middle (x = 39 mm)."""
    grid = Grid((40, 50, 50), (2.0, 1.8, 1.6), (-5.0, -4.0, -3.0))
    x = grid.origin_mm[0] + grid.spacing_mm[2] * np.arange(50)
    gy = np.broadcast_to(np.where(x < 39.0, left_gy, right_gy), grid.shape)
    phantom.save(phantom.dose(Exam(datetime.date(2026, 1, 5)), gy, grid, **tags), folder / "dose.dcm")
    (folder / "study.yaml").write_text(STUDY)
    return load_study(folder / "study.yaml")


def test_the_dose_of_a_planning_system_is_given_where_it_says(stored, tmp_path):
    twin, _ = stored
    out = tmp_path / "out"
    data = run_scenarios(twin, out, arms=exported(tmp_path, 20.0, 0.0), processes=0)
    left = data["burden_ml"].sel(t=60.0)
    none, everywhere, planned = (left.sel(arm=name).values for name in ("none", "everywhere", "planned"))
    assert (everywhere < planned).all() and (planned < none).all(), "half of the lesion is treated"
    share = (none - planned) / (none - everywhere)
    assert share == pytest.approx([0.5, 0.5], abs=0.12)
    doses = xr.open_zarr(out / "doses.zarr", consolidated=False)
    added = doses["dose_gy"].sel(arm="planned") - doses["dose_gy"].sel(arm="everywhere")
    np.testing.assert_allclose(added.sel(x=27.0).values[5:15, 5:15], 0.0, atol=1e-2)
    np.testing.assert_allclose(added.sel(x=51.0).values[5:15, 5:15], -20.0, atol=1e-2)
    assert str(doses["dose_from"].sel(arm="planned").values) == "dose map dose.dcm"
    arms = {arm["id"]: arm for arm in json.loads((out / "scenarios.json").read_text())["arms"]}
    assert arms["planned"]["schedule"][0]["dose_from"] == "dose map dose.dcm"
    assert "Part of the radiotherapy has no dose distribution" in arms["planned"]["dose"]["note"], "what went before"


@pytest.mark.parametrize(
    ("left", "tags", "told"),
    [
        (5.0, {}, "misses the tumour: the largest dose in the lesion is 0.25 of the prescribed one"),
        (20.0, {"DoseSummationType": "BEAM"}, "holds the dose of one beam, not that of the plan"),
        (20.0, {"DoseSummationType": "FRACTION"}, "holds the dose of one fraction, not that of the plan"),
    ],
)
def test_a_dose_that_is_not_that_of_the_course_is_refused(stored, tmp_path, left, tags, told):
    twin, _ = stored
    with pytest.raises(DataRefused, match=told) as caught:
        run_scenarios(twin, tmp_path / "out", arms=exported(tmp_path, left, 0.0, **tags), processes=0)
    assert "dose.dcm" in str(caught.value) and caught.value.exit_code == 3
