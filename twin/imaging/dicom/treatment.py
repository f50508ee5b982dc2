"""Radiotherapy of a study for the case file: prescription, dose map and dates, as far as the objects state them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from twin.errors import DataRefused
from twin.imaging.dicom.arrange import Arranged
from twin.imaging.dicom.casefile import CaseText
from twin.imaging.dicom.contents import Contents
from twin.imaging.dicom.dose import Dose, total
from twin.imaging.dicom.mapping import Mapping
from twin.imaging.dicom.plan import Prescription
from twin.imaging.dicom.report import Notebook
from twin.imaging.write import write_image

Given = list[tuple[datetime.date, int]]


def write_radiotherapy(
    contents: Contents, arranged: Arranged, answers: Mapping, folder: Path, text: CaseText, note: Notebook
) -> bool:
    """Add each plan's course to the case file; True if the date of its first fraction must be asked."""
    plans = _used(contents, note)
    asked = False
    for number, plan in enumerate(plans, start=1):
        name = "radiotherapy" if len(plans) == 1 else f"radiotherapy_{number}"
        course = _Course(contents, arranged, answers, plan, name, note)
        asked |= course.add(folder, text)
    if contents.doses and not plans:
        note.problem(
            "There is a dose but no plan (RTPLAN) that says how it was given.",
            why="the effect depends on the number of fractions",
            remedy="export the RTPLAN too, or add the radiotherapy to case.yaml by hand",
        )
    return asked


def _used(contents: Contents, note: Notebook) -> list[Prescription]:
    """The plans that were treated: those with records, else the approved ones, else all."""
    plans = [p for p in contents.plans if p.intent not in ("VERIFICATION", "MACHINE_QA")]
    treated = [p for p in plans if p.uid in contents.delivered]
    approved = [p for p in plans if p.approved]
    chosen = treated or approved or plans
    if len(chosen) < len(contents.plans):
        kind = "that were treated" if treated else "that are approved"
        note.say(f"Of {len(contents.plans)} plans the {len(chosen)} {kind} are used.")
    return chosen


class _Course:
    """One plan on its way into the case file."""

    def __init__(
        self, contents: Contents, arranged: Arranged, answers: Mapping, plan: Prescription, name: str, note: Notebook
    ):
        self.contents, self.arranged, self.plan, self.name, self.note = contents, arranged, plan, name, note
        self.total_gy = answers.radiotherapy.total_gy or plan.total_gy
        self.fractions = answers.radiotherapy.fractions or plan.fractions
        self.from_date = answers.radiotherapy.from_date
        self.given: Given = contents.delivered.get(plan.uid, [])

    def add(self, folder: Path, text: CaseText) -> bool:
        for words in self.plan.notes:
            self.note.say(f"{self.name}: {words}")
        if not self.total_gy or not self.fractions:
            self.note.problem(
                f"The plan of the {self.name} states no total dose or no number of fractions.",
                where=self.plan.source.label,
                why="the effect depends on both",
                remedy="write radiotherapy: {total_gy: 60, fractions: 30} in mapping.yaml and import again",
            )
            return False
        when = self._when(text)
        if when is None:
            return True
        dose = self._dose(folder)
        entry = {"radiotherapy": f"{self._given_gy():g} Gy", **when, **({"dose_map": dose} if dose else {})}
        text.course(entry | ({"name": self.name} if self.name != "radiotherapy" else {}))
        self.note.say(f"{self.name}: {self.total_gy:g} Gy in {self.fractions} fractions{self._words()}")
        return False

    def _words(self) -> str:
        if self.given:
            return f"; {len(self.given)} recorded as given"
        assert self.from_date is not None
        return f", from day {self.arranged.day(self.from_date)} on (mapping file)"

    def _given_gy(self) -> float:
        assert self.total_gy and self.fractions
        return self.total_gy * len(self.given) / self.fractions if self.given else self.total_gy

    def _when(self, text: CaseText) -> dict[str, Any] | None:
        """The dates: as recorded, else from the mapping file; None (and a problem) where neither tells."""
        if self.given:
            assert self.total_gy and self.fractions
            gy = self.total_gy / self.fractions
            days = [self.arranged.day(date) for date, _ in self.given]
            if min(days) < 0:
                self._too_early(min(days))
                return None
            return {"fractions": [{"day": day, "gy": gy} for day in days]}
        if self.from_date is None:
            self.note.problem(
                f"The study does not say on which day the {self.name} began.",
                where=self.plan.source.label,
                why="a plan states doses, not dates; without treatment records the dates are not known",
                remedy="write radiotherapy: {from_date: YYYY-MM-DD} in mapping.yaml and import again",
            )
            text.comment(f"{self.name}: {self.total_gy:g} Gy in {self.fractions} fractions, first day not known: left out")
            return None
        day = self.arranged.day(self.from_date)
        if day < 0:
            self._too_early(day)
            return None
        return {"fractions": self.fractions, "from_day": day}

    def _too_early(self, day: int) -> None:
        self.note.problem(
            f"The {self.name} began {-day} days before the first scan.",
            why="the twin starts at the first scan and cannot tell what was given before",
            remedy="add a scan from before the radiotherapy, or leave the earlier fractions out of case.yaml",
        )

    def _dose(self, folder: Path) -> dict[str, str] | None:
        """Write the plan's dose where it lies in the baseline's frame of reference."""
        doses = [d for d in self.contents.doses if d.plan_uid == self.plan.uid]
        if not doses and len(self.contents.plans) == 1:
            doses = [d for d in self.contents.doses if not d.plan_uid]
        if not doses:
            self.note.say(f"{self.name}: no dose distribution; the prescribed dose is taken everywhere")
            return None
        try:
            dose = total(doses)
        except DataRefused as refusal:
            self.note.problems.append(refusal)
            return None
        return self._write_dose(dose, folder)

    def _write_dose(self, dose: Dose, folder: Path) -> dict[str, str] | None:
        if dose.frame_of_reference not in self.arranged.visits[0].frames_of_reference:
            self.note.problem(
                f"The dose of the {self.name} lies in another frame of reference than the baseline scan.",
                where=dose.source.label,
                why="it would fall on the wrong place",
                remedy="register the planning image onto the baseline scan in the planning system and export the dose on it",
            )
            return None
        assert self.total_gy
        name = f"treatment/{self.name}_dose.nii.gz"
        write_image(folder / name, dose.gy / self.total_gy, dose.grid)
        for words in dose.notes:
            self.note.say(f"{self.name}: {words}")
        self.note.say(f"{self.name}: dose up to {dose.max_gy:.1f} Gy ({100 * dose.max_gy / self.total_gy:.0f} %)")
        return {"file": name, "unit": "relative"}
