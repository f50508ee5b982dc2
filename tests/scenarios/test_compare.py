"""The comparison as a whole: shared past, stored runs, failures as values, the same numbers under any scheduler."""

from __future__ import annotations

import json
import pickle
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from calibration.calibration import load_calibration
from calibration.structure import Structure
from scenarios.arms import arm
from scenarios.compare import run_scenarios
from scenarios.fingerprint import fingerprint
from scenarios.handed import load_setup
from scenarios.prepare import prepare
from scenarios.study import study_from
from scenarios.task import hand_over
from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import DataRefused, OncotwinError, SolverError
from twin.parameter import Known, Prior
from twin.treatment import Plan, Resection, chemotherapy, radiotherapy

ROOT = Path(__file__).resolve().parents[2]
HORIZON = 60.0


def study(**keys):
    arms = [{"id": "none", "same_as": "none"}, {"id": "standard", "same_as": "as scheduled"}]
    return study_from({"arms": arms, "horizon_day": HORIZON, "scan_days": [50, 60], **keys})


def run(calibration, out, arms=None, **keys) -> xr.Dataset:
    return run_scenarios(calibration, out, arms=arms or study(), processes=0, **keys)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return tmp_path_factory.mktemp("finished")


@pytest.fixture
def result(finished, make_patient, make_calibration):
    return run(make_calibration(make_patient()), finished)


def test_all_arms_share_the_past_of_a_draw(result):
    past = result["volume_ml"].sel(t=slice(0, 42))
    assert (past.sel(arm="none") == past.sel(arm="standard")).all()
    assert (result["burden_ml"].sel(t=60.0, arm="none") > result["burden_ml"].sel(t=60.0, arm="standard")).all()
    assert len(np.unique(past.isel(t=-1).values)) == 4, "draws differ"


def test_restart_on_the_decision_day_equals_an_uninterrupted_run(result, calibration):
    plan = calibration.patient.treatments
    *_, last = solve(calibration.problem(1, (42.0, HORIZON), plan), "native", "fast")
    found = result["burden_ml"].sel(arm="standard", draw=1, t=HORIZON).item()
    assert found == pytest.approx(last.burden_ml(), rel=2e-3)


def test_a_drug_given_before_the_decision_still_acts_after_it(tmp_path, make_patient, make_calibration):
    twin = make_calibration(make_patient(Plan((chemotherapy("doxorubicin", 60.0, [41.5]),))))
    arms = [arm("none", "None", Plan())]
    data = run_scenarios(twin, tmp_path, arms=arms, horizon_day=HORIZON, processes=0)
    *_, with_drug = solve(twin.problem(1, (42.0, HORIZON)), "native", "fast")
    *_, without = solve(twin.problem(1, (42.0, HORIZON), Plan()), "native", "fast")
    found = data["burden_ml"].sel(arm="none", draw=1, t=HORIZON).item()
    assert found == pytest.approx(with_drug.burden_ml(), rel=5e-3)
    assert found < 0.9 * without.burden_ml()


def test_maps_and_measures_agree(result, calibration):
    grid = calibration.patient.grid
    probability = result["probability"].sel(scan=60.0, arm="none")
    expected = result["volume_ml"].sel(t=60.0, arm="none").mean().item()
    assert probability.sum().item() * grid.voxel_ml == pytest.approx(expected, rel=1e-5)
    mean = result["mean_fraction"].sel(scan=60.0, arm="none")
    assert mean.sum().item() * grid.voxel_ml == pytest.approx(
        result["burden_ml"].sel(t=60.0, arm="none").mean().item(), rel=0.02
    )
    assert (result["diameter_mm"].sel(arm="none") > 0).all()


def test_labelled_with_units_and_frame(result):
    assert result["volume_ml"].dims == ("arm", "draw", "t") and result["volume_ml"].attrs["units"] == "mL"
    assert result["probability"].dims == ("arm", "scan", "z", "y", "x")
    assert result["time_to_progression_days"].dims == ("arm", "draw")
    assert result["scan"].values.tolist() == [42, 50, 60]
    assert result.attrs["decision_day"] == 42 and result.attrs["spacing_mm"] == [3, 3, 3]
    assert "Research use only" in result.attrs["notice"]


def test_summary(result, finished):
    facts = json.loads((finished / "scenarios.json").read_text())
    assert facts["reference"] == "standard" and facts["failed"] == []
    none, standard = facts["arms"]
    assert (none["total_gy"], none["fractions"]) == (30, 15), "what was given before the decision counts"
    assert (standard["total_gy"], standard["bed_gy"], standard["eqd2_gy"]) == (60, 72, 60)
    assert standard["after_decision"]["fractions"] == 15
    assert {"what", "from_day", "to_day", "count", "amount", "unit"} <= set(standard["schedule"][0])
    volume = next(c for c in facts["comparisons"] if c["endpoint"] == "visible-volume")
    assert volume["arm"] == "none" and volume["low"] <= volume["median_difference"] <= volume["high"]
    assert "On day 60 the visible volume under “standard” is" in facts["conclusion"][0]


