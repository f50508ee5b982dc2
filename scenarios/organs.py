"""The organs of a patient: organs at risk, eloquent regions and target volumes, and the dose each receives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from scenarios.dose import LATE_ALPHA_BETA_GY, bed_gy, dose_gy, eqd2_gy, is_mapped, is_synthetic
from scenarios.dose_volume import complication_probability, dose_to_share, equivalent_uniform_dose, near_maximum
from scenarios.organs_tolerance import Limit, Tolerance, tolerance
from twin.patient import Patient
from twin.treatment import Plan, Radiotherapy

TARGET = re.compile(r"\s*(gtv|ctv|ptv|target)", re.IGNORECASE)
SITES = ("brain", "lung", "liver")
"""Sites whose tissue is itself an organ at risk."""

UNIFORM = (
    "No dose distribution is given: every organ is taken to receive the prescribed dose, which says nothing about how well "
    "it is spared. No complication probability is computed from it."
)


PARTLY_UNIFORM = (
    "Part of the radiotherapy has no dose distribution: every organ is taken to receive that part in full, which says "
    "nothing about how well it is spared. No complication probability is computed from it."
)
SYNTHETIC = (
    "The dose distribution is synthetic, drawn around the lesion and no plan: it says little about how well a plan would "
    "spare an organ."
)


@dataclass(frozen=True)
class OrganDose:
    """Dose of one organ under one plan. ``*_eqd2_gy`` at the organ's alpha/beta; NTCP None without a dose distribution and
    where no parameters are known.

    ``limit`` names the dose that ``limit_gy`` holds for, ``at_limit_gy`` is that dose here; both EQD2.
    """

    organ: str
    volume_ml: float
    alpha_beta_gy: float
    mean_gy: float
    max_gy: float
    mean_eqd2_gy: float
    max_eqd2_gy: float
    geud_gy: float | None = None
    ntcp: float | None = None
    complication: str = ""
    limit: str = ""
    limit_gy: float | None = None
    at_limit_gy: float | None = None
    exceeded: bool | None = None
    citations: tuple[str, ...] = ()
    confirm: bool = False


def organs_at_risk(patient: Patient) -> dict[str, np.ndarray]:
    """The declared organs that are no target volumes, and the site's own tissue where that is an organ at risk."""
    own = {patient.site: patient.medium.domain} if patient.site in SITES and patient.site not in patient.organs else {}
    return {**{name: m for name, m in patient.organs.items() if not TARGET.match(name)}, **own}


def followed(patient: Patient) -> dict[str, np.ndarray]:
    """The declared organs and regions into which the tumour is followed."""
    return {name: m for name, m in patient.organs.items() if not TARGET.match(name)}


def target_of(patient: Patient) -> np.ndarray | None:
    """The union of the declared target volumes, None without any."""
    found = [m for name, m in patient.organs.items() if TARGET.match(name)]
    return np.logical_or.reduce(found) if found else None


LESION = "visible lesion"
"""How the lesion of the last scan is called among the targets."""


def targets_of(patient: Patient) -> dict[str, np.ndarray]:
    """The declared target volumes and the lesion of the last scan that was used, each where it holds a voxel."""
    lesion = patient.seen[-1].whole
    found = {name: m for name, m in patient.organs.items() if TARGET.match(name)}
    found |= {} if lesion is None or LESION in patient.organs else {LESION: lesion}
    return {name: m for name, m in found.items() if m.any()}


def organ_doses(patient: Patient, plan: Plan) -> list[OrganDose]:
    """Every organ at risk under the plan; empty without radiotherapy."""
    if not plan.fractions():
        return []
    dose = dose_gy(plan, patient.grid.shape)
    return [_organ(name, mask, dose, plan, patient) for name, mask in organs_at_risk(patient).items()]


def organ_doses_json(patient: Patient, plan: Plan) -> dict:
    """The dose block of an arm: the table, and what a uniform or synthetic dose does not say."""
    return {"mapped": is_mapped(plan), "note": _note(plan), "organs": [asdict(o) for o in organ_doses(patient, plan)]}


def _note(plan: Plan) -> str:
    beams = [c for c in plan.courses if isinstance(c, Radiotherapy)]
    if beams and not is_mapped(plan):
        return UNIFORM if all(c.relative_dose is None for c in beams) else PARTLY_UNIFORM
    return SYNTHETIC if any(is_synthetic(c) for c in beams) else ""


def organ_eqd2(mask: np.ndarray, plan: Plan, alpha_beta: float) -> np.ndarray:
    """EQD2 of the organ's voxels, float32, Gy."""
    inside = Plan(tuple(_within(c, mask) for c in plan.courses if hasattr(c, "fractions")))
    count = (int(np.count_nonzero(mask)),)
    return eqd2_gy(bed_gy(inside, count, alpha_beta), alpha_beta)


def at_limit(limit: Limit, eqd2: np.ndarray, voxel_ml: float) -> float:
    """The dose that the limit is about, Gy EQD2."""
    if limit.kind == "mean":
        return float(eqd2.mean())
    return near_maximum(eqd2, voxel_ml) if limit.kind == "max" else dose_to_share(eqd2, limit.share)


def limits_of(patient: Patient) -> Mapping[str, Limit]:
    """The limits that the library knows for the patient's organs at risk."""
    known = {name: tolerance(name) for name in organs_at_risk(patient)}
    return {name: t.limit for name, t in known.items() if t is not None and t.limit is not None}


def _organ(name: str, mask: np.ndarray, dose: np.ndarray, plan: Plan, patient: Patient) -> OrganDose:
    known, voxel = tolerance(name), patient.grid.voxel_ml
    ratio = known.alpha_beta_gy if known else LATE_ALPHA_BETA_GY
    eqd2, inside = organ_eqd2(mask, plan, ratio), dose[mask]
    return OrganDose(
        organ=name,
        volume_ml=float(mask.sum()) * voxel,
        alpha_beta_gy=ratio,
        mean_gy=float(inside.mean()),
        max_gy=near_maximum(inside, voxel),
        mean_eqd2_gy=float(eqd2.mean()),
        max_eqd2_gy=near_maximum(eqd2, voxel),
        **(_borne(known, eqd2, voxel, is_mapped(plan)) if known else {}),
    )


def _borne(known: Tolerance, eqd2: np.ndarray, voxel_ml: float, mapped: bool) -> dict:
    """What the library says of such a dose: the limit, and with a dose distribution the complication probability."""
    found: dict = {"confirm": known.confirm, "citations": ()}
    if known.lyman is not None and mapped:
        geud = equivalent_uniform_dose(eqd2, known.lyman.n)
        ntcp = complication_probability(geud, known.lyman.td50_gy, known.lyman.m)
        found |= {"geud_gy": geud, "ntcp": ntcp, "complication": known.lyman.complication}
        found["citations"] += (known.lyman.citation,)
    if known.limit is not None:
        here = at_limit(known.limit, eqd2, voxel_ml)
        found |= {"limit": known.limit.words, "limit_gy": known.limit.gy, "at_limit_gy": here}
        found |= {"exceeded": here > known.limit.gy + 1e-3, "citations": (*found["citations"], known.limit.citation)}
    return found


def _within(course, mask: np.ndarray):
    """The course seen by the voxels of ``mask`` alone."""
    if course.relative_dose is None:
        return course
    return replace(course, relative_dose=course.relative_dose[mask])
