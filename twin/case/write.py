"""Writing any patient as a folder of NIfTI files and a ``case.yaml`` that reads back to the same patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twin import RESEARCH_USE_ONLY
from twin.case.written import WEEKDAYS
from twin.drugs import drug
from twin.errors import UsageError
from twin.grid import Grid
from twin.imaging.write import write_image
from twin.patient import Patient, Visit
from twin.store import save_text
from twin.treatment import Chemotherapy, Course, Radiotherapy


def write_case(patient: Patient, folder: Path) -> Path:
    """Write ``case.yaml`` and the images it names below ``folder``; returns the path of ``case.yaml``.

    ``load_case`` gives the same patient back: values bit for bit, positions as NIfTI keeps them (single precision).
    """
    import yaml

    folder = Path(folder)
    if patient.medium.tensor is not None:
        raise UsageError(
            "A patient with a diffusion tensor cannot be written as a case file.",
            why="the case file names no tensor image; it would be lost",
            remedy="keep the prepared patient instead (twin.case.prepared.save_patient)",
        )
    content: dict[str, Any] = {
        "patient": patient.name,
        "site": patient.site,
        "first_weekday": WEEKDAYS[patient.first_weekday],
        "visits": [_visit(v, i, folder, patient.grid) for i, v in enumerate(patient.visits)],
        "tissue": _tissue(patient, folder),
        "cellularity": {
            "adc_water": f"{patient.cellularity.adc_water_mm2_per_s!r} mm2/s",
            "adc_minimum": f"{patient.cellularity.adc_minimum_mm2_per_s!r} mm2/s",
            "theta_per_mm3": float(patient.cellularity.theta_per_mm3),
            "pet_background": patient.cellularity.pet_background,
            "pet_capacity": patient.cellularity.pet_capacity,
        },
        "visibility": {"core": patient.visibility.core, "whole": patient.visibility.whole},
        "treatments": [e for i, c in enumerate(patient.treatments.courses) for e in _course(c, i, folder, patient.grid)],
        "crop": False,
        "notes": list(patient.notes),
    }
    if patient.identity:
        content["identity"] = {keyword: list(found) for keyword, found in patient.identity.items()}
    if patient.organs:
        content["organs"] = {
            name: _file(folder, f"organs/{i + 1}.nii.gz", np.asarray(mask, bool), patient.grid)
            for i, (name, mask) in enumerate(patient.organs.items())
        }
    if patient.anatomy is not None:
        content["anatomy"] = _file(folder, "anatomy.nii.gz", patient.anatomy.values, patient.grid)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return save_text(folder / "case.yaml", f"# {RESEARCH_USE_ONLY}\n{text}")


def _file(folder: Path, name: str, values: np.ndarray, grid: Grid) -> str:
    write_image(folder / name, np.asarray(values), grid)
    return name


def _visit(visit: Visit, number: int, folder: Path, grid: Grid) -> dict[str, Any]:
    place = f"visit{number + 1}-day{visit.day:03.0f}"
    entry: dict[str, Any] = {"day": float(visit.day), "name": visit.name}
    if visit.date is not None:
        entry["date"] = visit.date
    entry["images"] = {
        role: {"file": _file(folder, f"{place}/{role}.nii.gz", image.values, grid), "unit": str(image.attrs["units"])}
        for role, image in visit.images.items()
    }
    entry["segmentations"] = [
        {
            "file": _file(folder, f"{place}/{region}.nii.gz", np.asarray(mask, bool), grid),
            "labels": {region: 1},
            **({} if np.any(mask) else {"may_be_empty": True}),
        }
        for region, mask in visit.regions.items()
    ]
    return {**entry, "held_out": visit.held_out, "alignment": visit.alignment}


def _tissue(patient: Patient, folder: Path) -> dict[str, Any]:
    medium, grid = patient.medium, patient.grid
    maps = {name: _file(folder, f"tissue/{name}.nii.gz", f, grid) for name, f in medium.fractions.items()}
    return {"mask": _file(folder, "tissue/mask.nii.gz", medium.domain, grid), "maps": maps, "unit": "0-1"}


def _course(course: Course, number: int, folder: Path, grid: Grid) -> list[dict[str, Any]]:
    """Its entries: one, or one per drug where a course mixes several."""
    if isinstance(course, Radiotherapy):
        fractions = [{"day": float(f.day), "gy": float(f.dose_gy)} for f in course.fractions]
        entry: dict[str, Any] = {"radiotherapy": f"{course.total_gy!r} Gy", "fractions": fractions, "name": course.name}
        if course.relative_dose is not None:
            file = _file(folder, f"treatments/dose{number + 1}.nii.gz", course.relative_dose, grid)
            entry["dose_map"] = {"file": file, "unit": "relative"}
        return [entry]
    if isinstance(course, Chemotherapy):
        return [_drug(course, name) for name in dict.fromkeys(d.drug for d in course.doses)]
    file = _file(folder, f"treatments/cavity{number + 1}.nii.gz", np.asarray(course.cavity, bool), grid)
    return [{"resection": file, "on_day": float(course.day), "margin_mm": float(course.margin_mm)}]


def _drug(course: Chemotherapy, name: str) -> dict[str, Any]:
    unit = drug(name).dose_unit
    given = [{"day": float(d.day), "amount": f"{float(d.amount)!r} {unit}"} for d in course.doses if d.drug == name]
    return {"drug": name, "given": given, "name": course.name}