def test_only_finished_runs_are_left_in_the_folder(finished, result):
    assert {p.suffix for p in (finished / "runs").iterdir()} == {".npz"}


def test_a_comparison_that_would_fill_the_disk_is_refused_first(tmp_path, calibration, monkeypatch):
    monkeypatch.setattr("scenarios.room.shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(DataRefused, match=r"needs about 0\.0 GB, but 0\.0 GB are free"):
        run(calibration, tmp_path)
    assert not list((tmp_path / "runs").glob("*.npz"))


def test_finished_runs_are_not_repeated(finished, result, calibration, monkeypatch):
    before = {p.name: p.stat().st_mtime_ns for p in (finished / "runs").glob("*.npz")}
    assert len(before) == 8
    monkeypatch.setattr(type(calibration), "problem", only_effects(type(calibration).problem))
    again = run(calibration, finished)
    xr.testing.assert_identical(again.load(), result.load())
    assert {p.name: p.stat().st_mtime_ns for p in (finished / "runs").glob("*.npz")} == before


def only_effects(problem):
    """A problem() that can be asked for its effects but not simulated: a repeated run would fail."""

    def refuse(self, draw, days, plan=None):
        assert days == (0.0,), "a finished run was repeated"
        return problem(self, draw, days, plan)

    return refuse


def test_a_lost_or_damaged_run_is_computed_again(tmp_path, calibration):
    whole = run(calibration, tmp_path).load()
    first, second, *_ = sorted((tmp_path / "runs").glob("*.npz"))
    first.unlink()
    second.write_bytes(b"not a run")
    xr.testing.assert_identical(run(calibration, tmp_path).load(), whole)


def test_other_inputs_are_other_runs(tmp_path, calibration):
    run(calibration, tmp_path)
    count = len(list((tmp_path / "runs").glob("*.npz")))
    run(calibration, tmp_path, accuracy="standard")
    assert len(list((tmp_path / "runs").glob("*.npz"))) == 2 * count
    visible = replace(calibration.patient.visibility, whole=0.3)
    run(replace(calibration, patient=replace(calibration.patient, visibility=visible)), tmp_path)
    assert len(list((tmp_path / "runs").glob("*.npz"))) == 3 * count


def test_failed_draws_are_named_and_left_out(tmp_path, make_patient, make_calibration):
    data = run(make_calibration(make_patient(), broken=(2,)), tmp_path)
    facts = json.loads((tmp_path / "scenarios.json").read_text())
    assert [(f["arm"], f["draw"]) for f in facts["failed"]] == [("none", 2), ("standard", 2)]
    assert "NaN" in facts["failed"][0]["reason"]
    assert data["volume_ml"].sel(draw=2).isnull().all() and data["volume_ml"].sel(draw=[0, 1, 3]).notnull().all()
    assert any("2 of 8 runs failed" in s for s in facts["conclusion"])
    assert data["probability"].max() == 1, "the share is of the draws that finished"


def test_no_draw_can_be_stated(tmp_path, make_patient, make_calibration):
    with pytest.raises(DataRefused, match="The initial state holds NaN"):
        run(make_calibration(make_patient(), broken=(0, 1, 2, 3)), tmp_path)


def test_every_run_failed(tmp_path, calibration, monkeypatch):
    monkeypatch.setattr("scenarios.simulated.solve", lambda *_: (_ for _ in ()).throw(SolverError("The solution blew up.")))
    with pytest.raises(OncotwinError, match=r"Every run failed: The solution blew up\."):
        run(calibration, tmp_path)


def test_therapy_never_given_before_is_drawn_from_its_prior_and_said(tmp_path, make_patient, make_calibration):
    untreated = make_calibration(make_patient(Plan()), effects=False)
    arms = [arm("none", "None", Plan()), arm("beam", "Beam", Plan((radiotherapy(44, 20, 5),)))]
    data = run_scenarios(untreated, tmp_path, arms=arms, horizon_day=HORIZON, processes=0)
    last = data["burden_ml"].isel(t=-1).load()
    assert (last.sel(arm="beam") < last.sel(arm="none")).all()
    told = json.loads((tmp_path / "scenarios.json").read_text())["conclusion"]
    assert any("“Beam”: no radiotherapy was given before the last scan" in s for s in told)
    other = run_scenarios(untreated, tmp_path, arms=arms, horizon_day=HORIZON, processes=0, seed=1)
    assert (other["burden_ml"].isel(t=-1).sel(arm="beam") != last.sel(arm="beam")).all()


def test_what_was_never_learnt_has_the_prior_of_the_organ_and_of_the_markers(monkeypatch, make_patient):
    from scenarios.unlearnt import prior_parameters, with_prior_effects

    known = Known(0.5, 0.9, Prior(0.7, 0.1), "of the breast")
    field = fields(Chemotherapy)[0]
    monkeypatch.setitem(field.metadata["parameter"]["sites"], "breast", known)
    plain, breast = (SimpleNamespace(patient=make_patient(site=site)) for site in ("brain", "breast"))
    marked = SimpleNamespace(patient=plain.patient, structure=Structure(markers={"mgmt": "methylated"}))
    usual, there, more = (prior_parameters("chemotherapy", twin)[0] for twin in (plain, breast, marked))
    assert (there.prior.median, there.source) == (0.7, "of the breast")
    assert more.prior.median == pytest.approx(1.5 * usual.prior.median)
    problem = make_problem(breast.patient)
    drawn = [with_prior_effects(problem, ("chemotherapy",), breast, 0, k).effects[-1] for k in range(20)]
    assert all(0.5 <= e.chemosensitivity_per_day <= 0.9 for e in drawn)


def make_problem(patient):
    return Problem(FisherKPP(), patient.medium, np.zeros(patient.grid.shape), (1.0,), 0.0, patient.treatments, ())


def test_a_learnt_effect_is_not_drawn_again(calibration):
    from scenarios.unlearnt import unlearnt

    assert unlearnt((Radiotherapy(),), Plan((radiotherapy(44, 20, 5),))) == ()
    assert unlearnt((), calibration.patient.treatments) == ("chemotherapy", "radiotherapy")
    assert unlearnt((Chemotherapy(),), Plan((chemotherapy("pembrolizumab", 200, [44]),))) == ("immunotherapy",)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"draws": 9}, "asks for 9 draws; the posterior holds 4"),
        ({"scan_days": [10]}, "before the decision day"),
        ({"horizon_day": 40}, "not after the decision day"),
        ({"arms": [{"id": "a", "same_as": "as scheduled"}], "endpoints": ["days-gained"]}, "no arm is called 'none'"),
    ],
)
def test_studies_that_contradict_the_twin(tmp_path, calibration, keys, words):
    with pytest.raises(DataRefused, match=words):
        run(calibration, tmp_path, study(**keys))


