"""All runs of a comparison as one labelled dataset on disk; memory does not grow with the number of draws."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from scenarios.endpoint import Endpoint, Measured, Planned, Sight, endpoints
from scenarios.maps import MapSum
from scenarios.prepare import Comparison, derived
from scenarios.runs import RunStore
from scenarios.simulated import Calibrated
from twin import RESEARCH_USE_ONLY
from twin.fields import SPACE, coordinates, frame_attributes
from twin.grid import Grid
from twin.progress import Progress, stage
from twin.store import load_dataset, replacing, save_dataset

RunKeys = Mapping[tuple[int, str], str]

MAPS = {
    "probability": "share of the posterior draws in which the voxel is visible tumour",
    "mean_fraction": "mean cell fraction over the posterior draws",
}


def gather(
    comparison: Comparison, store: RunStore, keys: RunKeys, twin: Calibrated, path: Path, progress: Progress
) -> xr.Dataset:
    """Write the runs as a Zarr folder and open it. Runs that are missing are NaN and count in no map."""
    sight = Sight.of(twin.patient, comparison.setup.timeline.decision_day)
    data = _courses(comparison, store, keys, sight)
    for e in derived(comparison.names):
        values = e.derive(data, sight)
        if values is not None:
            dims = ("arm", "draw", "organ")[: values.ndim]
            data[e.variable] = (dims, values, {"units": e.unit, "long_name": e.label})
    data = data.assign_coords(coordinates(twin.patient.grid)).assign_attrs(_attributes(comparison, twin))
    with replacing(path) as temporary:
        save_dataset(temporary, data)
        _write_maps(temporary, comparison, store, keys, twin.patient.grid, progress)
    return load_dataset(path)


def _courses(comparison: Comparison, store: RunStore, keys: RunKeys, sight: Sight) -> xr.Dataset:
    """The endpoints read off every run: (arm, draw), (arm, draw, t) or (arm, draw, scan), and by organ."""
    setup = comparison.setup
    read = [e for name in setup.measured if isinstance(e := endpoints[name], Measured | Planned)]
    sizes = {"t": len(setup.timeline.days), "scan": len(setup.timeline.scans), "organ": len(sight.organs)}
    sizes |= {"arm": len(setup.arms), "draw": len(comparison.draws)}
    arrays = {e.variable: np.full([sizes[d] for d in _dims(e)], np.nan) for e in read}
    for a, arm in enumerate(setup.arms):
        for d, draw in enumerate(comparison.draws):
            values = store.values(keys[draw, arm.id])
            for name in values or ():
                arrays[name][a, d] = values[name]  # type: ignore[index]
    variables = {e.variable: (_dims(e), arrays[e.variable], {"units": e.unit, "long_name": e.label}) for e in read}
    coords: dict[str, Any] = {
        "arm": [arm.id for arm in setup.arms],
        "draw": list(comparison.draws),
        "t": ("t", list(setup.timeline.days), {"units": "day"}),
        "scan": ("scan", list(setup.timeline.scans), {"units": "day"}),
        "label": ("arm", [arm.label for arm in setup.arms]),
    }
    if sight.organs:
        coords["organ"] = list(sight.organs)
    return xr.Dataset(variables, coords=coords)


def _dims(e: Endpoint) -> tuple[str, ...]:
    if not isinstance(e, Measured):
        return ("arm", "draw")
    return ("arm", "draw", e.at, "organ") if e.by_organ else ("arm", "draw", e.at)


def _attributes(comparison: Comparison, twin: Calibrated) -> dict[str, Any]:
    setup = comparison.setup
    return {
        "notice": RESEARCH_USE_ONLY,
        "decision_day": setup.timeline.decision_day,
        "horizon_day": setup.timeline.horizon_day,
        "threshold": twin.patient.visibility.threshold,
        "reference": comparison.reference,
        "accuracy": setup.accuracy,
        "engine": setup.engine,
        **frame_attributes(twin.patient.grid),
    }


def _write_maps(
    folder: Path, comparison: Comparison, store: RunStore, keys: RunKeys, grid: Grid, progress: Progress
) -> None:
    """Write both maps arm by arm, one scan a chunk: no more than one arm is in memory."""
    import zarr

    setup = comparison.setup
    scans = len(setup.timeline.scans)
    group = zarr.open_group(folder, mode="r+", zarr_format=3, use_consolidated=False)
    arrays = {
        name: group.create_array(
            name,
            shape=(len(setup.arms), scans, *grid.shape),
            chunks=(1, 1, *grid.shape),
            dtype="float32",
            fill_value=0.0,
            dimension_names=("arm", "scan", *SPACE),
            attributes={"units": "1", "long_name": text},
        )
        for name, text in MAPS.items()
    }
    with stage(progress, "gather the scans", len(setup.arms)) as bar:
        for a, arm in enumerate(setup.arms):
            total = MapSum(scans, grid.shape)
            for draw in comparison.draws:
                if store.has(keys[draw, arm.id]):
                    store.add_maps(keys[draw, arm.id], total)
            for s in range(scans):
                arrays["probability"][a, s] = total.probability(s)
                arrays["mean_fraction"][a, s] = total.mean(s)
            bar.advance()
