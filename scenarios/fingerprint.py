"""A hash of values: what a run depends on, so that a finished run is never repeated and a stale one never reused."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

FORMAT = 1
"""Version of the stored runs; raise it when their content changes its meaning."""

CODE = (
    "solvers",
    "calibration",
    "scenarios/endpoints",
    "scenarios/simulated.py",
    "scenarios/unlearnt.py",
    "scenarios/adaptive.py",
    "scenarios/lesion.py",
    "scenarios/endpoint.py",
    "scenarios/organs.py",
    "scenarios/dose.py",
    "twin/geometry/measure.py",
    "scenarios/maps.py",
    "twin/drugs.py",
)


def fingerprint(*values: Any) -> str:
    """Hex digest of plain values, arrays, labelled arrays, mappings and dataclasses, by content and not by identity."""
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        _feed(digest, value)
    return digest.hexdigest()


@functools.cache
def code_version() -> str:
    """Hash of the source files that decide the numbers, and of numpy's and numba's versions."""
    import numba

    root = Path(__file__).resolve().parents[1]
    files = sorted(p for part in CODE for p in ([root / part] if part.endswith(".py") else (root / part).rglob("*.py")))
    digest = hashlib.blake2b(f"{FORMAT} {np.__version__} {numba.__version__}".encode(), digest_size=16)
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _feed(digest: Any, value: Any) -> None:
    digest.update(f"<{type(value).__name__}>".encode())
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).view(np.uint8).reshape(-1).data)
    elif isinstance(value, xr.DataArray):
        _feed(digest, value.values)
        _feed(digest, {k: str(v) for k, v in value.attrs.items()})
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            digest.update(field.name.encode())
            _feed(digest, getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            digest.update(str(key).encode())
            _feed(digest, value[key])
    elif isinstance(value, list | tuple):
        for part in value:
            _feed(digest, part)
    elif isinstance(value, set | frozenset):
        _feed(digest, sorted(value, key=repr))
    else:
        digest.update(repr(value.item() if isinstance(value, np.generic) else value).encode())
