"""All runs of a comparison, as a labelled dataset and as a table on disk; memory does not grow with their number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from scenarios.arms import Arm
from scenarios.endpoint import Sight
from scenarios.handed import RunKeys
from scenarios.labelled import labelled
from scenarios.maps import MapSum
from scenarios.prepare import Comparison
from scenarios.runs import RunStore
from scenarios.simulated import Calibrated
from scenarios.tidy import TidyTable
from twin import RESEARCH_USE_ONLY
from twin.fields import SPACE, coordinates, frame_attributes
from twin.grid import Grid
from twin.progress import Progress, stage
from twin.store import load_dataset, replacing, save_dataset

BLOCK = 1000
"""Runs that are in memory at a time."""

MAPS = {
    "probability": "share of the posterior draws in which the voxel is visible tumour",
    "mean_fraction": "mean cell fraction over the posterior draws",
}


def gather(
    comparison: Comparison, store: RunStore, keys: RunKeys, twin: Calibrated, out: Path, progress: Progress
) -> xr.Dataset:
    """Write the runs as ``scenarios.zarr`` and ``scenarios.parquet`` into ``out``; the first is opened and given back.

    Runs that are missing are NaN and count in no map. ``result_hash`` among the attributes is that of every number of every
    run: two comparisons with the same hash agree in every bit.
    """
    about = _attributes(comparison, twin)
    sight = Sight.of(twin.patient, comparison.setup.timeline.decision_day)

    def block(arms: Sequence[Arm], draws: Sequence[int]) -> xr.Dataset:
        return labelled(comparison.setup, comparison.names, sight, arms, draws, lambda d, a: store.values(keys[d, a]))

    digest = hashlib.blake2b(digest_size=16)
    with replacing(out / "scenarios.zarr") as folder, replacing(out / "scenarios.parquet") as table:
        group = _empty(folder, comparison, block, twin.patient.grid, about)
        with TidyTable(table, comparison.setup.arms, about) as tidy:
            for place, arms, draws in _blocks(comparison):
                data = block(arms, draws)
                tidy.add(data)
                for name, values in data.data_vars.items():
                    group[name][place] = values.values
                    digest.update(np.ascontiguousarray(values.values).tobytes())
        group.attrs["result_hash"] = digest.hexdigest()
        if comparison.setup.maps:
            _write_maps(folder, comparison, store, keys, twin.patient.grid, progress)
    return load_dataset(out / "scenarios.zarr")


def _blocks(comparison: Comparison) -> Iterator[tuple[tuple[slice, slice], Sequence[Arm], Sequence[int]]]:
    """The runs in pieces of at most ``BLOCK``: where they lie in (arm, draw), their arms and their draws."""
    arms, draws = comparison.setup.arms, comparison.draws
    wide, high = _chunk(comparison)
    for a in range(0, len(arms), high):
        for d in range(0, len(draws), wide):
            yield (slice(a, a + high), slice(d, d + wide)), arms[a : a + high], draws[d : d + wide]


def _chunk(comparison: Comparison) -> tuple[int, int]:
    """Draws and arms of a piece."""
    wide = min(len(comparison.draws), BLOCK)
    return wide, max(1, min(len(comparison.setup.arms), BLOCK // wide))


def _empty(folder: Path, comparison: Comparison, block: Any, grid: Grid, about: Mapping[str, Any]) -> Any:
    """The dataset without its numbers, open for writing: coordinates as they are, variables in chunks of a piece."""
    import zarr

    setup, (wide, high) = comparison.setup, _chunk(comparison)
    first = block(setup.arms[:1], comparison.draws[:1])
    frame = block(setup.arms, ()).drop_vars(list(first.data_vars)).assign_coords(draw=list(comparison.draws))
    save_dataset(folder, frame.assign_coords(coordinates(grid)).assign_attrs(about))
    group = zarr.open_group(folder, mode="r+", zarr_format=3, use_consolidated=False)
    sizes = {**first.sizes, "arm": len(setup.arms), "draw": len(comparison.draws)}
    chunks = {**first.sizes, "arm": high, "draw": wide}
    for name, values in first.data_vars.items():
        group.create_array(
            str(name),
            shape=tuple(sizes[d] for d in values.dims),
            chunks=tuple(chunks[d] for d in values.dims),
            dtype=values.dtype,
            fill_value=np.nan,
            dimension_names=tuple(str(d) for d in values.dims),
            attributes=dict(values.attrs),
        )
    return group


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