@pytest.mark.slow
def test_dask_processes_give_the_same_bits(stored, tmp_path, monkeypatch):
    twin, folder = stored
    monkeypatch.syspath_prepend(ROOT)
    here = run(twin, tmp_path / "here")
    there = run_scenarios(twin, folder, arms=study(), processes=2)
    xr.testing.assert_identical(there.load(), here.load())
    for path in (folder / "runs").glob("*.npz"):
        assert path.read_bytes() == (tmp_path / "here" / "runs" / path.name).read_bytes()


def test_what_is_handed_over_is_plain_and_comes_back_the_same(stored, patient):
    twin, folder = stored
    words = [
        {"id": "none", "same_as": "none"},
        {"id": "beam", "words": "20 Gy in 5 fractions from day 44 to the core with 6 mm margin; resection on day 43"},
        {
            "id": "rule",
            "words": "no treatment, if volume exceeds nadir by 1 % at a scan, add 8 Gy in 1 fraction from the scan",
        },
    ]
    comparison = prepare(twin, study(arms=words), None, 0, "fast")
    handed = hand_over(twin, comparison.setup, comparison.draws, folder)
    path = handed.tasks[0].comparison
    assert {p.name for p in path.iterdir()} == {"setup.json", "arrays.npz"}, "the twin lies in the results folder"
    setup, keys = load_setup(path)
    assert fingerprint(setup) == fingerprint(comparison.setup) and keys == handed.keys
    assert (folder / "runs").exists() and len(pickle.dumps(handed.tasks[0])) < 1000, "tasks carry no patient data"


def test_a_changed_twin_is_written_beside_the_comparison(stored, tmp_path):
    twin, folder = stored
    other = replace(twin, patient=replace(twin.patient, visibility=replace(twin.patient.visibility, whole=0.3)))
    comparison = prepare(other, study(), None, 0, "fast")
    handed = hand_over(other, comparison.setup, comparison.draws, folder)
    assert load_calibration(handed.tasks[0].comparison / "twin").patient.visibility.whole == 0.3
    handed.forget()
    assert not list((folder / "runs").iterdir())


def test_a_resection_leaves_a_cavity_without_tumour(tmp_path, calibration):
    cavity = calibration.start > 0.3
    arms = [arm("none", "None", Plan()), arm("cut", "Cut", Plan((Resection(45.0, cavity),)))]
    data = run_scenarios(calibration, tmp_path, arms=arms, horizon_day=HORIZON, processes=0)
    last = data["mean_fraction"].isel(scan=-1)
    assert last.sel(arm="cut").values[cavity].max() == 0 < last.sel(arm="none").values[cavity].min()
    assert (data["burden_ml"].sel(arm="cut", t=42.0) == data["burden_ml"].sel(arm="none", t=42.0)).all()


def test_a_twin_that_misses_the_last_scan_gives_no_verdict(tmp_path, calibration):
    patient = calibration.patient
    visits = tuple(replace(v, regions={"tumour": patient.medium.domain}) if v.day == 42 else v for v in patient.visits)
    run(replace(calibration, patient=replace(patient, visits=visits)), tmp_path)
    facts = json.loads((tmp_path / "scenarios.json").read_text())
    assert "does not reproduce the last scan" in facts["conclusion"][0]
    assert {c["verdict"] for c in facts["comparisons"]} == {"not ranked"}
