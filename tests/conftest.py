"""Fixtures shared by every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

for variable in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1" if variable != "NUMBA_NUM_THREADS" else "4")
os.environ.setdefault("FIPY_SOLVERS", "scipy")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of patients and lesions that others measured; named by ONCOTWIN_DATA, else beside the project."""
    folder = Path(os.environ.get("ONCOTWIN_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared data set is absent (set ONCOTWIN_DATA to its folder)")
    return folder
