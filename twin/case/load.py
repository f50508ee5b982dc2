"""From ``case.yaml`` to a prepared :class:`~twin.patient.Patient`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from twin.case.alignment import alignment_words, register
from twin.case.courses import WrittenRadiotherapy, build_course
from twin.case.files import Files
from twin.case.geometry import build_medium
from twin.case.parts import VisitEntry
from twin.case.problems import Problems
from twin.case.reading import case_path, read_case_file
from twin.case.schema import CaseFile
from twin.case.visits import Placing, check_tumour_seen, read_images, read_regions
from twin.case.written import Calendar, date_of
from twin.errors import DataRefused
from twin.fields import bounding_box
from twin.fields import field as labelled
from twin.grid import Box, Grid
from twin.imaging.image import Image
from twin.imaging.resample import resample
from twin.patient import Cellularity, Patient, Visit
from twin.progress import SILENT, Progress, stage
from twin.treatment import Course, Plan

MARGIN = 3
"""Voxels kept around the tissue."""

ANATOMY = ("t1gd", "t1", "flair", "t2", "ct", "adc", "cell_fraction")
"""Roles that may lie beneath the pictures, best first."""


def load_case(path: Path, progress: Progress = SILENT) -> Patient:
    """The patient of a case file (or of the folder that holds ``case.yaml``), ready for modelling.

    Every image is brought onto the grid of the baseline visit's first image and cropped to the tissue. Raises DataRefused
    (exit code 3) with every problem that was found.
    """
    file = case_path(path)
    problems = Problems()
    found = assemble(file, problems, progress)
    problems.raise_if_any(file.name)
    assert found is not None
    return found.patient


@dataclass(frozen=True)
class Assembled:
    """A patient, with the case file it came from and the grid before cropping."""

    patient: Patient
    case: CaseFile
    native: Grid


def assemble(file: Path, problems: Problems, progress: Progress = SILENT) -> Assembled | None:
    """The patient, or None with every reason in ``problems``."""
    case = read_case_file(file, problems)
    if case is None:
        return None
    calendar = case.calendar()
    days = _days(case, calendar, problems)
    files = Files(file.parent, case.straighten_directions)
    files.check(case.files(), problems)
    _check_courses(case, calendar, problems)
    if problems:
        return None
    with stage(progress, "Reading the scans", len(case.visits) + 2):
        return _assemble(case, days, calendar, files, problems, progress)


def _assemble(
    case: CaseFile, days: list[float], calendar: Calendar, files: Files, problems: Problems, progress: Progress
) -> Assembled | None:
    native, cellularity, medium = None, Cellularity(), None
    with problems.gather("visit 1"):
        native = files.read(case.visits[0].files()[0]).grid
        cellularity = case.cellularity.build(_count_voxel_mm3(case, files))
    if native is None or problems:
        return None
    with problems.gather("tissue"):
        medium = build_medium(case.tissue, files, native)
    progress.advance(note="tissue")
    if medium is None:
        return None
    box = bounding_box(medium.domain, MARGIN) if case.crop else (slice(None),) * 3
    placing = Placing(files, native, medium, cellularity, problems)
    visits: list[Visit] = []
    for number, entry in enumerate(case.visits):
        visits.append(_visit(entry, days[number], visits[0] if visits else None, case, placing))
        if number:
            visits[number] = visits[number].crop(box)
        progress.advance(note=visits[-1].name)
    placing.next_visit()
    visits[0] = visits[0].crop(box)
    plan = _plan(case, calendar, placing, box)
    anatomy = _anatomy(case, visits[0], placing, box)
    progress.advance(note="treatments")
    if problems:
        return None
    patient = Patient(
        name=case.patient,
        site=case.site,
        medium=medium.crop(box),
        visits=tuple(visits),
        treatments=plan,
        cellularity=cellularity,
        visibility=case.visibility.build(),
        anatomy=anatomy,
        first_weekday=calendar.first_weekday,
        notes=(*case.notes, *files.notes, *placing.notes, *_not_modelled(case)),
    )
    return Assembled(patient, case, native)


def _days(case: CaseFile, calendar: Calendar, problems: Problems) -> list[float]:
    """The visits' days, checked: the first on day 0, increasing, day and date in agreement."""
    days: list[float] = []
    for number, visit in enumerate(case.visits, start=1):
        with problems.gather(f"visits, entry {number}"):
            days.append(_day(visit, number, calendar))
    if len(days) == len(case.visits):
        with problems.gather("visits"):
            _check_order(days)
    with problems.gather("visits"):
        _check_baseline(case)
    return days


def _day(visit: VisitEntry, number: int, calendar: Calendar) -> float:
    if visit.day is None or visit.date is None or calendar.day0 is None:
        return calendar.day(visit.day, visit.date, f"visit {number}")
    by_date = float((date_of(visit.date) - date_of(calendar.day0)).days)
    if abs(by_date - visit.day) > 1:
        raise DataRefused(
            f"Visit {number} is on day {visit.day:g}, but its date is {by_date:g} days after the first scan.",
            why="growth rates follow from the intervals",
            remedy="correct one of the two, or write only the date",
        )
    return visit.day


