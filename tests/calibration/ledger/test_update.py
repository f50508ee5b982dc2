"""A twin that goes on: the earlier forecast scored, the posterior sharpened by the new visit alone, all of it on record."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from calibration.calibrate import Settings, calibrate
from calibration.calibration import load_calibration
from calibration.ledger.chain import Ledger
from calibration.ledger.keeping import keep_forecast, keep_note, keep_override
from calibration.ledger.track import save_track, sentences
from calibration.settle import STAGING, WHOLE, replace_calibration, settle
from calibration.update import update
from tests.calibration.phantom import phantom
from twin.errors import DataRefused, UsageError
from twin.provenance import Manifest
from twin.store import save_dataset

QUICK = Settings(evaluations=16, draws=24)
NAMES = ("diffusivity_mm2_per_day", "proliferation_per_day")


def seen_all():
    patient = phantom(seed=1).patient
    return replace(patient, visits=tuple(replace(v, held_out=False) for v in patient.visits))


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """Two visits seen, the forecast on record; a person expected something else."""
    folder = tmp_path_factory.mktemp("before")
    patient = seen_all()
    calibrate(replace(patient, visits=patient.visits[:2]), folder, evaluations=16, draws=24)
    Manifest("calibrate", {"engine": "native", "accuracy": "fast", "coarsen": 1}, 0).write(folder)
    assert keep_forecast(folder, "calibrate") is not None
    keep_override(Ledger(folder), "neuro-oncologist", "the border is infiltrative", 40.0, 30.0)
    return folder


@pytest.fixture(scope="module")
def after(before):
    """The third visit has come."""
    updated = update(seen_all(), before, QUICK)
    assert updated is not None
    earlier = load_calibration(before)
    earlier.fit.load()
    replace_calibration(updated.calibration, before, Manifest("update", {"draws": 24}, 0))
    keep_forecast(before, "update")
    return updated, earlier, before


def test_a_forecast_without_a_visit_held_out_reaches_twelve_weeks_ahead(after):
    made = Ledger(after[2]).records()[0].content
    assert made["decision_day"] == 20.0 and made["days"][-1] == 104.0
    assert len(made["volume_ml"]) == len(made["days"]) and len(made["volume_ml"][0]) == 24


def test_the_earlier_forecast_is_scored_as_it_was_made(after):
    _, earlier, folder = after
    records = Ledger(folder).records()
    assert [r.kind for r in records] == ["forecast", "override", "score", "score", "forecast"]
    score = records[2].content
    assert score["forecast"] == 1 and score["days_ahead"] == 20.0 and score["maps"]["ccc"] > 0.9
    assert score["volume"]["crps"] < score["volume"]["crps_no_change"]
    fit = earlier.fit["volume_ml"].sel(t=40.0).values
    assert score["volume"]["median"] == pytest.approx(float(np.median(fit)), rel=1e-5)
    assert records[3].content["override"] == 2


def test_the_new_visit_sharpens_what_was_known(after):
    updated, earlier, _ = after
    for name in NAMES:
        was, now = (c.posterior["value"].sel(parameter=name).values for c in (earlier, updated.calibration))
        assert now.std() < 0.8 * was.std(), name
        assert abs(now.mean() - was.mean()) < 3 * was.std(), name
    assert np.array_equal(updated.calibration.posterior["earlier_value"], earlier.posterior["value"])


@pytest.mark.slow
def test_step_by_step_gives_what_all_visits_at_once_give(after, tmp_path):
    updated, _, _ = after
    at_once = calibrate(seen_all(), tmp_path, evaluations=16, draws=24)
    for name in NAMES:
        one, all_ = (c.posterior["value"].sel(parameter=name).values for c in (updated.calibration, at_once))
        assert abs(one.mean() - all_.mean()) < 1.5 * (one.std() + all_.std()) / 2, name
        assert 0.5 < one.std() / all_.std() < 2.0, name


def test_the_track_record_tells_both_and_draws_them(after):
    track = save_track(Ledger(after[2]))
    twin, person = track["scores"]
    assert (twin["role"], person["role"]) == ("", "neuro-oncologist")
    assert twin["crps_ml"] < person["crps_ml"] and track["summary"]["scored"] == 1
    assert "1 forecast(s) scored" in sentences(track)[0]
    for kind in ("json", "svg", "png"):
        assert (after[2] / f"track-record.{kind}").stat().st_size > 1000


def test_nothing_new_changes_nothing(after):
    assert update(seen_all(), after[2], QUICK) is None
    with pytest.raises(UsageError, match="No option is on record"):
        update(seen_all(), after[2], QUICK, arm="standard")
    assert keep_forecast(after[2], "update") is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: (v[0], v[2]), "was learnt from and is gone"),
        (lambda v: (v[0], replace(v[1], regions={n: ~r for n, r in v[1].regions.items()}), v[2]), "has changed"),
        (lambda v: (v[0], replace(v[2], day=10.0), *v[1:]), "lies before the last one seen"),
    ],
)
def test_a_case_that_contradicts_the_calibration_is_refused(after, change, words):
    patient = seen_all()
    visits = change(patient.visits)
    extra = replace(patient.visits[2], day=60.0, name="fourth")
    with pytest.raises(DataRefused, match=words) as caught:
        update(replace(patient, visits=(*visits, extra)), after[2], QUICK)
    assert "--overwrite" in caught.value.remedy


def test_too_few_draws_are_refused(before):
    from calibration.sequential import Known

    old = load_calibration(before)
    few = Known.of_draws(old.patient, old.structure, old.posterior.isel(draw=slice(0, 5)))
    with pytest.raises(DataRefused, match="5 draws of the earlier posterior are too few"):
        few.of(few.names)


def test_what_cannot_be_sharpened_leaves_no_score(after, tmp_path):
    patient = seen_all()
    fourth = replace(patient, visits=(*patient.visits, replace(patient.visits[2], day=60.0, name="fourth")))
    shutil.copytree(after[2], tmp_path / "few")
    old = load_calibration(tmp_path / "few")
    posterior = old.posterior.isel(draw=slice(0, 5)).load()
    shutil.rmtree(tmp_path / "few" / "posterior.zarr")
    save_dataset(tmp_path / "few" / "posterior.zarr", posterior)
    written = Ledger(tmp_path / "few").path.read_bytes()
    with pytest.raises(DataRefused, match="too few to go on from"):
        update(fourth, tmp_path / "few", QUICK)
    assert Ledger(tmp_path / "few").path.read_bytes() == written


def test_a_ledger_knows_roles_and_no_names(after):
    with pytest.raises(UsageError, match="is no role") as caught:
        keep_note(Ledger(after[2]), "Dr Smith", "looks better")
    assert "radiologist" in caught.value.remedy


def test_an_interrupted_replacement_is_finished_or_cleared_away(tmp_path):
    (tmp_path / STAGING).mkdir()
    (tmp_path / STAGING / "calibration.json").write_text("new")
    (tmp_path / "calibration.json").write_text("old")
    settle(tmp_path)
    assert (tmp_path / "calibration.json").read_text() == "old" and not (tmp_path / STAGING).exists()
    (tmp_path / STAGING / "fit.zarr").mkdir(parents=True)
    (tmp_path / "fit.zarr").mkdir()
    (tmp_path / STAGING / "calibration.json").write_text("new")
    (tmp_path / STAGING / WHOLE).write_text("")
    settle(tmp_path)
    assert (tmp_path / "calibration.json").read_text() == "new" and not (tmp_path / STAGING).exists()
