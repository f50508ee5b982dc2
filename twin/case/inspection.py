"""Saying in words what a patient folder holds: visits, grids, labels, volumes, treatments, and every problem."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin import RESEARCH_USE_ONLY
from twin.case.load import Assembled, assemble
from twin.case.orientation import grid_words
from twin.case.plausibility import doubts
from twin.case.problems import Problems
from twin.case.reading import case_path
from twin.case.sizes import is_sizes, load_sizes
from twin.drugs import drug
from twin.errors import DataRefused
from twin.geometry.lesions import Match, described, match
from twin.geometry.measure import measure, volume_ml
from twin.geometry.organs import nearness
from twin.grid import Grid
from twin.patient import Patient, Visit
from twin.progress import SILENT, Progress
from twin.treatment import Chemotherapy, Course, Radiotherapy


@dataclass(frozen=True)
class Inspection:
    """What was found. ``problems`` must be mended, ``hints`` are worth a look; without problems there is a patient."""

    lines: tuple[str, ...]
    problems: tuple[DataRefused, ...]
    hints: tuple[str, ...] = ()
    facts: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "notice": RESEARCH_USE_ONLY,
            "ok": not self.problems,
            "lines": list(self.lines),
            "problems": [{"what": p.what, "where": p.where, "why": p.why, "remedy": p.remedy} for p in self.problems],
            "hints": list(self.hints),
            "facts": self.facts,
        }


def inspect_case(path: Path, progress: Progress = SILENT) -> Inspection:
    """Look at a case without refusing it: what can be told is told, and every problem is listed with its remedy."""
    if is_sizes(path):
        return _inspected_sizes(path)
    problems = Problems()
    found = None
    with problems.gather():
        found = assemble(case_path(path), problems, progress)
    if found is None or problems:
        return Inspection(("The case cannot be used yet.",), tuple(problems.refused), tuple(problems.hints))
    for doubt in doubts(found.patient):
        problems.hint(doubt)
    lines = _describe(found)
    if problems.hints:
        lines += ["", "Worth a look:", *[f"  {hint}" for hint in problems.hints]]
    return Inspection(tuple(lines), (), tuple(problems.hints), _facts(found.patient))


def _inspected_sizes(path: Path) -> Inspection:
    try:
        series = load_sizes(path)
    except DataRefused as refused:
        return Inspection(("The case cannot be used yet.",), (refused,))
    lines = [f"{series.name} ({series.site}): sizes alone, {len(series.sizes)} readings, {len(series.seen)} of them seen."]
    for size in series.sizes:
        told = f"{size.volume_ml:g} mL" if size.volume_ml is not None else f"{size.diameter_mm:g} mm"
        lines.append(f"  day {size.day:g}: {told}" + (", held out" if size.held_out else ""))
    lines += ["Treatments:", *map(_course, series.treatments.courses)]
    return Inspection(tuple(lines), ())


def _describe(found: Assembled) -> list[str]:
    patient = found.patient
    lines = [f"Patient {patient.name}, {patient.site}: {len(patient.visits)} visits, {len(patient.held_out)} held out."]
    lines += ["", "Baseline grid:", *[f"  {line}" for line in grid_words(found.native)]]
    if patient.grid.shape != found.native.shape:
        lines.append(f"  cropped to {_times(patient.grid.shape[::-1])} voxels around the tissue")
    lines += ["", "Tissue:", *_tissue(patient), "", "Visits:"]
    before: Visit | None = None
    for visit in patient.visits:
        lines += _visit(visit, before, patient.grid)
        before = visit
    lines += [line for earlier, later, found_here in _changes(patient) for line in _change_lines(earlier, later, found_here)]
    if patient.organs:
        whole, grid = patient.visits[-1].whole, patient.grid
        lines += ["", "Organs and eloquent regions, and the last lesion seen:"]
        lines += [f"  {name}: {nearness(whole, mask, grid)}" for name, mask in patient.organs.items()]
    lines += ["", "Treatments:", *([_course(c) for c in patient.treatments.courses] or ["  none"])]
    lines += ["", "Notes:", *[f"  {note}" for note in patient.notes]] if patient.notes else []
    return lines


def _changes(patient: Patient) -> list[tuple[Visit, Visit, list[Match]]]:
    """What became of every lesion from one scan with a segmentation to the next."""
    drawn = [(v, v.whole) for v in patient.visits if v.whole is not None]
    return [(a, b, match(before, after, patient.grid)) for (a, before), (b, after) in itertools.pairwise(drawn)]


def _change_lines(earlier: Visit, later: Visit, found: list[Match]) -> list[str]:
    return ["", f"From day {earlier.day:g} to day {later.day:g}:", *[f"  {words}" for words in described(found)]]


def _match_facts(found: Match) -> dict[str, Any]:
    lists = {"before": list(found.before), "after": list(found.after)}
    return {**dataclasses.asdict(found), **lists, "percent": found.percent}


def _tissue(patient: Patient) -> list[str]:
    grid, medium = patient.grid, patient.medium
    lines = [f"  {volume_ml(medium.domain, grid):,.0f} mL in which a tumour can grow; outside is wall"]
    for name, fraction in medium.fractions.items():
        share = 100 * float(fraction[medium.domain].mean())
        fastest = " (cells move fastest here)" if name == medium.tissues[0] and len(medium.tissues) > 1 else ""
        lines.append(f"  {name}: {share:.0f} %{fastest}")
    return lines


def _with_unit(role: str, unit: str) -> str:
    """An MR intensity has no unit, and none is named."""
    return role if unit == "1" else f"{role} ({unit})"


def _visit(visit: Visit, before: Visit | None, grid: Grid) -> list[str]:
    date = f", {visit.date.isoformat()}" if visit.date else ""
    interval = "" if before is None else f", {visit.day - before.day:g} days after the scan before"
    held = ", HELD OUT from calibration" if visit.held_out else ""
    name = "" if visit.name == f"day {visit.day:g}" else f": {visit.name}"
    lines = [f"  Day {visit.day:g}{name}{date}{interval}{held}"]
    if visit.images:
        images = [_with_unit(role, image.attrs["units"]) for role, image in visit.images.items()]
        lines.append("    images: " + ", ".join(images))
    for name, mask in visit.regions.items():
        lines.append(f"    {name}: {_measured(mask, grid)}")
    if len(visit.regions) > 1 and visit.whole is not None:
        lines.append(f"    whole lesion: {_measured(visit.whole, grid)}")
    lines.append(f"    alignment: {visit.alignment}")
    return lines


def _measured(mask, grid: Grid) -> str:
    found = measure(mask, grid)
    if found is None:
        return "none"
    size = f"{found.longest_mm:.0f} x {found.perpendicular_mm:.0f} mm on its largest axial slice"
    return f"{volume_ml(mask, grid):.2f} mL, {size}"


def _course(course: Course) -> str:
    if isinstance(course, Radiotherapy):
        days = [f.day for f in course.fractions]
        each = sorted({round(f.dose_gy, 4) for f in course.fractions})
        dose = f"{each[0]:g} Gy" if len(each) == 1 else f"{each[0]:g} to {each[-1]:g} Gy"
        where = ", by a dose map" if course.relative_dose is not None else ", the same everywhere"
        return (
            f"  {course.name}: {course.total_gy:g} Gy in {len(days)} fractions of {dose}, "
            f"day {min(days):g} to {max(days):g}{_gaps(days)}{where}"
        )
    if isinstance(course, Chemotherapy):
        amounts = sorted({d.amount for d in course.doses})
        amount = " to ".join(f"{a:g}" for a in (amounts[:1] if len(amounts) == 1 else (amounts[0], amounts[-1])))
        days = [d.day for d in course.doses]
        when = (
            f"day {days[0]:g}" if len(days) == 1 else f"{len(days)} doses, day {min(days):g} to {max(days):g}{_gaps(days)}"
        )
        name = course.doses[0].drug
        of = "" if course.name == name else f" of {name}"
        return f"  {course.name}: {amount} {drug(name).dose_unit}{of}, {when}"
    return f"  resection on day {course.day:g}, margin {course.margin_mm:g} mm"


def _gaps(days: list[float]) -> str:
    """ " with a pause" where days are left out between the first and the last."""
    longest = max((b - a for a, b in itertools.pairwise(sorted(days))), default=0)
    return f", longest pause {longest:g} days" if longest > 1 else ""


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)


def _facts(patient: Patient) -> dict[str, Any]:
    """The numbers behind the words."""
    return {
        "patient": patient.name,
        "site": patient.site,
        "shape_zyx": list(patient.grid.shape),
        "spacing_mm_zyx": list(patient.grid.spacing_mm),
        "tissues": list(patient.medium.tissues),
        "tissue_ml": volume_ml(patient.medium.domain, patient.grid),
        "visits": [_visit_facts(v, patient.grid) for v in patient.visits],
        "lesions": [
            {"from_day": a.day, "to_day": b.day, "changes": [_match_facts(m) for m in found]}
            for a, b, found in _changes(patient)
        ],
        "organs": {
            name: dataclasses.asdict(nearness(patient.visits[-1].whole, mask, patient.grid))
            for name, mask in patient.organs.items()
        },
        "total_gy": sum(f.dose_gy for _, f in patient.treatments.fractions()),
        "fractions": len(patient.treatments.fractions()),
        "drug_doses": {name: len(patient.treatments.drug_doses(name)) for name in patient.treatments.drugs()},
        "notes": list(patient.notes),
    }


def _visit_facts(visit: Visit, grid: Grid) -> dict[str, Any]:
    regions = {}
    for name, mask in visit.regions.items():
        found = measure(mask, grid)
        regions[name] = {
            "volume_ml": volume_ml(mask, grid),
            "longest_mm": 0.0 if found is None else found.longest_mm,
            "product_mm2": 0.0 if found is None else found.product_mm2,
        }
    return {
        "day": visit.day,
        "name": visit.name,
        "held_out": visit.held_out,
        "alignment": visit.alignment,
        "images": {role: image.attrs["units"] for role, image in visit.images.items()},
        "regions": regions,
    }