def _check_baseline(case: CaseFile) -> None:
    if case.visits[0].held_out:
        raise DataRefused(
            "The baseline scan is held out.",
            where="visits, entry 1, held_out",
            why="every forecast starts from it",
            remedy="hold out a later scan",
        )


def _check_order(days: Sequence[float]) -> None:
    if days[0] != 0:
        raise DataRefused(
            f"The first visit is on day {days[0]:g}; day 0 is the baseline scan.",
            where="visits, entry 1",
            why="the twin starts from the first scan and counts every treatment from it",
            remedy=f"subtract {days[0]:g} from every day, or name visits by date",
        )
    for number, (a, b) in enumerate(itertools.pairwise(days), start=1):
        if a == b:
            raise DataRefused(
                f"Visits {number} and {number + 1} are both on day {a:g}.",
                where=f"visits, entry {number + 1}",
                why="growth is learnt from the change between one scan and the next",
                remedy="two scans of one day are one visit: put their images together, or give clock times",
            )
        if a > b:
            raise DataRefused(
                f"Visit {number + 1} (day {b:g}) comes before visit {number} (day {a:g}): the visits are out of order.",
                where=f"visits, entry {number + 1}",
                why="a swapped pair would turn growth into shrinkage",
                remedy="order the visits by date, and check the dates",
            )


def _check_courses(case: CaseFile, calendar: Calendar, problems: Problems) -> None:
    """Refuse impossible times and doses before any voxel is read."""
    radiotherapy = _radiotherapy_days(case, calendar)
    for number, written in enumerate(case.treatments, start=1):
        with problems.gather(f"treatments, entry {number}"):
            build_course(written, calendar, radiotherapy, None)


def _radiotherapy_days(case: CaseFile, calendar: Calendar) -> list[float]:
    days = []
    for written in case.treatments:
        if isinstance(written, WrittenRadiotherapy):
            try:
                days += [f.day for f in written.build(calendar).fractions]
            except DataRefused:
                continue
    return days


def _count_voxel_mm3(case: CaseFile, files: Files) -> float | None:
    """Voxel volume of the first image of cell counts."""
    for visit in case.visits:
        if "cell_count" in visit.images:
            return files.read(visit.images["cell_count"].file).grid.voxel_ml * 1000
    return None


def _visit(entry: VisitEntry, day: float, baseline: Visit | None, case: CaseFile, placing: Placing) -> Visit:
    """One visit on the whole baseline grid; ``baseline`` is None for the baseline itself."""
    name = entry.name or ("baseline" if baseline is None else f"day {day:g}")
    words, registered = f"visit {case.visits.index(entry) + 1} ({name})", ""
    placing.next_visit()
    if case.registration == "rigid" and baseline is not None:
        with placing.problems.gather(words):
            registered = register(entry, words, baseline, placing)
    images = read_images(entry, words, placing)
    regions = read_regions(entry, words, placing)
    if not regions and "cell_fraction" in images:
        regions["tumour"] = images["cell_fraction"].values > 0
        placing.notes.append(f"{words}: no segmentation was given; the tumour is where the cell fraction is above zero.")
    if baseline is None and not placing.problems:
        with placing.problems.gather(words):
            check_tumour_seen(regions, images, words)
    return Visit(
        day=day,
        name=name,
        images=images,
        regions=regions,
        date=None if entry.date is None else date_of(entry.date),
        held_out=entry.held_out,
        alignment=alignment_words(entry, registered, placing),
    )


def _plan(case: CaseFile, calendar: Calendar, placing: Placing, box: Box) -> Plan:
    def volume(file: str, kind: str) -> Any:
        return resample(placing.files.read(file), placing.grid, labels=kind == "mask")

    radiotherapy = _radiotherapy_days(case, calendar)
    courses: list[Course] = []
    for number, written in enumerate(case.treatments, start=1):
        with placing.problems.gather(f"treatments, entry {number}"):
            course = build_course(written, calendar, radiotherapy, volume)
            if course is not None:
                courses.append(course)
    return Plan(tuple(courses)).crop(box)


def _anatomy(case: CaseFile, baseline: Visit, placing: Placing, box: Box) -> xr.DataArray | None:
    if case.anatomy is not None:
        with placing.problems.gather(f"anatomy: {case.anatomy}"):
            image: Image = placing.files.read(case.anatomy)
            return labelled(np.ascontiguousarray(resample(image, placing.grid)[box]), placing.grid.crop(box), "1")
    return next((baseline.images[role] for role in ANATOMY if role in baseline.images), None)


def _not_modelled(case: CaseFile) -> list[str]:
    drugs = case.unmodelled()
    return [f"{', '.join(drugs)}: given, but no effect is computed."] if drugs else []
