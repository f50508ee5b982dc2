"""Results on disk: atomic writes, labelled datasets as Zarr, summaries as JSON."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from twin.errors import DataRefused


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary sibling of ``path`` to write to; it takes ``path``'s place when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield temporary
        if temporary.is_dir() and path.exists():
            aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.old")
            os.replace(path, aside)
            os.replace(temporary, path)
            shutil.rmtree(aside)
        else:
            os.replace(temporary, path)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


def save_text(path: Path, text: str) -> Path:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def save_json(path: Path, value: Any) -> Path:
    """Write strict JSON (no NaN; numpy numbers and arrays become plain ones)."""
    return save_text(path, json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def load_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise missing(path) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataRefused(
            f"{path.name} is not readable JSON: {error}.", where=str(path), remedy="run the step again"
        ) from None


def save_dataset(path: Path, data: xr.Dataset) -> Path:
    """Write a dataset as a Zarr folder that appears whole or not at all."""
    with replacing(path) as temporary:
        _with_text_as(data, object).to_zarr(temporary, mode="w", consolidated=False, zarr_format=3)
    return path


def load_dataset(path: Path) -> xr.Dataset:
    if not path.exists():
        raise missing(path)
    return _in_order(_with_text_as(xr.open_zarr(path, consolidated=False, chunks=None), str))


def _in_order(data: xr.Dataset) -> xr.Dataset:
    """By name: the order in which Zarr finds a folder's arrays differs from run to run, and so would a table's columns."""
    coords = {name: data.variables[name] for name in sorted(data.coords, key=str)}
    return xr.Dataset({name: data.variables[name] for name in sorted(data.data_vars, key=str)}, coords, data.attrs)


def _with_text_as(data: xr.Dataset, kind: type) -> xr.Dataset:
    """Text variables as ``object`` (on disk: variable length, the only form that Zarr 3 specifies) or ``str``."""
    text: dict[Any, Any] = {
        name: (v.dims, v.values.astype(object).astype(kind), v.attrs)
        for name, v in data.variables.items()
        if v.dtype.kind in "UT"
    }
    labels = {name: v for name, v in text.items() if name in data.coords}
    return data.assign({n: v for n, v in text.items() if n not in labels}).assign_coords(labels)


def missing(path: Path) -> DataRefused:
    return DataRefused(
        f"{path.name} is not there.",
        where=str(path),
        why="this step continues from what the step before wrote",
        remedy="give the folder that calibrate or scenarios wrote, or run that step first",
    )


def plain(value: Any) -> Any:
    """Numpy values, paths and tuples as JSON knows them; NaN and infinity become null."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, Path):
        return value.as_posix()
    return value
