"""The prepared patient on disk: ``patient.zarr`` for the fields, ``patient.json`` for the rest. The round trip is exact."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from twin import RESEARCH_USE_ONLY
from twin.case.stored_plan import plan_facts, plan_of
from twin.errors import DataRefused
from twin.fields import SPACE, coordinates, frame_attributes
from twin.grid import Grid, triple
from twin.medium import Medium
from twin.patient import Cellularity, Patient, Visibility, Visit
from twin.store import load_dataset, load_json, save_dataset, save_json

FORMAT = 1
"""Version of the layout."""


def save_patient(patient: Patient, folder: Path) -> None:
    """Write ``patient.zarr`` and ``patient.json`` into ``folder``; each appears whole or not at all."""
    fields: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]] = {}
    courses: dict[str, np.ndarray] = {}
    facts = {
        "notice": RESEARCH_USE_ONLY,
        "format": FORMAT,
        "name": patient.name,
        "site": patient.site,
        "grid": dataclasses.asdict(patient.grid),
        "tissues": list(patient.medium.tissues),
        "visits": [_visit_facts(v, i, fields) for i, v in enumerate(patient.visits)],
        "treatments": plan_facts(patient.treatments, courses),
        "cellularity": dataclasses.asdict(patient.cellularity),
        "visibility": dataclasses.asdict(patient.visibility),
        "first_weekday": patient.first_weekday,
        "notes": list(patient.notes),
        "identity": {keyword: list(found) for keyword, found in patient.identity.items()},
        "organs": [_organ(name, i, mask, fields) for i, (name, mask) in enumerate(patient.organs.items())],
    }
    fields |= {name: (SPACE, values, {"units": "1"}) for name, values in courses.items()}
    fields["domain"] = (SPACE, patient.medium.domain, {})
    if patient.medium.tensor is not None:
        fields["tensor"] = (("component", *SPACE), patient.medium.tensor, {"units": "1"})
    for name, fraction in patient.medium.fractions.items():
        fields[f"tissue_{name}"] = (SPACE, np.asarray(fraction), {"units": "1"})
    if patient.anatomy is not None:
        fields["anatomy"] = (SPACE, patient.anatomy.values, {"units": patient.anatomy.attrs.get("units", "1")})
    data = xr.Dataset(fields, coords=coordinates(patient.grid), attrs=frame_attributes(patient.grid))
    save_dataset(Path(folder) / "patient.zarr", data)
    save_json(Path(folder) / "patient.json", facts)


def load_patient(folder: Path) -> Patient:
    """The patient that :func:`save_patient` wrote into ``folder``."""
    facts = load_json(Path(folder) / "patient.json")
    if facts.get("format") != FORMAT:
        raise DataRefused(
            f"patient.json has the layout {facts.get('format')}, this version reads {FORMAT}.",
            where="patient.json",
            remedy="prepare the patient again from its case file with this version",
        )
    with load_dataset(Path(folder) / "patient.zarr") as stored:
        data = stored.load()
    grid = _grid(facts["grid"])
    courses = {str(name): values.values for name, values in data.data_vars.items()}
    tissues = {name: data[f"tissue_{name}"].values for name in facts["tissues"]}
    tensor = data["tensor"].values if "tensor" in data else None
    return Patient(
        name=facts["name"],
        site=facts["site"],
        medium=Medium(grid, data["domain"].values, tissues, tensor),
        visits=tuple(_visit(v, data, grid) for v in facts["visits"]),
        treatments=plan_of(facts["treatments"], courses),
        cellularity=Cellularity(**facts["cellularity"]),
        visibility=Visibility(**facts["visibility"]),
        anatomy=_array(data, "anatomy", grid) if "anatomy" in data else None,
        first_weekday=facts["first_weekday"],
        notes=tuple(facts["notes"]),
        organs={organ["name"]: data[organ["mask"]].values for organ in facts.get("organs", [])},
        identity={keyword: tuple(found) for keyword, found in facts.get("identity", {}).items()},
    )


def _organ(name: str, number: int, mask: np.ndarray, fields: dict) -> dict[str, str]:
    fields[f"organ{number}"] = (SPACE, np.asarray(mask, bool), {"long_name": name})
    return {"name": name, "mask": f"organ{number}"}


def _visit_facts(visit: Visit, number: int, fields: dict) -> dict[str, Any]:
    for role, image in visit.images.items():
        fields[f"visit{number}_image_{role}"] = (SPACE, image.values, {"units": image.attrs.get("units", "1")})
    for region, mask in visit.regions.items():
        fields[f"visit{number}_region_{region}"] = (SPACE, np.asarray(mask, bool), {})
    return {
        "day": visit.day,
        "name": visit.name,
        "date": None if visit.date is None else visit.date.isoformat(),
        "held_out": visit.held_out,
        "alignment": visit.alignment,
        "images": {role: f"visit{number}_image_{role}" for role in visit.images},
        "regions": {region: f"visit{number}_region_{region}" for region in visit.regions},
    }


def _visit(facts: Mapping[str, Any], data: xr.Dataset, grid: Grid) -> Visit:
    return Visit(
        day=facts["day"],
        name=facts["name"],
        images={role: _array(data, key, grid) for role, key in facts["images"].items()},
        regions={region: data[key].values for region, key in facts["regions"].items()},
        date=None if facts["date"] is None else datetime.date.fromisoformat(facts["date"]),
        held_out=facts["held_out"],
        alignment=facts["alignment"],
    )


def _grid(facts: Mapping[str, Any]) -> Grid:
    return Grid(
        shape=triple(int(n) for n in facts["shape"]),
        spacing_mm=triple(float(v) for v in facts["spacing_mm"]),
        origin_mm=triple(float(v) for v in facts["origin_mm"]),
        direction=tuple(float(v) for v in facts["direction"]),
    )


def _array(data: xr.Dataset, key: str, grid: Grid) -> xr.DataArray:
    """A stored field as :func:`twin.fields.field` makes it."""
    stored = data[key]
    attributes = {"units": stored.attrs.get("units", "1"), **frame_attributes(grid)}
    return xr.DataArray(stored.values, dims=SPACE, coords=coordinates(grid), attrs=attributes)
