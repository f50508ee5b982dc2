"""One forward run of a patient with parameters that a person gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xarray as xr

from calibration.structure import Structure
from solvers.effect import effects
from solvers.engine import Accuracy, engines
from solvers.model import models
from solvers.simulate import simulate
from twin.errors import UsageError
from twin.parameter import declared
from twin.patient import Patient
from twin.registry import unknown

MOST_BYTES = 4e9


def forward(
    patient: Patient,
    settings: Mapping[str, float] | None = None,
    *,
    days: Sequence[float],
    model: str = "fisher-kpp",
    effect_names: Sequence[str] | None = None,
    engine: str = "native",
    accuracy: Accuracy = "standard",
) -> xr.Dataset:
    """The patient's baseline grown forward: ``u`` (t, species, z, y, x) and the volumes and burden (t) in mL.

    ``settings`` are parameters by name, each in its own unit and checked against its range; others keep their default.
    ``effect_names`` None takes the effects that a calibration would. UsageError for an unknown name,
    DataRefused for a value out of range.
    """
    _check_size(len(days), patient)
    engines[engine]
    names = Structure().effects if effect_names is None else tuple(effect_names)
    values, fixed = settle(Structure(model, names), patient, dict(settings or {}))
    structure = Structure(model, names, fixed)
    problem = structure.problem(patient, values, tuple(days))
    data = simulate(problem, engine=engine, accuracy=accuracy)
    found = _with_volumes(data, patient, problem.model.tumour_species)
    return found.assign_attrs(**values, **fixed, citations=list(structure.citations()))


def settle(
    structure: Structure, patient: Patient, settings: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """The values of the free parameters (defaults where not set), and the settings of those that are otherwise fixed."""
    kinds = [models[structure.model], *(effects[name] for name in structure.effects)]
    free = {p.name: p for p in structure.parameters(patient)}
    known = {p.name: p for kind in kinds for p in declared(kind, patient.site)} | free
    for name, value in settings.items():
        if name not in known:
            raise UsageError(unknown("parameter", name, sorted(known)), remedy=f"known: {', '.join(sorted(known))}")
        known[name].check(value)
    values = {name: settings.get(name, p.default) for name, p in free.items()}
    return values, {name: value for name, value in settings.items() if name not in free}


def _with_volumes(data: xr.Dataset, patient: Patient, species: Sequence[int]) -> xr.Dataset:
    cells = data["u"].isel(species=list(species)).sum("species")
    thresholds = {"volume": patient.visibility.threshold, "core": patient.visibility.core}
    for name, threshold in thresholds.items():
        if threshold is not None:
            volume = (cells > threshold).sum(("z", "y", "x")) * patient.grid.voxel_ml
            data[name] = volume.assign_attrs(units="mL", long_name=f"volume with a cell fraction above {threshold:g}")
    return data


def _check_size(count: int, patient: Patient) -> None:
    if 4.0 * count * patient.grid.size > MOST_BYTES:
        raise UsageError(
            f"{count} days of {patient.grid.size} voxels would take {4e-9 * count * patient.grid.size:.1f} GB.",
            where="days",
            remedy="save fewer days",
        )
