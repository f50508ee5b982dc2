"""What a comparison said of each arm, into the forecast ledger of the patient."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from calibration.calibration import Calibration
from calibration.ledger.chain import LEDGER, Ledger
from calibration.ledger.options import Option, keep_options
from scenarios.arms import Arm
from scenarios.simulated import Calibrated


def keep_on_record(twin: Calibrated, arms: tuple[Arm, ...], data: xr.Dataset, folder: Path) -> None:
    """Append the arms' courses to the ledger in ``folder``, where a calibration has begun one there."""
    if isinstance(twin, Calibration) and (folder / LEDGER).exists():
        options = [Option(a.id, a.label, a.words, a.plan_after, bool(a.rules)) for a in arms]
        keep_options(Ledger(folder), twin, options, data)
