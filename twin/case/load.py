"""From ``case.yaml`` to a prepared :class:`~twin.patient.Patient`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from twin.case.alignment import alignment_words, register_visit
from twin.case.contradiction import contradictions
from twin.case.courses import build_course
from twin.case.files import Files
from twin.case.geometry import build_medium
from twin.case.organs import read_organs
from twin.case.parts import VisitEntry
from twin.case.problems import Problems
from twin.case.reading import case_path, read_case_file
from twin.case.schema import CaseFile
from twin.case.timeline import check_courses, radiotherapy_days, visit_days
from twin.case.visits import Placing, check_tumour_seen, read_images, read_regions
from twin.case.written import Calendar, date_of
from twin.fields import bounding_box
from twin.fields import field as labelled
from twin.grid import Box, Grid
from twin.imaging.image import Image
from twin.imaging.resample import resample, resample_dose
from twin.patient import Patient, Visit
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
    days = visit_days(case, calendar, problems)
    files = Files(file.parent, case.straighten_directions)
    files.check(case.files(), problems)
    check_courses(case, calendar, problems)
    if problems:
        return None
    with stage(progress, "Reading the scans", len(case.visits) + 2):
        return _assemble(case, days, calendar, files, problems, progress)


def _assemble(
    case: CaseFile, days: list[float], calendar: Calendar, files: Files, problems: Problems, progress: Progress
) -> Assembled | None:
    placing = _placing(case, files, problems)
    progress.advance(note="tissue")
    if placing is None:
        return None
    organs = read_organs(case.organs, placing)
    kept = np.logical_or.reduce([placing.medium.domain, *organs.values()])
    box = bounding_box(kept, MARGIN) if case.crop else (slice(None),) * 3
    visits = _visits(case, days, placing, box, progress)
    plan = _plan(case, calendar, placing, box)
    anatomy = _anatomy(case, visits[0], placing, box)
    progress.advance(note="treatments")
    if problems:
        return None
    patient = Patient(
        name=case.patient,
        site=case.site,
        medium=placing.medium.crop(box),
        visits=visits,
        treatments=plan,
        cellularity=placing.cellularity,
        visibility=case.visibility.build(),
        anatomy=anatomy,
        first_weekday=calendar.first_weekday,
        notes=(*case.notes, *files.notes, *placing.notes, *_not_modelled(case)),
        organs={name: np.ascontiguousarray(mask[box]) for name, mask in organs.items()},
        identity=case.identity,
    )
    for problem in () if case.labels_checked else contradictions(patient):
        problems.add(problem)
    return Assembled(patient, case, placing.grid)


def _placing(case: CaseFile, files: Files, problems: Problems) -> Placing | None:
    """The baseline grid and the tissue on it, or None with the reasons in ``problems``."""
    native = cellularity = medium = None
    with problems.gather("visit 1"):
        native = files.read(case.visits[0].files()[0]).grid
    with problems.gather("cellularity"):
        cellularity = case.cellularity.build(_count_voxel_mm3(case, files))
    if native is None or cellularity is None:
        return None
    with problems.gather("tissue"):
        medium = build_medium(case.tissue, files, native, case.visits[0])
    return None if medium is None else Placing(files, native, medium, cellularity, problems, case.bias_correction == "n4")


def _visits(case: CaseFile, days: list[float], placing: Placing, box: Box, progress: Progress) -> tuple[Visit, ...]:
    """Every visit, cropped; the baseline is kept whole until the others were registered to it."""
    baseline = None
    found: list[Visit] = []
    for day, entry in zip(days, case.visits, strict=True):
        visit = _visit(entry, day, baseline, case, placing)
        baseline = baseline or visit
        found.append(visit.crop(box))
        progress.advance(note=visit.name)
    placing.next_visit()
    return tuple(found)


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
    if case.registration != "none" and baseline is not None:
        with placing.problems.gather(words):
            registered = register_visit(entry, case.registration, words, baseline, case.visits[0], placing)
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
        image = placing.files.read(file)
        return resample_dose(image, placing.grid) if kind == "dose" else resample(image, placing.grid, labels=True)

    radiotherapy = radiotherapy_days(case, calendar)
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
