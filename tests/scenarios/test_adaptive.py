"""Arms that adapt: the rule is looked at on each scan, followed once, and told."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from scenarios.adaptive import Rule
from scenarios.compare import run_scenarios
from scenarios.study import study_from
from twin.treatment import Plan


@pytest.mark.parametrize(
    ("since", "percent", "values", "expected"),
    [
        ("baseline", 25.0, [10, 9, 12.6], True),
        ("baseline", 25.0, [10, 9, 12.4], False),
        ("nadir", 25.0, [10, 8, 10.1], True),
        ("nadir", 25.0, [10, 8, 9.9], False),
        ("baseline", -65.0, [10, 3.4], True),
        ("baseline", -65.0, [10, 3.6], False),
    ],
)
def test_when_a_rule_holds(since, percent, values, expected):
    assert Rule("volume_ml", since, percent, ((70.0, Plan()),), "").holds(values[:-1], values[-1]) is expected


def test_a_rule_changes_the_course_from_that_scan_on(tmp_path, calibration):
    beam = "8 Gy in 1 fraction from 2 days after the scan"
    arms = [
        {"id": "none", "same_as": "none"},
        {"id": "grows", "words": f"no treatment, if volume exceeds baseline by 1 % at a scan, switch to {beam}"},
        {"id": "never", "words": f"no treatment, if volume exceeds baseline by 900 % at a scan, switch to {beam}"},
        {"id": "fixed", "words": "8 Gy in 1 fraction on day 52"},
    ]
    study = study_from({"arms": arms, "horizon_day": 70, "scan_days": [50, 60]})
    data = run_scenarios(calibration, tmp_path, arms=study, processes=0).load()
    assert (data["switch_day"].sel(arm="grows") == 50).all()
    assert data["switch_day"].sel(arm=["none", "never", "fixed"]).isnull().all()
    np.testing.assert_array_equal(data["burden_ml"].sel(arm="grows", t=50.0), data["burden_ml"].sel(arm="none", t=50.0))
    last = data["burden_ml"].isel(t=-1)
    np.testing.assert_allclose(last.sel(arm="grows"), last.sel(arm="fixed"), rtol=2e-3)
    np.testing.assert_allclose(last.sel(arm="never"), last.sel(arm="none"), rtol=2e-3)
    told = json.loads((tmp_path / "scenarios.json").read_text())["arms"][1]["sentences"]
    assert any("a rule was followed in 100 % of the simulated courses, at the scans of day 50" in s for s in told)


def test_doses_count_what_each_course_was_given(tmp_path, calibration):
    """A limit between the draws: some are given 8 Gy, the others nothing."""
    none = [{"id": "none", "same_as": "none"}]
    plain = {"horizon_day": 70, "scan_days": [50, 60]}
    grown = run_scenarios(calibration, tmp_path / "none", arms=study_from({"arms": none, **plain}), processes=0)["volume_ml"]
    percent = 100 * (grown.sel(t=50.0) / grown.sel(t=42.0)).values[0] - 100
    limit = np.sort(percent)[[0, 1]].mean()
    rule = f"if volume exceeds baseline by {limit:.6f} % at a scan, switch to 8 Gy in 1 fraction from 2 days after the scan"
    never = "if volume falls below baseline by 99 % at a scan, stop"
    arms = [
        {"id": "adapts", "words": "temozolomide 150 mg/m2 on day 55", "adapt": [never, rule]},
        {"id": "given", "words": "8 Gy in 1 fraction on day 52"},
        {"id": "later", "words": "8 Gy in 1 fraction on day 62"},
    ]
    data = run_scenarios(calibration, tmp_path, arms=study_from({"arms": [*none, *arms], **plain}), processes=0).load()
    adapts, given, later = (data.sel(arm=name) for name in ("adapts", "given", "later"))
    assert set(adapts["switch_rule"].values) == {2.0} and sorted(adapts["switch_day"].values) == [50, 50, 50, 60]
    at_once = adapts["switch_day"].values == 50
    expected = np.where(at_once, given["surviving_cells_log10"], later["surviving_cells_log10"])
    np.testing.assert_allclose(adapts["surviving_cells_log10"], expected, rtol=1e-6)
    facts = json.loads((tmp_path / "scenarios.json").read_text())
    one = facts["arms"][1]
    assert [(r["share"], r["switch_day"], r["after_decision"]["total_gy"]) for r in one["received"]] == [
        (0.75, 50, 8),
        (0.25, 60, 8),
    ]
    assert [r["after_decision"]["drug_doses"] for r in one["received"]] == [0, 1], (
        "the drug of day 55 was due before the switch"
    )
    assert one["after_decision"]["total_gy"] == 8 and one["after_decision"]["drug_doses"] == 0 and one["total_gy"] == 38
    assert one["dose"]["drugs"] == facts["arms"][2]["dose"]["drugs"] and one["response"]["radiotherapy_end"] == 52
    assert one["dose"]["note"].startswith("The option adapts: these are the doses of the treatment given in 75 %")
    assert facts["arms"][2]["received"] == []
    doses = xr.open_zarr(tmp_path / "doses.zarr", consolidated=False)["dose_gy"].mean(("z", "y", "x")).values
    np.testing.assert_allclose(doses, [30, 38, 38, 38], rtol=1e-5)
    if facts["trade_off"]:
        drugs = {option["arm"]: option["drugs"] for option in facts["trade_off"]["options"]}
        assert drugs["given"] < drugs["adapts"] < drugs["given"] + 150 / 75
