"""A patient of whom only sizes are known: from case.yaml to a forecast that holds what came."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.observation import diameter
from calibration.space import Space
from calibration.structure import Structure
from calibration.volume.calibrate import calibrate_sizes
from calibration.volume.posterior import SizeDensity
from calibration.volume.structure import Readings, course, parameters
from twin.case.sizes import is_sizes, load_sizes
from twin.errors import DataRefused
from twin.sizes import Size, SizeSeries
from twin.treatment import Plan, chemotherapy

RATE, DAYS = 0.012, (0.0, 40.0, 80.0, 120.0, 170.0)
STRUCTURE = Structure("fisher-kpp", ())


def series(rate: float = RATE, first: float = 5.0, seed: int = 0) -> SizeSeries:
    """Exponential growth read by volumetry; the last reading is held out."""
    noise = 0.1 * np.random.default_rng(seed).standard_normal(len(DAYS))
    volumes = first * np.exp(rate * np.array(DAYS) + noise)
    sizes = tuple(Size(d, f"day {d:g}", float(v), held_out=d == DAYS[-1]) for d, v in zip(DAYS, volumes, strict=True))
    return SizeSeries("virtual", "lung", sizes)


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sizes")
    return calibrate_sizes(series(), folder, structure=STRUCTURE, evaluations=500, draws=100), folder


def test_the_rate_and_the_reading_held_out_are_found(twin):
    found, folder = twin
    draws = found.posterior["value"].sel(parameter="proliferation_per_day").values
    assert abs(draws.mean() - RATE) < 2.5 * draws.std() and draws.std() < 0.007
    score = found.summary["visits"][-1]["scores"]
    assert score["twin"]["inside_interval"]
    assert abs(score["twin"]["volume_error_percent"]) < 25 < abs(score["no_change"]["volume_error_percent"])
    assert found.summary["effective_sample_size"] > 60
    assert max(found.summary["rhat"].values()) < 1.1 and any("Two halves" in s for s in found.summary["sentences"])
    assert {"posterior.zarr", "fit.zarr", "calibration.json", "sizes.json", "forecast.png"} <= {
        p.name for p in folder.iterdir()
    }


def test_the_forecast_starts_from_what_was_read_and_widens(twin):
    volume = np.log(twin[0].fit["volume_ml"])
    near, far = (float(volume.sel(t=day).std()) for day in (120.0, float(volume["t"][-1])))
    assert near < 0.2 < far


def test_the_same_seed_gives_the_same_numbers(tmp_path):
    again = calibrate_sizes(series(), tmp_path, structure=STRUCTURE, evaluations=100, draws=10)
    other = calibrate_sizes(series(), tmp_path, structure=STRUCTURE, evaluations=100, draws=10)
    assert np.array_equal(again.posterior["value"], other.posterior["value"])
    assert np.array_equal(again.fit["volume_ml"], other.fit["volume_ml"])


def test_the_density_is_highest_near_the_truth():
    one = series()
    density = SizeDensity(one, STRUCTURE, Space(parameters(one, STRUCTURE)))
    known = {"first_volume_ml": 5.0, "capacity_ml": 500.0, "discrepancy_per_day": 1e-4}
    at = [density(density.space.standard({**known, "proliferation_per_day": r})) for r in (RATE - 0.01, RATE, RATE + 0.01)]
    assert at[1] > max(at[0], at[2]) + 3


def test_treatment_bends_the_course():
    plan = Plan((chemotherapy("paclitaxel", 175.0, (10.0, 31.0, 52.0)),))
    treated = SizeSeries("t", "lung", series().sizes, plan)
    structure = Structure("fisher-kpp", ("chemotherapy",))
    names = {p.name for p in parameters(treated, structure)}
    assert {"chemosensitivity_per_day", "proliferation_per_day"} <= names and "diffusivity_mm2_per_day" not in names
    assert "chemosensitivity_per_day" not in {p.name for p in parameters(series(), structure)}
    values = {"first_volume_ml": 5.0, "capacity_ml": 100.0, "proliferation_per_day": 0.01, "chemosensitivity_per_day": 0.5}
    with_drug, without = (course(s, structure, values, (0.0, 60.0)) for s in (treated, series()))
    assert with_drug[1] < without[1] - 0.3


def test_diameters_are_volumes_known_less_well_and_a_lesion_that_vanished_hardly():
    sizes = (Size(0.0, "a", diameter_mm=20.0), Size(30.0, "b", volume_ml=4.0), Size(60.0, "c", diameter_mm=0.0))
    readings = Readings.of(sizes)
    assert np.exp(readings.log_ml[0]) == pytest.approx(4.18879, rel=1e-4)
    assert readings.spread[1] < readings.spread[0] < readings.spread[2]
    assert diameter.to_diameter(diameter.to_volume(np.array([7.0, 33.0]))) == pytest.approx([7.0, 33.0])


def test_one_reading_is_refused_and_the_prior_offered(tmp_path):
    one = SizeSeries("one", "lung", series().sizes[:1])
    with pytest.raises(DataRefused, match="cannot be learnt from one reading") as caught:
        calibrate_sizes(one, tmp_path, structure=STRUCTURE)
    assert "--from-prior" in caught.value.remedy
    prior = calibrate_sizes(one, tmp_path, structure=STRUCTURE, draws=20, prior_only=True)
    assert prior.summary["method"] == "prior" and prior.fit.sizes["draw"] == 20
    assert any("draws of the prior" in s for s in prior.summary["sentences"])


CASE = """
patient: lung-01
sizes:
  - {day: 0, diameter: 3.2 cm}
  - {day: 42, volume: 9100 mm3}
  - {day: 84, diameter: 24 mm, held_out: true}
treatments:
  - {radiotherapy: 50 Gy, fractions: 5, from_day: 2}
  - {drug: paclitaxel, amount: 175 mg/m2, on_days: [3, 24]}
"""


def test_a_case_of_sizes_is_read(tmp_path):
    (tmp_path / "case.yaml").write_text(CASE)
    assert is_sizes(tmp_path)
    found = load_sizes(tmp_path)
    assert [s.diameter_mm for s in found.sizes] == [32.0, None, 24.0] and found.sizes[1].volume_ml == pytest.approx(9.1)
    assert len(found.seen) == 2 and len(found.treatments.courses) == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("3.2 cm", "32", "write a number and its unit"),
        ("3.2 cm", "32 mL", "'32 mL' is no size"),
        ("day: 42", "day: 0", "must start on day 0, seen, and increase"),
        ("volume: 9100 mm3", "volume: 9100 mm3, diameter: 2 cm", "both written"),
        ("drug: paclitaxel", "drug: paclitaxol", "paclitaxel"),
        ("from_day: 2", "from_day: 2, dose_map: {file: a.nii.gz, unit: Gy}", "has no place in a case of sizes"),
    ],
)
def test_a_wrong_case_of_sizes_is_refused_in_words(tmp_path, old, new, words):
    (tmp_path / "case.yaml").write_text(CASE.replace(old, new))
    with pytest.raises(DataRefused) as caught:
        load_sizes(tmp_path)
    assert words in str(caught.value)
