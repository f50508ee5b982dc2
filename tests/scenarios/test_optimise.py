"""The search for the front: what it varies, the limits it keeps, that it goes on where it stopped."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from calibration.pareto_search import Knob, Scored, search_front
from scenarios.adaptive import Rule
from scenarios.arms import arm
from scenarios.dose import dose_gy
from scenarios.optimise import optimise
from scenarios.optimise_costs import Ahead, Bounds, burdens, chosen_limits
from scenarios.optimise_json import Search
from scenarios.optimise_knobs import DELAY, DOSE, DRUGS, FRACTIONS, Ranges, knobs, plan_of
from scenarios.optimise_study import written
from scenarios.prepare import prepare
from scenarios.study import load_study, study_from
from solvers.simulate import Failure
from tests.scenarios.conftest import given, small_patient
from twin.errors import DataRefused, OncotwinError, SolverError, UsageError
from twin.treatment import Plan, chemotherapy, radiotherapy

SEARCH = Search(evaluations=24, draws=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("optimised")


@pytest.fixture(scope="module")
def found(folder) -> dict:
    return optimise(given(small_patient()), folder, search=SEARCH, horizon_day=100.0)


def test_no_option_of_the_front_beats_another(found):
    costs = np.array([[o["burden"]["median"], o["radiation"], o["drugs"]] for o in found["front"]])
    assert len(costs) > 3
    tolerance = 0.1 * costs[:, 0]  # judged on two draws, told on four
    for i, mine in enumerate(costs):
        better = (costs[:, 0] < mine[0] - tolerance[i]) & (costs[:, 1] <= mine[1]) & (costs[:, 2] <= mine[2])
        assert not better.any()
    assert all(not o["beyond_limits"] and 0 <= o["probability_on_front"] <= 1 for o in found["front"])
    assert {o["against_as_it_is"]["draws"] for o in found["front"]} == {4}


def test_the_arm_as_it_is_comes_first_and_is_tried_first(found, folder):
    assert found["as_it_is"]["words"].startswith("30 Gy in 15 fractions of 2 Gy")
    with xr.open_zarr(folder / "optimise.zarr", consolidated=False, chunks=None) as table:
        first = dict(zip(table["knob"].values, table["value"].values[0], strict=True))
        assert first == {DELAY: 0, DOSE: 2, FRACTIONS: 15, DRUGS: 1}
        assert table.sizes["candidate"] == 24 and table["within_limits"].values[0]
        assert table["burden_ml"].sel(option="as-it-is").median() == pytest.approx(found["as_it_is"]["burden"]["median"])
    assert found["sentences"][0].startswith("As it is") and any(
        "says nothing about how well" in s for s in found["sentences"]
    )


def test_an_interrupted_search_goes_on_to_the_same_front(found, tmp_path):
    twin, half = given(small_patient()), replace(SEARCH, evaluations=24)
    journal = tmp_path / "optimise.journal"

    def dies(*_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        calls = []
        patch.setattr(
            "scenarios.optimise.burdens", lambda *a: calls.append(1) or (dies() if len(calls) > 1 else burdens(*a))
        )
        with pytest.raises(KeyboardInterrupt):
            optimise(twin, tmp_path, search=half, horizon_day=100.0)
    assert journal.exists() and not (tmp_path / "optimise.json").exists()
    again = optimise(twin, tmp_path, search=half, horizon_day=100.0)
    assert json.dumps(again, sort_keys=True, default=float) == json.dumps(found, sort_keys=True, default=float)


def test_the_front_is_a_study(found, folder):
    patient = small_patient()
    arms = load_study(folder / "optimise-study.yaml").build(patient, 42.0)
    assert [a.words for a in arms] == [found["as_it_is"]["words"], *(o["words"] for o in found["front"])]
    plan = Plan((chemotherapy("carboplatin", 5.0, [44.0, 65.0]), radiotherapy(45, 45, 15)))
    back = study_from({"arms": [{"id": "a", "courses": written(plan)}]}).build(patient, 42.0)[0].plan_after
    assert set(back.drug_doses()) == set(plan.drug_doses()) and back.fractions()[0][1] == plan.fractions()[0][1]


def test_more_radiation_leaves_less_and_a_delay_more():
    twin = given(small_patient())
    standard = arm("standard", "As scheduled", twin.patient.treatments.from_day(42.0))
    ahead = Ahead.of(twin, prepare(twin, [standard], 100.0, 0, "fast").setup, (0, 1))
    as_it_is = {DELAY: 0.0, DOSE: 2.0, FRACTIONS: 15.0, DRUGS: 1.0}
    changes = ({}, {FRACTIONS: 25.0}, {DELAY: 28.0}, {DRUGS: 0.0})
    candidates = [None, *({**as_it_is, **change} for change in changes)]
    itself, again, more, late, none = burdens(ahead, lambda f, items: (f(ahead, i) for i in items), candidates)
    assert again == pytest.approx(itself), "the arm itself, put together again"
    assert (more < again).all() and (late > again).all() and (none > again).all()


def test_what_can_be_varied():
    beams, drugs = radiotherapy(50, 60, 30), chemotherapy("doxorubicin", 60.0, [50, 71])
    assert [k.name for k in knobs(Plan((beams,)), Ranges())] == [DELAY, DOSE, FRACTIONS]
    assert [k.name for k in knobs(Plan((drugs,)), Ranges())] == [DELAY, DRUGS]
    outside = next(k for k in knobs(Plan((radiotherapy(50, 24, 1),)), Ranges()) if k.name == DOSE)
    assert outside.start == outside.high == 6.0
    plan = plan_of(Plan((beams, drugs)), {DELAY: 9.0, DOSE: 3.0, FRACTIONS: 10.0, DRUGS: 0.0}, first_weekday=0)
    days = [f.day for _, f in plan.fractions()]
    assert days[0] == 59 and all(day % 7 < 5 for day in days) and not plan.drug_doses()
    with pytest.raises(UsageError, match="neither radiotherapy nor drugs"):
        knobs(Plan(), Ranges())
    with pytest.raises(UsageError, match="cannot be varied from 1 to 20"):
        Ranges(dose_per_fraction_gy=(1, 20))


def test_limits_of_organs_and_drugs(patient):
    organs = {"brainstem": np.zeros(patient.grid.shape, bool), "speech area": np.zeros(patient.grid.shape, bool)}
    for mask in organs.values():
        mask[2:4, 2:4, 2:4] = True
    patient = replace(patient, organs=organs)
    bounds = Bounds(patient, chosen_limits(patient, {"speech area": 30.0}), by_organ=False)
    assert {n: limit.gy for n, limit in bounds.organs.items()} == {"brainstem": 54.0, "brain": 72.0, "speech area": 30.0}
    heavy = Plan((radiotherapy(50, 60, 30), chemotherapy("doxorubicin", 60.0, range(10))))
    over = bounds.violations(heavy)
    assert bounds.exceeded(heavy) == ["brainstem", "speech area", "doxorubicin"]
    assert over == pytest.approx((6, -12, 30, 50), abs=0.01), "brainstem, brain, speech area, doxorubicin"
    spared = np.ones(patient.grid.shape, np.float32)
    spared[2:4, 2:4, 2:4] = 0.1
    assert max(bounds.violations(Plan((radiotherapy(50, 60, 30, relative_dose=spared),)))) <= 0
    with pytest.raises(UsageError, match="brainstem"):
        chosen_limits(patient, {"brainstm": 54.0})


KNOBS = [Knob("x", "1", 0.0, 1.0, 0.05, 0.5), Knob("y", "1", 0.0, 1.0, 0.05, 0.5)]


@pytest.mark.parametrize("sampler", ["nsga2", "nsga3"])
def test_a_known_front_is_found_within_the_limit(tmp_path, sampler):
    """Costs x and (1 - x)^2 + y: the front has y = 0; the limit x >= 0.2 cuts it."""

    def evaluate(candidates):
        return [Scored((c["x"], (1 - c["x"]) ** 2 + c["y"]), (0.2 - c["x"],)) for c in candidates]

    tried = search_front(KNOBS, evaluate, tmp_path / "j", "s", objectives=2, evaluations=160, sampler=sampler, seed=1)
    assert tried[0].values == {"x": 0.5, "y": 0.5}
    kept = [t for t in tried if t.score.feasible]
    best = [t for t in kept if not any(np.all(np.array(o.score.costs) < t.score.costs) for o in kept)]
    assert min(t.values["x"] for t in best) <= 0.3 and np.mean([t.values["y"] for t in best]) < 0.15


def test_failures_are_kept_apart(tmp_path):
    failure = Failure("too large", "make it smaller")

    def evaluate(candidates):
        return [failure if c["x"] > 0.4 else Scored((c["x"], c["y"])) for c in candidates]

    tried = search_front(KNOBS, evaluate, tmp_path / "j", "s", objectives=2, evaluations=16, seed=1)
    assert tried[0].score == failure and any(isinstance(t.score, Scored) for t in tried)
    with pytest.raises(SolverError, match="No candidate"):
        search_front(KNOBS, lambda c: [failure] * len(c), tmp_path / "k", "s", objectives=2, evaluations=8)
    with pytest.raises(UsageError, match="nsga2"):
        search_front(KNOBS, evaluate, tmp_path / "l", "s", objectives=2, sampler="nsga")


def test_broken_draws_are_left_out(tmp_path):
    found = optimise(given(small_patient(), broken=(1,)), tmp_path, search=replace(SEARCH, evaluations=8), horizon_day=60.0)
    assert found["draws"] == 3 and found["failed"] == 0
    with pytest.raises(OncotwinError):
        optimise(given(small_patient(), broken=(0, 1, 2, 3)), tmp_path, search=SEARCH, horizon_day=60.0)


def test_a_dose_distribution_scales_with_the_prescription_and_keeps_its_label(tmp_path, patient):
    ramp = np.linspace(0.0, 1.0, patient.grid.size, dtype=np.float32).reshape(patient.grid.shape)
    course = replace(radiotherapy(50, 20, 10, relative_dose=ramp), dose_from="synthetic dose: x")
    (made, *_) = plan_of(Plan((course,)), {DOSE: 3.0, FRACTIONS: 10.0, DELAY: 0.0}, 0).courses
    np.testing.assert_allclose(dose_gy(Plan((made,)), ramp.shape), 1.5 * dose_gy(Plan((course,)), ramp.shape), rtol=1e-5)
    assert made.dose_from == course.dose_from
    with pytest.raises(UsageError, match="different dose distributions"):
        knobs(Plan((course, radiotherapy(70, 20, 10))), Ranges())
    few = Search(evaluations=3, draws=2)
    found = optimise(given(patient), tmp_path, arm=arm("a", "A", Plan((course,))), search=few, horizon_day=70.0)
    assert "(synthetic dose: x)" in found["as_it_is"]["words"] and not (tmp_path / "optimise-study.yaml").exists()


def test_an_arm_that_adapts_is_no_single_schedule(tmp_path, calibration):
    rule = Rule("volume_ml", "baseline", 25.0, ((70.0, Plan()),), "if it grows, stop")
    adapts = replace(arm("a", "A", Plan((radiotherapy(50, 20, 10),))), rules=(rule,))
    with pytest.raises(DataRefused, match="Arm 'a' adapts"):
        optimise(calibration, tmp_path, arm=adapts)


def test_a_twin_that_misses_the_last_scan_is_not_optimised(tmp_path):
    patient = small_patient()
    visits = tuple(replace(v, regions={"tumour": patient.medium.domain}) if v.day == 42 else v for v in patient.visits)
    with pytest.raises(DataRefused, match="does not reproduce the last scan"):
        optimise(given(replace(patient, visits=visits)), tmp_path, search=SEARCH, horizon_day=100.0)
