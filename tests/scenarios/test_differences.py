"""What is said of paired differences: nothing more than the intervals allow."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from scenarios.arms import arm
from scenarios.conclusion import FROM_NADIR, conclude, number, progression_sentence
from scenarios.differences import UNCLEAR, differences
from scenarios.prepare import Comparison
from scenarios.ranking import ranking
from scenarios.simulated import Setup
from scenarios.timeline import Timeline
from scenarios.trust import mismatch
from twin.treatment import Plan

NAMES = ("visible-volume", "time-to-progression")


def comparison(*ids: str) -> Comparison:
    arms = tuple(arm(i, i.upper(), Plan()) for i in ids)
    times = Timeline(40.0, 100.0, (40.0, 100.0), (0.0, 40.0, 100.0))
    return Comparison(Setup(arms, times, NAMES[:1]), tuple(range(50)), NAMES, ids[0], 0.25)


def courses(finals: dict[str, np.ndarray]) -> xr.Dataset:
    draws = len(next(iter(finals.values())))
    volume = np.stack([np.stack([np.full(draws, 10.0), np.full(draws, 10.0), v], axis=-1) for v in finals.values()])
    return xr.Dataset(
        {
            "volume_ml": (("arm", "draw", "t"), volume),
            "time_to_progression_days": (("arm", "draw"), np.where(volume[..., -1] > 14, 30.0, np.nan)),
        },
        coords={"arm": list(finals), "draw": np.arange(draws), "t": [0.0, 40.0, 100.0]},
        attrs={"decision_day": 40.0, "horizon_day": 100.0},
    )


def verdict(reference: np.ndarray, other: np.ndarray) -> dict:
    found = differences(courses({"a": reference, "b": other}), comparison("a", "b"))
    return next(d for d in found if d["endpoint"] == "visible-volume")


def test_verdicts():
    noise = np.linspace(-5, 5, 50)
    assert verdict(20 + noise, 10 + noise)["verdict"] == "lower"
    assert verdict(20 + noise, 30 + noise)["verdict"] == "higher"
    assert verdict(20 + noise, 19 + noise)["verdict"] == UNCLEAR, "always lower, but not by a meaningful margin"
    assert verdict(20 + noise, 10 - 3 * noise)["verdict"] == UNCLEAR, "lower in the median, not in every course"
    assert verdict(0.4 + noise / 20, 0.1 + noise / 50)["verdict"] == UNCLEAR, "within the error of a segmentation"


def test_most_draws_must_differ_by_the_margin_and_an_outlier_widens_the_interval():
    found = verdict(np.full(50, 20.0), 20 - np.linspace(3, 8, 50))
    assert found["high"] < 0 and 0.5 < found["probability_meaningfully_lower"] < 0.7
    assert found["verdict"] == UNCLEAR
    outlier = np.where(np.arange(20) == 19, 1e5, 10.0)
    found = verdict(np.full(20, 20.0), outlier)
    assert found["probability_meaningfully_lower"] == 0.95 and found["high"] > 0
    assert found["verdict"] == UNCLEAR


def test_pairing_finds_what_marginals_hide():
    wide = np.linspace(10, 60, 50)
    found = verdict(wide, 0.6 * wide)
    assert found["verdict"] == "lower" and found["probability_lower"] == 1.0
    assert found["median_difference"] == pytest.approx(-0.4 * 35)


@given(st.lists(st.floats(0, 100), min_size=20, max_size=20), st.lists(st.floats(0, 100), min_size=20, max_size=20))
def test_never_called_lower_if_the_interval_holds_zero(a, b):
    found = verdict(np.array(a), np.array(b))
    if found["low"] <= 0 <= found["high"]:
        assert found["verdict"] == UNCLEAR
    mirrored = verdict(np.array(b), np.array(a))
    assert mirrored["median_difference"] == pytest.approx(-found["median_difference"])


def test_failed_draws_are_left_out_of_the_pairs():
    reference, other = np.full(20, 20.0), np.full(20, 10.0)
    other[3] = reference[5] = np.nan
    assert verdict(reference, other)["draws"] == 18


def test_no_progression_counts_as_the_whole_horizon():
    data = courses({"a": np.full(50, 20.0), "b": np.full(50, 5.0)})
    found = next(d for d in differences(data, comparison("a", "b")) if d["endpoint"] == "time-to-progression")
    assert found["median_difference"] == pytest.approx(30.0)


def sentences(finals: dict[str, np.ndarray]) -> list[str]:
    data, asked = courses(finals), comparison(*finals)
    return conclude(data, asked, differences(data, asked), SimpleNamespace(site="brain"), failed=0)


def test_conclusion_says_how_much_and_how_sure():
    noise = np.linspace(-2, 2, 50)
    told = sentences({"a": 20 + noise, "b": 10 + noise, "c": 19.5 + noise})
    assert told[0] == "On day 100 the visible volume under “A” is 20 mL (90 % interval 18 to 22)."
    assert told[1].startswith(
        "Under “B” it is 10 mL smaller than under “A” (90 % interval 10 to 10 mL), by more than 25 % in 100 %"
    )
    assert told[2].startswith("“C” differs from “A” by less than 25 % (or 1 mL) in at least 95 % of the simulated courses")
    assert "better" not in " ".join(told) and "survival" not in " ".join(told)


def test_days_gained_stand_right_below_the_first_line():
    def told(gained: np.ndarray, reference: str = "standard") -> list[str]:
        ids = [reference, "none" if reference == "standard" else "standard"]
        data, asked = courses({i: np.full(50, 20.0) for i in ids}), comparison(*ids)
        data["days_gained"] = (("arm", "draw"), [gained if i == "standard" else 0 * gained for i in ids])
        asked = replace(asked, names=("visible-volume", "days-gained"))
        return conclude(data, asked, differences(data, asked), SimpleNamespace(site="brain"), failed=0)

    sure = np.linspace(20, 40, 50)
    assert told(sure)[1].startswith("“STANDARD” gains 30 days against “NONE” (90 % interval 21 to 39): so much later")
    assert told(np.linspace(-20, 40, 50))[1].startswith("That “STANDARD” gains days against “NONE” is not established: 10")
    assert "(90 % interval 21 to 60 or more, the whole forecast)" in told(np.where(sure > 38, 60.0, sure))[1]
    assert told(sure, "none")[1] == "Days gained against “NONE” (90 % interval): “STANDARD” 30 (21 to 39)."
    assert not any("gained" in s for s in told(np.linspace(-20, 40, 50), "none")), "not sure: it is not singled out"


def test_a_difference_of_doubtful_size_is_told_with_both_shares():
    steps = np.linspace(0.6, 0.9, 50)
    told = sentences({"a": np.full(50, 20.0), "b": 20 * steps, "c": 20 + np.linspace(-8, 8, 50)})
    assert told[1].startswith(
        "Under “B” it is smaller than under “A” in 100 % of the simulated courses, but by more than 25 % in"
    )
    assert "a clinically meaningful difference is not established" in told[1]
    assert told[2].startswith("“C” cannot be told apart from “A” by a clinically meaningful margin")


def test_conclusion_does_not_rank_what_overlaps():
    noise = np.linspace(-3, 3, 50)
    told = sentences({"a": 30 + noise, "b": 10 + noise, "c": 12 - noise})
    assert "The intervals of “B” and “C” overlap: the model cannot rank them." in told
    apart = sentences({"a": 60 + noise, "b": 10 + noise, "c": 25 - noise})
    assert not any("overlap" in s for s in apart)


def test_a_deeper_response_that_rises_sooner_is_not_called_the_worse_one():
    """B shrinks to a tenth and grows again to a third: it "progresses" sooner than A, which only grows, and ends smaller."""
    data, asked = courses({"a": np.full(50, 13.0), "b": np.full(50, 3.0)}), comparison("a", "b")
    data["time_to_progression_days"] = (("arm", "draw"), np.stack([np.full(50, np.nan), np.full(50, 20.0)]))
    found = differences(data, asked)
    assert next(d for d in found if d["endpoint"] == "time-to-progression")["verdict"] == "lower"
    told = conclude(data, asked, found, SimpleNamespace(site="brain"), failed=0)
    assert told[1].startswith("Under “B” it is 10 mL smaller") and not any("rogress" in s for s in told)
    assert progression_sentence("b", "B", data).endswith(FROM_NADIR) and FROM_NADIR not in progression_sentence(
        "a", "A", data
    )


@pytest.mark.parametrize("draws", [8, 50])
@pytest.mark.parametrize("tail", ["normal", "heavy"])
def test_arms_that_do_the_same_are_seldom_called_different(draws, tail):
    """Six arms of one and the same effect; each draw adds its own error to each arm, a quarter of the volume and more."""
    rng, called, studies = np.random.default_rng(draws), 0, 120
    for _ in range(studies):
        patient = rng.lognormal(3.0, 0.6, draws)
        noise = rng.standard_normal((6, draws)) if tail == "normal" else rng.standard_t(2, (6, draws))
        finals = patient * np.exp(0.5 * np.clip(noise, -6, 6))
        data, asked = courses(dict(zip("abcdef", finals, strict=True))), comparison(*"abcdef")
        found = differences(data, asked)
        best = ranking(data, asked)["sentence"]
        named = any(d["verdict"] != UNCLEAR for d in found if d["endpoint"] == "visible-volume")
        called += named or not best.startswith("No option")
    assert called / studies <= 0.05


def test_nothing_is_ranked_by_a_twin_that_misses_the_last_scan():
    noise = np.linspace(-2, 2, 50)
    data, asked = courses({"a": 20 + noise, "b": 10 + noise}), comparison("a", "b")
    drawn = data["volume_ml"].sel(arm="a").isel(t=0).values
    assert mismatch(drawn, 42.0, 1.2 * np.median(drawn)) == ""
    said = mismatch(drawn, 42.0, 2 * np.median(drawn))
    assert "does not reproduce" in said
    told = conclude(data, asked, differences(data, asked), SimpleNamespace(site="brain"), 0, said)
    assert told[0] == said and not any("smaller" in s for s in told)


def test_numbers():
    assert [number(v) for v in (0.01, 0.62, 8.44, 12.3, 123.4)] == ["0", "0.6", "8.4", "12", "123"]
