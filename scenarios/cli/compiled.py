"""The first run compiles the solver; it says so instead of seeming to hang."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from scenarios.cli.voice import Voice


def cache_folder() -> Path:
    """Where numba keeps compiled code: NUMBA_CACHE_DIR, else beside the sources of the solvers."""
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(named)
    found = importlib.util.find_spec("solvers")
    return Path(found.origin).parent if found and found.origin else Path()


def is_compiled() -> bool:
    """Whether an earlier run left compiled code."""
    return next(cache_folder().rglob("*.nbc"), None) is not None


def announce(voice: Voice) -> None:
    if not is_compiled():
        voice.note("First run: compiling the solver, once; this takes some tens of seconds and is kept for later runs.")
