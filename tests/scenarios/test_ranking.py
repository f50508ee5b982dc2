"""Best, regret, one more scan, and the front of burden against toxicity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scenarios.arms import arm
from scenarios.pareto import any_complication, non_dominated, trade_off
from scenarios.prepare import Comparison
from scenarios.ranking import probability_best, ranking
from scenarios.simulated import Setup
from scenarios.timeline import Timeline
from scenarios.waiting import gains_of_scan, value_of_knowing, value_of_scan
from twin.treatment import Plan, chemotherapy, radiotherapy

DRAWS = 40
NOISE = np.linspace(-1.0, 1.0, DRAWS)


def comparison(**plans: Plan) -> Comparison:
    arms = tuple(arm(i, i.upper(), plan) for i, plan in plans.items())
    times = Timeline(42.0, 140.0, (42.0, 98.0, 140.0), (0.0, 42.0, 98.0, 140.0))
    return Comparison(Setup(arms, times, ("visible-volume",)), tuple(range(DRAWS)), ("visible-volume",), arms[0].id, 0.25)


def courses(finals: dict[str, np.ndarray], middle: np.ndarray | None = None) -> xr.Dataset:
    ten = np.full(DRAWS, 10.0)
    middle = ten if middle is None else middle
    volume = np.stack([np.stack([ten, ten, middle, v], axis=-1) for v in finals.values()])
    return xr.Dataset(
        {"volume_ml": (("arm", "draw", "t"), volume), "burden_ml": (("arm", "draw", "t"), 0.8 * volume)},
        coords={"arm": list(finals), "draw": np.arange(DRAWS), "t": [0.0, 42.0, 98.0, 140.0]},
        attrs={"decision_day": 42.0, "horizon_day": 140.0},
    )


def ranked(middle=None, **finals: np.ndarray) -> dict:
    return ranking(courses(finals, middle), comparison(**dict.fromkeys(finals, Plan())))


def test_one_that_is_best_in_every_course_is_called_so():
    found = ranked(a=30 + NOISE, b=10 + NOISE, c=20 + NOISE)
    b = next(o for o in found["options"] if o["arm"] == "b")
    assert b["probability_best"] == 1.0 and b["beats"] == {"a": 1.0, "c": 1.0} and b["regret"]["mean"] == 0
    assert found["sentence"].startswith("“B” leaves the smallest")
    assert found["options"][0]["regret"]["mean"] == pytest.approx(20)


def test_best_in_most_courses_is_not_enough():
    found = ranked(a=30 + NOISE, b=29 + NOISE)
    assert found["options"][1]["probability_best"] == 1.0 and found["options"][1]["beats"]["a"] == 0.0
    assert "names no best one" in found["sentence"]
    assert "names no best one" in ranked(a=np.full(DRAWS, 20.0), b=np.where(NOISE < 0.8, 5.0, 40.0))["sentence"]


def test_failed_courses_count_for_no_option():
    a, b = 30 + NOISE, 10 + NOISE
    a[3] = b[5] = np.nan
    assert ranked(a=a, b=b)["draws"] == DRAWS - 2
    assert ranked(a=a, b=np.full(DRAWS, np.nan)) is None and ranked(a=a) is None


LOSSES = arrays(float, (3, 12), elements=st.floats(0, 50))


@given(LOSSES, arrays(float, 12, elements=st.floats(0, 50)))
def test_a_scan_is_worth_something_between_nothing_and_everything(loss, seen):
    assert probability_best(loss).sum() == pytest.approx(1.0)
    assert value_of_knowing(loss) >= -1e-9
    assert value_of_scan(gains_of_scan(loss, seen)) >= 0


def test_a_scan_that_tells_the_courses_apart_is_worth_what_perfect_knowledge_is():
    grows = np.arange(DRAWS) % 2 == 0
    loss = np.array([np.where(grows, 40.0, 0.0), np.full(DRAWS, 15.0)])
    assert value_of_knowing(loss) == pytest.approx(7.5)
    telling, alike = gains_of_scan(loss, np.where(grows, 30.0, 5.0)), gains_of_scan(loss, np.full(DRAWS, 10.0))
    assert value_of_scan(telling) == pytest.approx(7.5)
    assert value_of_scan(alike) == pytest.approx(0, abs=1e-9), "a scan that shows the same always"
    found = ranked(np.where(grows, 30.0, 5.0), a=loss[0], b=loss[1])["waiting"]
    assert [w["scan_day"] for w in found] == [98.0] and "would save 7.5 mL on average, of 7.5 mL" in found[0]["sentence"]
    assert "No scan would change the choice" in ranked(a=30 + NOISE, b=10 + NOISE)["waiting"][0]["sentence"]


@given(arrays(float, st.tuples(st.integers(1, 8), st.just(3)), elements=st.floats(0, 9).map(round)))
def test_the_front_is_what_nothing_dominates(costs):
    front = non_dominated(costs)
    assert front.any()
    for i, mine in enumerate(costs):
        beaten = any((other <= mine).all() and (other < mine).any() for other in costs)
        assert front[i] == (not beaten)


def test_options_between_burden_and_toxicity(patient):
    patient = replace(patient, treatments=Plan())
    light, heavy = Plan((radiotherapy(50, 30, 10),)), Plan((radiotherapy(50, 60, 30),))
    wasteful = Plan((radiotherapy(50, 60, 30), chemotherapy("temozolomide", 75.0, [50.0])))
    asked = comparison(none=Plan(), light=light, heavy=heavy, wasteful=wasteful)
    finals = {"none": 40 + NOISE, "light": 20 + NOISE, "heavy": 10 + NOISE, "wasteful": 10 + NOISE}
    found = trade_off(courses(finals), asked, patient)
    assert [o["on_front"] for o in found["options"]] == [True, True, True, False]
    assert [o["probability_on_front"] for o in found["options"]] == [1, 1, 1, 0]
    assert found["axes"]["radiation"]["unit"] == "Gy" and found["options"][2]["radiation"] == pytest.approx(60)
    assert found["options"][3]["drugs"] == 1 and "“WASTEFUL”" in found["sentence"]


def test_with_a_dose_distribution_toxicity_is_the_chance_of_a_complication(patient):
    relative = np.zeros(patient.grid.shape, np.float32)
    relative[6:15] = 1.0
    plans = {n: Plan((radiotherapy(50, gy, 30, relative_dose=relative),)) for n, gy in (("a", 60), ("b", 75))}
    patient = replace(patient, treatments=Plan())
    found = trade_off(courses({"a": 20 + NOISE, "b": 10 + NOISE}), comparison(**plans), patient)
    a, b = (o["radiation"] for o in found["options"])
    assert found["axes"]["radiation"]["unit"] == "1" and 0 < a < b < 1
    assert any_complication([]) == 0.0
