"""Registration under motions that are known: the embedded patient's follow-up scans, moved and bent, brought back."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.study import Check, Page, Row, Study, studies
from twin.case.alignment import AROUND_MM, around
from twin.geometry.measure import volume_ml
from twin.imaging.image import Image
from twin.imaging.known_motion import Motion, after, rigid_motion, smooth_motion
from twin.imaging.registration import Kind, register
from twin.imaging.resample import resample
from twin.patient import Patient, Visit

SPACING_MM = 2.0
NOISE = 0.03
RIGID = (10.0, 15.0)
"""Up to so many degrees about each axis, and millimetres along each."""

BENT = (4.0, 5.0, 8.0, 20.0)
"""Degrees and millimetres as above, then up to 8 mm of a deformation that is smooth over 20 mm."""

BARS_MM = {"rigid": 1.0, "deformable": 1.5}
VOLUME_PERCENT = 3.0


@studies.register("registration")
class Registration(Study):
    """Landmark error, tumour volume and inverse of every follow-up scan after a known motion."""

    title = "Registration under known motions"
    size = 8

    def cases(self, size: int, seed: int, data: Path | None) -> Sequence[str]:
        follow_ups = len(_patient().visits) - 1
        return [f"{kind} {k % follow_ups + 1} {seed + k}" for kind in BARS_MM for k in range(size)]

    def measure(self, key: str, data: Path | None) -> Row:
        kind, visit, seed = key.split()
        return measured(_patient(), int(visit), "rigid" if kind == "rigid" else "deformable", int(seed))

    def page(self, rows: Sequence[Row]) -> Page:
        checks = [check for kind, bar in BARS_MM.items() for check in _checks(kind, bar, rows)]
        return Page(tuple(checks), WORDS)


WORDS = f"""The embedded patient at {SPACING_MM:g} mm: its follow-up scans (a T1 with contrast made from the template, with
{100 * NOISE:.0f} % noise; the tumour has grown or shrunk since) are moved by a motion that is known, then registered to the
baseline scan with both tumours and {AROUND_MM["rigid"]:g} mm around them ({AROUND_MM["deformable"]:g} mm for a
deformation) left out, as `registration:` in a case file does.
Rigid: up to {RIGID[0]:g} degrees about and {RIGID[1]:g} mm along each axis. Deformable: up to {BENT[0]:g} degrees and
{BENT[1]:g} mm, then a random deformation of up to {BENT[2]:g} mm along each axis, smooth over {BENT[3]:g} mm. Landmarks
are tissue voxels all over the brain. The volume is that of the follow-up's tumour after the motion and the way back,
against what it was before."""


@functools.cache
def _patient() -> Patient:
    from calibration.virtual.embedded import embedded_patient

    return embedded_patient(spacing_mm=SPACING_MM).patient


def measured(patient: Patient, visit: int, kind: Kind, seed: int) -> Row:
    """One follow-up scan, moved and registered back."""
    rng = np.random.default_rng(seed)
    first, later = patient.visits[0], patient.visits[visit]
    fixed, scan = _t1gd(patient, first, rng), _t1gd(patient, later, rng)
    motion = _motion(scan, kind, rng)
    moving = Image(resample(scan, patient.grid, transform=motion.inverse), patient.grid)
    tumour = _labels(later, patient, motion.inverse)
    points = patient.grid.index_to_mm(np.argwhere(patient.medium.domain)[::997])
    there = motion.points(points)
    ignore, ignore_moving = (around(mask, kind, patient.grid.spacing_mm) for mask in (first.whole, tumour > 0))
    found = register(fixed, moving, kind, ignore=ignore, ignore_moving=ignore_moving, landmarks=(points, there)).trusted()
    back = resample(Image(tumour, patient.grid), patient.grid, labels=True, transform=found.transform) > 0
    before, left = volume_ml(later.whole, patient.grid), volume_ml(back, patient.grid)  # type: ignore[arg-type]
    quality = found.quality
    return {
        "kind": kind,
        "moved_mm": float(np.linalg.norm(there - points, axis=1).mean()),
        "landmark_mm": quality.landmark_mm,
        "volume_percent": 100 * (left / before - 1),
        "disagreement_mm": quality.disagreement_mm,
        "miss_mm": quality.miss_mm,
        "jacobian": list(quality.jacobian),
    }


def _t1gd(patient: Patient, visit: Visit, rng: np.random.Generator) -> Image:
    """The template's T1 with dark oedema and bright enhancement, and the scanner's noise."""
    assert patient.anatomy is not None
    values = np.where(visit.regions["oedema"], 0.75 * patient.anatomy.values, patient.anatomy.values)
    values = np.where(visit.regions["enhancing"], 250.0, values)
    return Image((values + NOISE * 255 * rng.standard_normal(values.shape)).astype(np.float32), patient.grid)


def _motion(scan: Image, kind: Kind, rng: np.random.Generator) -> Motion:
    if kind == "rigid":
        return rigid_motion(scan.grid, *RIGID, rng)
    degrees, shift, largest, alike = BENT
    return after(smooth_motion(scan, largest, alike, rng), rigid_motion(scan.grid, degrees, shift, rng))


def _labels(visit: Visit, patient: Patient, inverse: Any) -> np.ndarray:
    assert visit.whole is not None
    return resample(Image(visit.whole.astype(np.uint8), patient.grid), patient.grid, labels=True, transform=inverse)


def _checks(kind: str, bar: float, rows: Sequence[Row]) -> list[Check]:
    mine = [r for r in rows if r.get("kind") == kind]
    failed = sum("failed" in r and r["case"].startswith(kind) for r in rows)

    def most(name: str, of: Callable[[float], float] = float) -> float:
        return max((of(r[name]) for r in mine), default=float("nan"))

    within = sum(abs(r["volume_percent"]) <= VOLUME_PERCENT for r in mine)
    moved = f"moved by {np.mean([r['moved_mm'] for r in mine]):.1f} mm" if mine else ""
    return [
        Check(f"{kind}: largest of the scans' mean landmark errors, mm", most("landmark_mm"), high=bar, note=moved),
        Check(f"{kind}: largest change of tumour volume, %", most("volume_percent", abs), high=VOLUME_PERCENT),
        Check(f"{kind}: scans whose tumour volume changes by at most {VOLUME_PERCENT:g} %, of {len(mine)}", within),
        Check(f"{kind}: there and back before both are made one, mm", most("disagreement_mm")),
        Check(f"{kind}: transform and its inverse miss by, mm", most("miss_mm")),
        Check(f"{kind}: refused", failed, high=0),
    ]
