from __future__ import annotations

import numpy as np
import pytest

from twin.errors import DataRefused
from twin.report import facts, tables
from twin.report.results import read_results


def test_a_missing_folder_and_an_empty_one_are_refused_with_the_step_to_run(tmp_path):
    with pytest.raises(DataRefused, match="no folder"):
        read_results(tmp_path / "nowhere")
    with pytest.raises(DataRefused, match=r"calibration.json is not there") as refusal:
        read_results(tmp_path)
    assert "calibrate" in refusal.value.remedy


def test_differences_are_paired_draw_by_draw(brain_results):
    results = read_results(brain_results)
    rows = {row["id"]: row for row in tables.arm_rows(results)}
    gap = results.at_day("escalated", "volume_ml", 182) - results.at_day("standard", "volume_ml", 182)
    assert rows["escalated"]["difference_text"] == tables.n.volume(np.median(gap))
    assert rows["standard"]["difference_text"] is None and rows["standard"]["is_reference"]
    assert rows["escalated"]["smaller"] == "100\u202f%"


def test_an_interval_that_holds_zero_is_no_difference():
    draws = np.linspace(40, 60, 21)
    row = tables._difference(draws, draws[::-1], {})
    assert row["verdict"] == "cannot be told apart"
    assert tables._difference(draws, draws + 5, {})["verdict"] == ""


def test_the_verdict_of_the_study_is_the_one_that_counts():
    draws = np.linspace(40, 60, 21)
    row = tables._difference(draws, draws + 5, {"verdict": "cannot be told apart", "probability_meaningfully_lower": 0.5})
    assert row["verdict"] == "cannot be told apart" and row["meaningful"] == "50\u202f%"


@pytest.mark.parametrize(
    ("symbol", "parts"),
    [
        ("D", [("D", "")]),
        ("rho", [("ρ", "")]),
        ("D_w", [("D", "w")]),
        ("D_slow/D", [("D", "slow"), ("/", ""), ("D", "")]),
        ("s0", [("s", "0")]),
        ("ρ", [("ρ", "")]),
    ],
)
def test_symbols_are_printed_with_greek_letters_and_indices(symbol, parts):
    assert tables.symbol_parts(symbol) == parts


def test_learnt_compares_widths():
    rng = np.random.default_rng(0)
    prior = np.exp(rng.normal(0, 1, 4000))
    assert "hardly" in tables.learnt(prior, np.exp(rng.normal(0, 0.95, 4000)), log=True)
    assert tables.learnt(prior, np.exp(rng.normal(0, 0.2, 4000)), log=True) in {
        f"interval narrowed by {p}\u202f%" for p in (79, 80, 81)
    }


def test_the_twin_that_loses_to_a_simple_rule_is_said_to_lose(brain_results):
    results = read_results(brain_results)
    scores = results.calibration["visits"][-1]["scores"]
    assert "did not beat" not in facts.forecast_verdict(results)
    scores["no_change"]["ccc"] = 0.99
    assert "did not beat" in facts.forecast_verdict(results)


def test_a_volume_outside_the_interval_is_said_beside_a_good_overlap(brain_results):
    results = read_results(brain_results)
    twin = results.calibration["visits"][-1]["scores"]["twin"]
    twin["inside_interval"] = True
    assert "inside its 90 % interval" in facts.forecast_verdict(results)
    twin["inside_interval"] = False
    assert "outside its 90 % interval" in facts.forecast_verdict(results)


def test_ranges_lie_on_one_axis(brain_results):
    rows = tables.arm_rows(read_results(brain_results))
    for log in (False, True):
        found = facts.ranges(rows, log)
        for low, middle, high in found["rows"].values():
            assert 0 <= low <= middle <= high <= 100
        assert 2 <= len(found["marks"]) <= 6


def test_treatment_lines_tell_what_is_still_to_come_and_the_whole():
    ahead = {"total_gy": 30.0, "fractions": 15, "eqd2_gy": 30.0, "drug_doses": 26}
    arm = {"total_gy": 60.0, "fractions": 30, "eqd2_gy": 60.0, "drug_doses": 47, "after_decision": ahead}
    assert tables.treatment_lines(arm) == ["30.0 Gy in 15 fractions", "EQD2 30.0 Gy (whole course 60.0 Gy)", "26 drug doses"]
    nothing = dict.fromkeys(ahead, 0)
    assert tables.treatment_lines({**nothing, "after_decision": nothing}) == ["no treatment"]
