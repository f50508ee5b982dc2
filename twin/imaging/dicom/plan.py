"""RTPLAN and treatment records: what was prescribed, in how many fractions, and on which dates it was given."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twin.imaging.dicom.element import clean, date, first, integer, items, number, text
from twin.imaging.dicom.file import Source, quiet

MOST_FRACTIONS = 100
RECORDS = "RTRECORD"


@dataclass(frozen=True)
class Prescription:
    """One radiotherapy plan. ``total_gy`` and ``fractions`` are None where the plan does not state them.

    ``target`` is the name of the prescription; ``uid`` identifies the plan to its doses and records. ``date`` is the day
    the plan was made, which is not the first day of treatment.
    """

    source: Source
    label: str
    uid: str
    total_gy: float | None
    fractions: int | None
    date: datetime.date | None
    intent: str
    approved: bool
    notes: tuple[str, ...] = ()


@quiet()
def prescription(dataset: Any, source: Source) -> Prescription:
    """Total dose and fractions of an RTPLAN (PS3.3 C.8.8.10, C.8.8.13)."""
    groups = items(dataset, "FractionGroupSequence")
    counts = [n for g in groups if (n := integer(g, "NumberOfFractionsPlanned")) and 0 < n <= MOST_FRACTIONS]
    fractions = sum(counts) if counts and len(counts) == len(groups) else None
    stated = _target_dose(dataset)
    beams = _beam_dose(groups)
    notes = []
    total = stated if stated is not None else beams
    if stated is not None and beams is not None and abs(stated - beams) > 0.05 * stated:
        notes.append(f"the prescription says {stated:g} Gy, the beam doses add up to {beams:g} Gy: the prescription is used")
    if stated is None and beams is not None:
        notes.append("no prescribed dose is stated: the sum of the beam doses is used")
    return Prescription(
        source=source,
        label=clean(text(dataset, "RTPlanLabel") or text(dataset, "RTPlanName")) or "plan",
        uid=text(dataset, "SOPInstanceUID"),
        total_gy=total,
        fractions=fractions,
        date=date(dataset, "RTPlanDate", "StudyDate"),
        intent=text(dataset, "PlanIntent").upper(),
        approved=text(dataset, "ApprovalStatus").upper() == "APPROVED",
        notes=tuple(notes),
    )


def _target_dose(dataset: Any) -> float | None:
    """The largest prescription to a target (simultaneous boosts state several)."""
    found = [
        gy
        for reference in items(dataset, "DoseReferenceSequence")
        if text(reference, "DoseReferenceType").upper() == "TARGET"
        and (gy := number(reference, "TargetPrescriptionDose")) is not None
        and 0 < gy < 1000
    ]
    return max(found) if found else None


def _beam_dose(groups: Iterable[Any]) -> float | None:
    total = 0.0
    for group in groups:
        doses = [d for b in items(group, "ReferencedBeamSequence") if (d := number(b, "BeamDose")) is not None]
        total += sum(doses) * (integer(group, "NumberOfFractionsPlanned") or 0)
    return round(total, 6) if 0 < total < 1000 else None


@quiet()
def delivered(records: Iterable[Any]) -> dict[str, list[tuple[datetime.date, int]]]:
    """Dates of the fractions given, by plan: from RT treatment records, one (date, fraction number) per fraction."""
    found: dict[str, set[tuple[datetime.date, int]]] = {}
    for record in records:
        day = date(record, "TreatmentDate")
        plan = text(first(record, "ReferencedRTPlanSequence"), "ReferencedSOPInstanceUID")
        for beam in (*items(record, "TreatmentSessionBeamSequence"), *items(record, "TreatmentSessionIonBeamSequence")):
            if day is not None:
                found.setdefault(plan, set()).add((day, integer(beam, "CurrentFractionNumber") or 0))
    return {plan: sorted(days) for plan, days in found.items()}
