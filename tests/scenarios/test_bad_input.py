"""What a study asks for and cannot have: each refused in words, with exit code 3."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from scenarios.compare import run_scenarios
from scenarios.pilot import Pace
from scenarios.runs import RunStore
from scenarios.study import load_study, study_from
from scenarios.task import Task
from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.write import write_image

NONE = {"id": "none", "same_as": "none"}


def words(text: str) -> dict:
    return {"arms": [NONE, {"id": "a", "words": text}]}


@pytest.mark.parametrize(
    ("study", "told"),
    [
        (
            words("60 Gy in 30 fractions from day 44; 20 Gy in 5 fractions from day 50"),
            "Two courses of radiotherapy overlap",
        ),
        (words("temozolomide 75 mg/m2 on day 50; temozolomide 150 mg/m2 on day 50"), "Two courses of temozolomide overlap"),
        (words("60 in 30 fractions from day 44"), "the dose 60 has no unit"),
        (words("cisplatin 75 mg/m2 on day 50"), "no drug called 'cisplatin'"),
        (
            {**words("8 Gy in 1 fraction on day 50"), "scan_days": [20]},
            "A scan is planned on day 20, before the decision day",
        ),
        ({**words("8 Gy in 1 fraction on day 50"), "horizon_day": 30}, "is not after the decision day"),
        ({**words("8 Gy in 1 fraction on day 50"), "endpoints": ["organ-arrival"]}, "does not apply to this patient"),
        (words("8 Gy in 1 fraction on day 20"), "before the decision day"),
        (words("as scheduled without carboplatin"), "there is no carboplatin to change"),
        ({**words("8 Gy in 1 fraction on day 50"), "draws": 999}, "asks for 999 draws"),
    ],
)
def test_refused_before_anything_runs(tmp_path, calibration, study, told):
    with pytest.raises(DataRefused) as caught:
        run_scenarios(calibration, tmp_path, arms=study_from(study), processes=0)
    assert told in str(caught.value) and caught.value.exit_code == 3 and caught.value.remedy
    assert not list(tmp_path.rglob("*.npz"))


def test_a_study_larger_than_the_disk(tmp_path, calibration, monkeypatch):
    monkeypatch.setattr("scenarios.room.shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(DataRefused, match="are free"):
        run_scenarios(calibration, tmp_path, arms=study_from(words("8 Gy in 1 fraction on day 50")), processes=0)


def test_a_study_longer_than_the_time_there_is_is_refused_before_it_starts(tmp_path, calibration, monkeypatch):
    study = {**words("8 Gy in 1 fraction on day 50"), "within_hours": 1e-6}
    monkeypatch.setattr("scenarios.compare._run", lambda *_: pytest.fail("it was started"))
    with pytest.raises(DataRefused, match=r"needs about .* minutes, but within_hours is 1e-06") as caught:
        run_scenarios(calibration, tmp_path, arms=study_from(study), processes=0)
    assert caught.value.exit_code == 3 and "fewer arms" in caught.value.remedy
    assert not (tmp_path / "runs").exists(), "nothing is left of it, so a smaller study may take the folder"


def test_a_study_for_which_there_is_time_keeps_the_runs_of_its_pilot(tmp_path, calibration, monkeypatch):
    saved = []
    save = RunStore.save
    monkeypatch.setattr(RunStore, "save", lambda self, key, reading: (saved.append(key), save(self, key, reading)))
    study = {**words("8 Gy in 1 fraction on day 50"), "within_hours": 1.0, "draws": 2}
    data = run_scenarios(calibration, tmp_path, arms=study_from(study), processes=0)
    assert data["volume_ml"].notnull().all() and len(saved) == len(set(saved)) == data.sizes["arm"] * 2


def test_the_pace_of_a_few_runs_foretells_the_whole():
    tasks = [Task(Path(), draw, ("a", "b")) for draw in range(30)]
    assert Pace(6.0, 3.0).hours(tasks, 2) == pytest.approx(30 * (6 + 2 * 3) / 2 / 3600)
    assert Pace(6.0, 3.0).hours(tasks[:1], 8) == pytest.approx(12 / 3600), "one task is not divided"


@pytest.fixture
def seen(patient):
    z, y, x = np.indices(patient.grid.shape)
    core = (z - 10) ** 2 + (y - 11) ** 2 + (x - 12) ** 2 < 9
    return replace(patient, visits=tuple(replace(v, regions={"enhancing": core}) for v in patient.visits))


def with_dose(folder, seen, values, grid=None, unit="Gy"):
    """The arm of a study file beside which a dose file lies."""
    write_image(folder / "dose.nii.gz", values.astype(np.float32), grid or seen.grid)
    (folder / "study.yaml").write_text(
        "arms:\n  - id: a\n    courses:\n"
        f"      - {{radiotherapy: 20 Gy, fractions: 5, from_day: 49, dose: {{file: dose.nii.gz, unit: {unit}}}}}\n"
    )
    return load_study(folder / "study.yaml").build(seen, 42.0)[0]


def test_a_dose_map_that_misses_the_tumour(tmp_path, seen):
    beside = np.zeros(seen.grid.shape)
    beside[:, :3] = 20.0
    with pytest.raises(DataRefused, match=r"dose\.nii\.gz misses the tumour: the largest dose in the lesion is 0"):
        with_dose(tmp_path, seen, beside)
    elsewhere = Grid(seen.grid.shape, seen.grid.spacing_mm, (500.0, 500.0, 500.0))
    with pytest.raises(DataRefused, match="the file ends before the lesion"):
        with_dose(tmp_path, seen, np.full(seen.grid.shape, 20.0), elsewhere)


def test_a_dose_in_another_unit(tmp_path, seen):
    with pytest.raises(DataRefused, match="times the prescribed 20 Gy"):
        with_dose(tmp_path, seen, np.full(seen.grid.shape, 2000.0))


def test_a_dose_file_is_resampled_and_named(tmp_path, seen):
    fine = Grid(tuple(2 * n for n in seen.grid.shape), tuple(h / 2 for h in seen.grid.spacing_mm), seen.grid.origin_mm)
    built = with_dose(tmp_path, seen, np.full(fine.shape, 20.0), fine)
    ((course, _), *_) = built.plan_after.fractions()
    assert course.relative_dose.shape == seen.grid.shape and course.relative_dose[10, 11, 12] == pytest.approx(1.0)
    assert "(dose map dose.nii.gz)" in built.words
