"""Markers move priors, say so with their source, and can be left aside."""

from __future__ import annotations

import math
import re

import pytest

from calibration.markers import MARKERS, informed, sentences, shifts
from calibration.structure import Structure
from tests.calibration.phantom import phantom
from twin.errors import DataRefused

GIVEN = {"idh": "mutant", "mgmt": "unmethylated", "ki67_percent": 5}


def priors(**markers):
    parameters = Structure(markers=markers).parameters(phantom().patient)
    return {p.name: p for p in parameters}


def test_markers_move_the_medians_and_widen_the_priors():
    plain, told = priors(), priors(**GIVEN)
    before, after = (d["proliferation_per_day"].prior for d in (plain, told))
    assert after.median == pytest.approx(0.5 * math.sqrt(5 / 20) * before.median)
    assert after.spread == pytest.approx(math.hypot(before.spread, 0.4, 0.4))
    assert told["chemosensitivity_per_day"].prior.median == pytest.approx(
        0.6 * plain["chemosensitivity_per_day"].prior.median
    )
    assert told["radiosensitivity_per_gy"] == plain["radiosensitivity_per_gy"]


def test_every_shift_names_its_paper_and_what_is_assumed():
    for name, value in (
        ("idh", "mutant"),
        ("mgmt", "methylated"),
        ("1p19q", "codeleted"),
        ("ki67_percent", 30),
        ("psa_doubling_days", 90),
    ):
        found = shifts({name: value})
        assert found and all(re.search(r"(19|20)\d\d, .*assumption", s.source) for s in found), name
    assert {"idh", "mgmt", "1p19q", "ki67_percent", "psa_doubling_days"} == set(MARKERS)


def test_a_doubling_time_gives_the_rate_itself():
    (rate,) = (p for p in informed(list(priors().values()), {"psa_doubling_days": 90}) if p.name == "proliferation_per_day")
    assert rate.prior.median == pytest.approx(math.log(2) / 90) and rate.prior.spread == 0.5


def test_the_summary_says_what_they_did():
    words = sentences(list(priors(**GIVEN).values()), GIVEN)
    assert any("Baldock" in w and "proliferation_per_day" in w for w in words)
    assert sentences([], {"idh": "wildtype"}) == ["The markers (idh wildtype) change no prior of this model."]
    assert sentences([], {}) == []


@pytest.mark.parametrize(
    ("markers", "words"),
    [
        ({"idhh": "mutant"}, "Did you mean 'idh'"),
        ({"idh": "mutated"}, "Did you mean 'mutant'"),
        ({"ki67_percent": 120}, "no number of 0 to 100"),
        ({"psa_doubling_days": "soon"}, "no number of 5 to 5000"),
    ],
)
def test_wrong_markers_are_refused_in_words(markers, words):
    with pytest.raises(DataRefused, match=words):
        shifts(markers)
