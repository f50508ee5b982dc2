"""Sobol indices: known ones are found, a run is made once, failures are left out, no more is claimed than is sure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import xarray as xr

from scenarios import sensitivity as module
from scenarios.arms import arm
from scenarios.sensitivity import _sample, _sentence, sensitivity, sobol
from scenarios.sensitivity_factors import FIELD, factors
from scenarios.sensitivity_runs import Kept
from tests.scenarios.conftest import Given, given, small_patient
from twin.errors import OncotwinError, UsageError
from twin.treatment import Plan, radiotherapy


@dataclass
class Stand:
    """A structure whose parameters are those of the draws of :class:`Given`."""

    twin: Given

    def problem(self, patient, values, days, plan):
        posterior = self.twin.posterior.isel(draw=[0]).copy(deep=True)
        posterior["value"][0] = [values[str(n)] for n in posterior["parameter"].values]
        return Given(patient, posterior, self.twin.start, self.twin.effects).problem(0, days, plan)

    def parameters(self, patient) -> tuple[Any, ...]:
        return ()


def twin(**changes) -> Given:
    found = given(small_patient(**changes))
    found.structure = Stand(found)
    return found


def test_the_indices_of_a_known_function():
    """Ishigami and Homma 1990, a = 7, b = 0.1: S = (0.314, 0.442, 0), ST = (0.558, 0.442, 0.244)."""
    x = np.pi * (2 * _sample(3, 512, seed=1) - 1)
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = sobol(y, 3, seed=0)
    assert [i["first"] for i in found] == pytest.approx([0.314, 0.442, 0.0], abs=0.06)
    assert [i["total"] for i in found] == pytest.approx([0.558, 0.442, 0.244], abs=0.06)
    assert all(0 < i["total_confidence"] < 0.2 for i in found)
    y[[3, 77, 400]] = np.nan
    assert [i["total"] for i in sobol(y, 3, seed=0)] == pytest.approx([0.558, 0.442, 0.244], abs=0.08)


def test_no_index_where_nothing_varies_or_too_little_is_left():
    assert sobol(np.full(40, 3.0), 3, seed=0)[0]["total"] is None
    broken = np.arange(40.0)
    broken[::5] = np.nan
    assert sobol(broken, 3, seed=0)[2]["first"] is None
    assert "no index" in _sentence("volume", [{"parameter": "a", "total": None, "total_confidence": None}])


def test_a_parameter_is_named_only_where_it_stands_out():
    rows = [{"parameter": n, "total": t, "total_confidence": c} for n, t, c in (("a", 0.8, 0.1), ("b", 0.2, 0.1))]
    assert _sentence("volume", rows) == "The volume depends most on a (total index 0.80 ± 0.10)."
    assert "no parameter stands out" in _sentence("volume", [{**rows[0], "total_confidence": 0.5}, rows[1]])


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("sensitivity")
    done = sensitivity(twin(), folder, samples=8, horizon_day=100.0)
    return {**done, "folder": folder}


def test_the_endpoints_of_the_arm(found):
    assert found["runs"] == 8 * 6 and found["failed"] == 0 and found["arm"] == "standard"
    assert [e["endpoint"] for e in found["endpoints"]] == list(module.NAMES)
    burden = next(e for e in found["endpoints"] if e["endpoint"] == "burden")
    totals = {i["parameter"]: i["total"] for i in burden["indices"]}
    assert totals["radiosensitivity_per_gy"] > totals["diffusivity_mm2_per_day"]
    assert (
        burden["spread"] > 0
        and "correlated" in found["note"]
        and found["parameters"][0]["low"] < found["parameters"][0]["high"]
    )
    assert json.loads((found["folder"] / "sensitivity.json").read_text())["notice"]


def test_a_run_is_made_once_and_a_torn_line_again(found, monkeypatch):
    store, calls = found["folder"] / "sensitivity.jsonl", []
    whole = store.read_text()
    store.write_text(whole[:-40])
    monkeypatch.setattr(module, "run", lambda runner, values, run=module.run: calls.append(1) or run(runner, values))
    again = sensitivity(twin(), found["folder"], samples=8, horizon_day=100.0)
    assert len(calls) == 1 and again["endpoints"] == found["endpoints"]
    sensitivity(twin(), found["folder"], samples=8, horizon_day=100.0, names=["burden"])
    assert len(calls) == 1, "the same runs tell another endpoint"


def test_therapy_never_given_varies_over_its_prior(tmp_path):
    patient = twin(treatments=Plan())
    patient.effects = False
    wanted = arm("rt", "Radiotherapy", Plan((radiotherapy(50, 30, 10),)))
    done = sensitivity(patient, tmp_path, arm=wanted, samples=4, horizon_day=70.0, names=["burden", "surviving-cells"])
    told = {p["name"]: p["distribution"] for p in done["parameters"]}
    assert told["diffusivity_mm2_per_day"] == "posterior"
    assert [e["endpoint"] for e in done["endpoints"]] == ["burden", "surviving-cells"]
    assert all(e["spread"] > 0 for e in done["endpoints"])


def test_failed_runs_are_counted_and_all_failed_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "run", lambda runner, values: None)
    with pytest.raises(OncotwinError, match="Every run failed"):
        sensitivity(twin(), tmp_path, samples=4, horizon_day=60.0)


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"samples": 12}, "no power of two"), ({"names": ["volum"]}, "volum"), ({"names": ["organ-arrival"]}, "organ-arrival")],
)
def test_refusals(tmp_path, asked, words):
    with pytest.raises(UsageError, match=words):
        sensitivity(twin(), tmp_path, horizon_day=60.0, **asked)


def test_over_the_posterior_or_the_prior():
    one = given(small_patient(), draws=1)
    with pytest.raises(UsageError, match="No parameter varies"):
        factors(one, (), "posterior")
    varied = factors(twin(), (), "posterior")
    middle = varied.values(np.full((1, 4), 0.5))[0]
    assert list(middle.values()) == pytest.approx(np.median(twin().posterior["value"].values, axis=0))


def test_a_growth_field_is_one_factor_whose_values_are_its_draws():
    bare = twin()
    drawn = bare.posterior
    shape = np.random.default_rng(0).standard_normal((drawn.sizes["draw"], 3))
    names = [f"field_{k:02d}" for k in (1, 2, 3)]
    more = xr.Dataset({"value": (("draw", "parameter"), shape)}, coords={"draw": drawn["draw"], "parameter": names})
    bare.posterior = xr.concat([drawn, more], "parameter")
    varied = factors(bare, (), "posterior")
    assert varied.names == (*map(str, drawn["parameter"].values), FIELD) and len(varied.told) == 5
    first, last = varied.values(np.array([[0.5] * 4 + [0.0], [0.5] * 4 + [1.0]]))
    assert [first[n] for n in names] == shape[0].tolist() and [last[n] for n in names] == shape[-1].tolist()
    assert "3 coefficients" in varied.told[-1]["description"] and FIELD not in first


def test_runs_of_another_analysis_count_for_nothing(tmp_path):
    Kept(tmp_path / "k", "a").add(0, {"x": [1.0]})
    Kept(tmp_path / "k", "a").add(1, None)
    assert 0 in Kept(tmp_path / "k", "a") and 0 not in Kept(tmp_path / "k", "b")
    assert Kept(tmp_path / "k", "a").all(2) == [{"x": [1.0]}, None]
