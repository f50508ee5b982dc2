"""All runs of a comparison as one labelled dataset on disk; memory does not grow with the number of draws."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from scenarios.endpoint import Measured, Sight, endpoints
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
    data = _courses(comparison, store, keys)
    sight = Sight(twin.patient.visibility, comparison.setup.timeline.decision_day)
    for e in derived(comparison.names):
        values = e.derive(data, sight)
        if values is not None:
            data[e.variable] = (("arm", "draw"), values, {"units": e.unit, "long_name": e.label})
    data = data.assign_coords(coordinates(twin.patient.grid)).assign_attrs(_attributes(comparison, twin))
    with replacing(path) as temporary:
        save_dataset(temporary, data)
        _write_maps(temporary, comparison, store, keys, twin.patient.grid, progress)
    return load_dataset(path)


def _courses(comparison: Comparison, store: RunStore, keys: RunKeys) -> xr.Dataset:
    """The measured endpoints of every run: (arm, draw, t) or (arm, draw, scan)."""
    setup = comparison.setup
    measured = [e for name in setup.measured if isinstance(e := endpoints[name], Measured)]
    sizes = {"t": len(setup.timeline.days), "scan": len(setup.timeline.scans)}
    shape = (len(setup.arms), len(comparison.draws))
    arrays = {e.variable: np.full((*shape, sizes[e.at]), np.nan) for e in measured}
    for a, arm in enumerate(setup.arms):
        for d, draw in enumerate(comparison.draws):
            values = store.values(keys[draw, arm.id])
            for name in values or ():
                arrays[name][a, d] = values[name]  # type: ignore[index]
    variables = {
        e.variable: (("arm", "draw", e.at), arrays[e.variable], {"units": e.unit, "long_name": e.label}) for e in measured
    }
    coords: dict[str, Any] = {
        "arm": [arm.id for arm in setup.arms],
        "draw": list(comparison.draws),
        "t": ("t", list(setup.timeline.days), {"units": "day"}),
        "scan": ("scan", list(setup.timeline.scans), {"units": "day"}),
        "label": ("arm", [arm.label for arm in setup.arms]),
    }
    return xr.Dataset(variables, coords=coords)


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
