"""Dose, BED and EQD2 per voxel, dose-volume histograms, complication probabilities and lifetime limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios import dose_volume as dv
from scenarios.dose import SYNTHETIC, alpha_beta_map, bed_gy, dose_gy, eqd2_gy, is_mapped, isodose
from scenarios.dose_drugs import drug_totals
from scenarios.organs import organ_doses, organ_doses_json, target_of
from scenarios.organs_tolerance import TOLERANCES, tolerance
from scenarios.radiobiology import bed_gy as prescribed_bed
from twin.treatment import Plan, chemotherapy, radiotherapy

SHAPE = (2, 3, 4)
RAMP = np.linspace(0.0, 1.0, 24, dtype=np.float32).reshape(SHAPE)


@pytest.mark.parametrize(
    ("total", "count", "ratio", "bed", "eqd2"),
    [(60, 30, 10, 72.0, 60.0), (34, 10, 10, 45.56, 37.97), (54, 3, 10, 151.2, 126.0), (60, 20, 1.8, 160.0, 75.79)],
)
def test_where_the_whole_dose_arrives_the_golden_table_holds(total, count, ratio, bed, eqd2):
    plan = Plan((radiotherapy(0, total, count, relative_dose=RAMP),))
    found = bed_gy(plan, SHAPE, ratio)
    assert found[-1, -1, -1] == pytest.approx(bed, abs=1e-2) and found[0, 0, 0] == 0
    assert eqd2_gy(found, ratio)[-1, -1, -1] == pytest.approx(eqd2, abs=1e-2)
    assert dose_gy(plan, SHAPE)[-1, -1, -1] == pytest.approx(total)


def test_half_the_dose_is_less_than_half_the_effect():
    plan = Plan((radiotherapy(0, 60, 30, relative_dose=np.full(SHAPE, 0.5, np.float32)), radiotherapy(50, 8, 1)))
    assert bed_gy(plan, SHAPE, 2.0)[0, 0, 0] == pytest.approx(prescribed_bed([1.0] * 30 + [8.0], 2.0), rel=1e-6)
    assert not is_mapped(plan) and isodose(plan, SHAPE) is None, "one course has no map"


def test_the_isodose_encloses_95_percent_of_the_prescription():
    plan = Plan((radiotherapy(0, 60, 30, relative_dose=RAMP),))
    assert isodose(plan, SHAPE).sum() == np.count_nonzero(RAMP >= 0.95)
    assert isodose(Plan(), SHAPE) is None


def test_alpha_beta_by_tissue(patient):
    lesion, stem = np.zeros(patient.grid.shape, bool), np.zeros(patient.grid.shape, bool)
    lesion[8:12, 9:13, 9:13], stem[2:4, 2:4, 2:4] = True, True
    seen = replace(patient.visits[2], regions={"tumour": lesion})
    patient = replace(patient, visits=(*patient.visits[:2], seen, patient.visits[3]), organs={"lens": stem})
    ratio = alpha_beta_map(patient, {"lens": 1.0})
    assert ratio[9, 10, 10] == 10.0 and ratio[2, 2, 2] == 1.0 and ratio[15, 15, 15] == 3.0
    brain = replace(patient.medium, fractions={"brain": patient.medium.fractions["tissue"]})
    assert alpha_beta_map(replace(patient, medium=brain), {})[15, 15, 15] == 2.0


DOSES = st.lists(st.floats(0.0, 80.0), min_size=1, max_size=40).map(np.array)


@given(DOSES)
def test_a_histogram_falls_from_one_to_nothing(dose):
    edges = dv.edges_gy(float(dose.max()))
    found = dv.histogram(dose, edges)
    assert found[0] == 1.0 and found[-1] == 0.0 and (np.diff(found) <= 0).all()
    assert dv.dose_to_share(dose, 1.0) == dose.min() and dv.dose_to_share(dose, 1e-9) == dose.max()


@given(DOSES, st.floats(0.05, 1.0))
def test_the_equivalent_uniform_dose_lies_between_mean_and_maximum(dose, n):
    found = dv.equivalent_uniform_dose(dose, n)
    assert dose.mean() - 1e-6 <= found <= dose.max() + 1e-6
    assert dv.equivalent_uniform_dose(dose, 1.0) == pytest.approx(dose.mean(), abs=1e-9)


EMAMI_TD5 = {
    "brain": 45, "brainstem": 50, "optic chiasm": 50, "optic nerve": 50, "spinal cord": 47, "retina": 45, "lens": 10,
    "parotid": 32, "lung": 17.5, "heart": 40, "oesophagus": 55, "liver": 30, "kidney": 23, "stomach": 50, "small bowel": 40,
    "bladder": 65, "femoral head": 52,
}  # fmt: skip
"""Whole-organ doses of 5 % complications in five years (Emami 1991), to which Burman 1991 fitted the parameters."""


@pytest.mark.parametrize("organ", EMAMI_TD5)
def test_the_parameters_give_back_the_tolerance_doses_that_they_were_fitted_to(organ):
    lyman = TOLERANCES[organ].lyman
    assert dv.complication_probability(EMAMI_TD5[organ], lyman.td50_gy, lyman.m) == pytest.approx(0.05, abs=0.014)
    assert dv.complication_probability(lyman.td50_gy, lyman.td50_gy, lyman.m) == 0.5


def test_every_organ_names_its_sources():
    for organ, known in TOLERANCES.items():
        assert tolerance(organ) is known and known.confirm and known.alpha_beta_gy > 0
        assert all(part.citation for part in (known.limit, known.lyman) if part)


@pytest.mark.parametrize(
    ("name", "organ"),
    [("Hippocampus_L", "hippocampus"), ("left optic nerve", "optic nerve"), ("Lungs", "lung"), ("esophagus", "oesophagus"),
     ("Brain stem", "brainstem"), ("Kidney (right)", "kidney"), ("speech area", None), ("brainiac", None)],
)  # fmt: skip
def test_names_of_organs(name, organ):
    assert getattr(tolerance(name), "organ", None) == organ


def with_organs(patient, **masks):
    organs = {}
    for name, where in masks.items():
        organs[name] = np.zeros(patient.grid.shape, bool)
        organs[name][where] = True
    return replace(patient, organs=organs)


def test_the_table_of_organs(patient):
    patient = with_organs(patient, brainstem=np.s_[2:4, 2:4, 2:4], PTV60=np.s_[8:12, 8:12, 8:12])
    relative = np.ones(patient.grid.shape, np.float32)
    relative[2:4, 2:4, 2:4] = np.linspace(0.5, 0.64, 8).reshape(2, 2, 2)
    plan = Plan((radiotherapy(21, 60, 30, relative_dose=relative),))
    stem, brain = organ_doses(patient, plan)
    assert (stem.organ, brain.organ) == ("brainstem", "brain"), "a target volume is no organ at risk"
    assert stem.max_gy == pytest.approx(0.62 * 60, rel=1e-5), "0.03 mL are more than one voxel of 0.027 mL"
    assert stem.mean_gy == pytest.approx(0.57 * 60, rel=1e-5)
    assert stem.max_eqd2_gy == pytest.approx(30 * 1.24 * (1 + 1.24 / 2) / 2, rel=1e-4)
    assert stem.limit == "max" and not stem.exceeded and stem.ntcp < 0.001
    assert brain.ntcp == pytest.approx(0.5, abs=0.01), "the whole brain at 60 Gy: half of them, Burman 1991"
    assert target_of(patient).sum() == 64 and organ_doses(patient, Plan()) == []


def test_a_uniform_dose_says_nothing_about_organs(patient):
    patient = with_organs(patient, brainstem=np.s_[2:4, 2:4, 2:4])
    found = organ_doses_json(patient, Plan((radiotherapy(21, 60, 30),)))
    assert not found["mapped"] and "says nothing about how well" in found["note"]
    assert found["organs"][0]["max_gy"] == pytest.approx(60) and found["organs"][0]["exceeded"]
    assert all(organ["ntcp"] is None for organ in found["organs"])
    assert organ_doses_json(patient, Plan())["note"] == ""


def test_a_dose_distribution_of_a_part_and_a_synthetic_one_are_told(patient):
    drawn = replace(
        radiotherapy(50, 20, 5, relative_dose=np.ones(patient.grid.shape, np.float32)), dose_from=f"{SYNTHETIC}: x"
    )
    partly = organ_doses_json(patient, Plan((radiotherapy(21, 30, 15), drawn)))
    assert not partly["mapped"] and partly["note"].startswith("Part of the radiotherapy has no dose distribution")
    synthetic = organ_doses_json(patient, Plan((drawn,)))
    assert synthetic["mapped"] and synthetic["note"].startswith("The dose distribution is synthetic")


@pytest.mark.parametrize(("cycles", "words"), [(4, ""), (8, "watch for heart failure"), (10, "exceeds the lifetime limit")])
def test_doxorubicin_against_its_lifetime_limit(cycles, words):
    plan = Plan((chemotherapy("doxorubicin", 60.0, range(cycles)), chemotherapy("cyclophosphamide", 600.0, range(cycles))))
    cyclophosphamide, doxorubicin = drug_totals(plan)
    assert doxorubicin["total"] == 60 * cycles and doxorubicin["limit"] == 550 and words in doxorubicin["sentence"]
    assert cyclophosphamide["limit"] is None and (words != "") == bool(doxorubicin["sentence"])
