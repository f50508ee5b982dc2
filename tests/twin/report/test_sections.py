"""What the sections of the page say, against results whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from tests.twin.report.fake_results import fake_doses
from twin.report import (
    chances,
    dose_volume,
    facts,
    lesions,
    plain,
    readability,
    record,
    regret,
    response,
    rethink,
    tables,
    verdicts,
)
from twin.report.organs import organ_table
from twin.report.results import Results, read_results


@pytest.fixture(scope="module")
def results(brain_results) -> Results:
    return read_results(brain_results)


def refuted(results: Results) -> Results:
    """The same study of a twin that misses the last scan that it saw."""
    study = dict(results.study, comparisons=[dict(c, verdict="not ranked") for c in results.study["comparisons"]])
    return replace(results, study=study)


def with_volumes(results: Results, **arms: np.ndarray) -> Results:
    """The same study with these volumes (draw) on every day of these arms."""
    data = results.scenarios.load().copy(deep=True)
    for arm, draws in arms.items():
        data["volume_ml"].loc[{"arm": arm}] = np.repeat(draws[:, None], data.sizes["t"], axis=1)
    return replace(results, scenarios=data)


def arms_of(results: Results, *ids: str) -> Results:
    study = dict(results.study, arms=[a for a in results.study["arms"] if a["id"] in ids], margin_percent=25.0)
    return replace(results, study=study)


def test_lesions_change_since_the_first_and_since_the_smallest_before(results):
    rows = lesions.lesion_rows(results)
    volumes = [v.whole.sum() * results.patient.grid.voxel_ml for v in results.patient.visits]
    assert rows[0]["from_first"] == "–" and len(rows) == len(volumes)
    last = 100 * (volumes[-1] / min(volumes[:-1]) - 1)
    assert rows[-1]["from_smallest"].replace("−", "-").startswith(f"{last:+.0f}")
    assert int(rows[0]["lesions"]) >= 1 and "×" in rows[0]["diameters"]


def test_chances_count_the_same_draws_in_both_arms(results):
    draws = np.arange(1.0, results.scenarios.sizes["draw"] + 1)
    told = chances.chance_table(with_volumes(arms_of(results, "none", "standard"), none=draws, standard=0.5 * draws))
    none, standard = told["rows"]
    assert standard["cells"][0]["text"].startswith("100") and none["cells"][1]["text"].startswith("0")
    assert standard["least"].startswith("100") and none["cells"][0] is None and told["margin"] == "25"
    same = chances.chance_table(with_volumes(arms_of(results, "none", "standard"), none=draws, standard=0.8 * draws))
    assert same["rows"][1]["cells"][0]["text"].startswith("0") and same["rows"][1]["cells"][0]["any"].startswith("100")


def test_the_scan_that_would_refute_the_twin_is_named_with_its_interval(results):
    told = dict(rethink.rethink(with_volumes(results, standard=np.linspace(10, 20, results.scenarios.sizes["draw"]))))
    assert "below 10.5 mL or above 19.5 mL on day 90" in told["The next scan"] and "was held back" in told["The next scan"]


def test_the_unknown_that_decides_is_named_and_what_is_tied_to_it(results):
    count = 30
    rng = np.random.default_rng(0)
    value = rng.normal(size=(count, results.posterior.sizes["parameter"]))
    value[:, 2] = 2 * value[:, 1] + 0.01 * rng.normal(size=count)
    posterior = results.posterior.drop_dims("draw").assign(value=(("draw", "parameter"), value))
    scan, t = results.scenarios["scan"], results.scenarios["t"]
    volume = xr.DataArray(np.ones((1, count, len(t))), dims=("arm", "draw", "t")) * np.exp(value[:, 1])[None, :, None]
    data = xr.Dataset({"volume_ml": volume}, {"arm": ["standard"], "draw": np.arange(count), "t": t, "scan": scan})
    told = dict(rethink.rethink(replace(arms_of(results, "standard"), posterior=posterior, scenarios=data)))
    sentence = told["What the forecast hangs on"]
    assert "net proliferation (or radiosensitivity, which the scans do not tell from it)" in sentence and "+1.00" in sentence


def test_options_part_surely_perhaps_or_hardly(results):
    draws = np.full(results.scenarios.sizes["draw"], 10.0)
    half = np.where(np.arange(len(draws)) % 2, 5.0, 10.0)
    changed = with_volumes(results, standard=draws, none=2 * draws, escalated=half, hypofractionated=draws)
    told = " ".join(
        s
        for h, s in rethink.rethink(arms_of(changed, "standard", "none", "escalated", "hypofractionated"))
        if h == "Telling options apart"
    )
    assert (
        "for “No further treatment” from day 90 on." in told and "“Dose-escalated boost” (50\u202f% of the courses" in told
    )
    assert "for “Hypofractionated”: waiting does not settle it" in told


def test_a_category_is_shown_with_share_rule_and_numbers(results):
    typical = {"category": "PD", "rule": "40 % above the nadir", "size": 14.0, "from_baseline_percent": 40.0}
    scans = [{"day": 90.0, "shares": {"SD": 0.25, "PD": 0.75}, "typical": typical}]
    assessed = {"criteria": "RANO", "measure": "volume", "unit": "mL", "citation": "c", "scans": scans}
    study = dict(results.study, arms=[dict(a, response=assessed) for a in results.study["arms"]])
    assessed_by = replace(results, study=study)
    told = response.response_table(assessed_by)
    cell = told["rows"][0]["cells"][0]
    assert [s["category"] for s in cell["shares"]] == ["PD", "SD"] and cell["rule"] == "40 % above the nadir"
    assert cell["numbers"] == "14.0 mL, +40\u202f% from baseline" and response.response_table(results) is None
    assert response.response_table(refuted(assessed_by)) is None, "of a twin that misses the last scan"


def test_an_organ_above_its_limit_is_marked_and_arrival_told(results):
    organ = {
        "organ": "brain_stem",
        "mean_gy": 30.0,
        "max_gy": 61.0,
        "ntcp": 0.04,
        "complication": "necrosis",
        "limit": "max",
    }
    organ |= {"limit_gy": 54.0, "at_limit_gy": 61.0, "exceeded": True, "citations": ["QUANTEC"], "confirm": True}
    drug = {"drug": "doxorubicin", "total": 500.0, "unit": "mg/m2", "limit": 550.0, "sentence": "watch"}
    block = {"mapped": True, "note": "", "organs": [organ], "drugs": [drug]}
    reach = {
        "organ": "brain_stem",
        "probability": 0.4,
        "arrival_days": {"median": 60.0, "low": 50.0, "high": 80.0},
        "share_at_horizon": 0.1,
    }
    study = dict(results.study, arms=[dict(a, dose=block, infiltration=[reach]) for a in results.study["arms"]])
    told = organ_table(replace(results, study=study))
    dose, arrival, total = (told[k][0]["cells"][0] for k in ("organs", "followed", "drugs"))
    assert dose["exceeded"] and dose["limit"].startswith("above 54.0 Gy") and told["organs"][0]["name"] == "brain stem"
    assert arrival["when"] == "after 60.0 (50.0 – 80.0) days" and total["total"] == "500 mg/m²" and told["confirm"]
    assert organ_table(results) is None


def test_dose_volume_curves_carry_their_limits_and_say_where_the_dose_comes_from(results):
    limits = [{"organ": "stem", "limit": "D40 %", "limit_gy": 7.3}, {"organ": "cord", "limit": "mean", "limit_gy": 70.0}]
    block = {"mapped": True, "note": "", "organs": limits}
    study = dict(results.study, arms=[dict(a, dose=block) for a in results.study["arms"]])
    doses = fake_doses(results.patient, ("standard", "escalated"), "synthetic dose: core with 20 mm margin")
    doses["mapped"].loc[{"arm": "escalated"}] = False
    told = dose_volume.dose_volumes(replace(results, study=study, doses=doses))
    stem, cord, ptv = told.options[0].curves
    assert stem.limit == (7.3, 0.4) and cord.mean_limit_gy == 70 and ptv.is_target and not ptv.limit
    assert told.highest_gy > 70, "the mean limit lies on the axis"
    assert next(row["cells"] for row in dose_volume.dose_table(told)) == ["19.6 / 10.0 / 0.400"]
    assert told.without == ("Dose-escalated boost",)
    assert dose_volume.sources(told) == ["synthetic dose: core with 20 mm margin: Standard"]
    assert 'aria-label="Dose-volume histograms, Standard' in told.svg(told.options[0])
    assert dose_volume.dose_volumes(results) is None
    assert dose_volume.dose_volumes(replace(results, doses=doses.assign(mapped=("arm", [False] * 2)))).options == ()


def test_a_twin_that_misses_the_last_scan_ranks_nothing(results):
    missed = refuted(results)
    assert chances.chance_table(missed) is None and chances.chance_table(results) is not None
    assert [h for h, _ in rethink.rethink(missed)] == ["The last scan"]
    assert tables.comparison_rows(missed) == [] and tables.comparison_rows(results)
    assert all(row["smaller"] is None and row["difference_text"] is None for row in tables.arm_rows(missed))
    assert any(row["smaller"] for row in tables.arm_rows(results))
    assert not [c for row in tables.endpoint_table(missed) for c in row["cells"] if c["difference"] or c["verdict"]]
    assert "did not match the last scan" in plain.plain_text(missed) and "Plan" not in plain.plain_text(missed)


def test_options_that_leave_nothing_do_not_differ(results):
    nothing = np.full(results.scenarios.sizes["draw"], 1e-3)
    told = rethink.rethink(with_volumes(arms_of(results, "standard", "none"), standard=nothing, none=0 * nothing))
    assert any("for “No further treatment”: waiting does not settle it" in s for _, s in told)
    assert "below" not in dict(told)["The next scan"]


def test_regret_and_the_worth_of_a_scan_are_told_with_their_spread(results):
    option = {"arm": "standard", "probability_best": 0.25, "regret": {"mean": 2.0, "high": 7.5}}
    other = {"arm": "none", "probability_best": 0.75, "regret": {"mean": 0.5, "high": 3.0}}
    scan = {"scan_day": 90.0, "value_ml": 0.4, "error_ml": 0.1, "perfect_ml": 1.2}
    found = {"draws": 8, "sentence": "No best one.", "options": [option, other], "waiting": [scan]}
    told = regret.regret_table(replace(results, study=dict(results.study, ranking=found)))
    assert [r["label"] for r in told["rows"]] == ["No further treatment", "Standard"]
    assert told["rows"][1]["mean"] == "2.0" and told["rows"][1]["high"] == "7.5"
    assert told["scans"] == [{"day": "90", "value": "0.40", "give": "± 0.16", "perfect": "1.2"}] and not told["settled"]
    settled = dict(found, waiting=[dict(scan, value_ml=0.0, perfect_ml=0.0)])
    told = regret.regret_table(replace(results, study=dict(results.study, ranking=settled)))
    assert told["scans"] == [] and told["settled"], "a table of zeros says nothing"
    assert regret.regret_table(results) is None


def test_many_options_leave_one_line_and_a_table(results):
    ids = [f"arm{i}" for i in range(12)]
    data = xr.concat([results.scenarios.sel(arm="standard")] * 12, "arm").assign_coords(arm=ids)
    arms = [dict(results.study["arms"][1], id=a, label=f"Option {i}") for i, a in enumerate(ids)]
    kinds = ["lower"] * 3 + ["cannot be told apart"] * 8
    compared = [{"arm": a, "endpoint": "visible-volume", "verdict": k} for a, k in zip(ids[1:], kinds, strict=True)]
    study = dict(results.study, arms=arms, comparisons=compared, reference="arm0", limits=["A limit."])
    study["conclusion"] = ["The lead.", *["One of many."] * 11, "A limit."]
    many = replace(results, scenarios=data, study=study)
    assert facts.conclusion(many) == ["The lead.", "A limit."]
    (less, lower), (_, unclear) = verdicts.verdict_table(many)
    assert less.startswith("Less") and lower == ["Option 1", "Option 2", "Option 3"] and len(unclear) == 8
    assert len(facts.conclusion(replace(results, study=dict(study, arms=arms[:3])))) == 13


def test_words_about_brain_tissue_name_the_tissue_that_there_is():
    words = "where they move fastest (white matter), and in the other tissues (grey matter)"
    assert tables.in_tissue(words, ["white", "grey"]) == words
    told = "where they move fastest (fibroglandular), and in the other tissues (adipose)"
    assert tables.in_tissue(words, ["fibroglandular", "adipose"]) == told


def test_the_record_of_earlier_forecasts_is_told(results):
    score = {
        "number": 1,
        "made": "2026-01-05T10:00",
        "decision_day": 42.0,
        "visit": "scan",
        "day": 90.0,
        "observed_ml": 50.0,
    }
    score |= {"median_ml": 45.0, "intervals_ml": {"90": [40.0, 48.0]}, "inside": {"90": False}, "error_percent": -10.0}
    summary = {"scored": 1, "inside": {"90": 0, "50": 0}, "mean_crps_ml": 3.0, "mean_crps_no_change_ml": 5.0}
    remark = {
        "kind": "override",
        "made": "2026-01-06",
        "role": "radiologist",
        "text": "oedema",
        "volume_ml": 60.0,
        "day": 90.0,
    }
    track = {"forecasts": [{}], "scores": [score], "summary": summary, "remarks": [remark], "head": "f" * 64}
    told = record.record_table(track)
    assert told["verdict"].startswith("0 of 1") and told["rows"][0]["inside"] is False and told["rows"][0]["by"] == "twin"
    assert told["remarks"][0]["words"] == "expects 60.0 mL on day 90. oedema" and record.record_table(None) is None


def test_the_plain_words_ask_for_eight_years_of_school_at_most(results):
    gained = {"endpoint": "days-gained", "low": 35.2, "median": 53.6, "high": 77.2}
    arms = [dict(a, endpoints=[*a.get("endpoints", []), gained]) for a in results.study["arms"]]
    text = plain.plain_text(replace(results, study=dict(results.study, arms=arms)))
    assert "about 54 more days" in text and "It may be 35 to 77 days." in text
    assert "simulated courses" in text and "research" in text and "Talk with the team" in text
    assert readability.reading_grade(text) <= 8.0
    hard = "Hypofractionated irradiation demonstrates equivalent tumour control probability relative to the convention."
    assert readability.reading_grade(hard) > 18


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "all"), (0.0, "none"), (0.98, "more than 9 in 10"), (0.01, "fewer than 1 in 10"), (0.8, "8 of 10")],
)
def test_shares_as_counts_never_overstate(share, words):
    assert plain.of_ten(share) == words


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("tumour", 2),
        ("model", 2),
        ("used", 1),
        ("possible", 3),
        ("scale", 1),
        ("treated", 2),
        ("sizes", 2),
    ],
)
def test_syllables(word, count):
    assert readability.syllables_of(word) == count
