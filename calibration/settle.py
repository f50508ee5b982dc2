"""A calibration put in the place of an earlier one: all of it, or nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from calibration.calibration import Calibration
from twin.provenance import Manifest
from twin.store import save_text

STAGING, WHOLE = ".update", "whole"


def replace_calibration(calibration: Calibration, folder: Path, manifest: Manifest) -> None:
    """Write the calibration and the manifest of what made it, then put them in the earlier one's place."""
    staging = fresh(folder)
    calibration.save(staging)
    manifest.write(staging)
    put(folder)


def fresh(folder: Path) -> Path:
    """An empty place in ``folder`` in which the new parts are written; :func:`put` moves them."""
    shutil.rmtree(folder / STAGING, ignore_errors=True)
    (folder / STAGING).mkdir(parents=True)
    return folder / STAGING


def put(folder: Path) -> None:
    """All that was written into :func:`fresh` in the place of what had the same name."""
    save_text(folder / STAGING / WHOLE, "")
    settle(folder)


def settle(folder: Path) -> None:
    """Finish a replacement that was interrupted, or clear away one that was not yet whole."""
    staging = folder / STAGING
    if (staging / WHOLE).exists():
        for part in sorted(p for p in staging.iterdir() if p.name != WHOLE):
            shutil.rmtree(folder / part.name) if (folder / part.name).is_dir() else None
            os.replace(part, folder / part.name)
    shutil.rmtree(staging, ignore_errors=True)
