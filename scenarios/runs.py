"""The store of finished runs: one file each, named by the hash of all that decides it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scenarios.arms import Arm
from scenarios.fingerprint import code_version, fingerprint
from scenarios.maps import MapSum, pack, unpack
from scenarios.simulated import Calibrated, Reading, Setup
from twin.store import replacing


@dataclass(frozen=True)
class RunStore:
    """Runs in ``folder``. A run appears whole or not at all; writing it twice leaves the same file."""

    folder: Path
    scans: int

    def path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"

    def has(self, key: str) -> bool:
        """Whether the run is there and whole; a damaged file counts as absent and is written again."""
        return zipfile.is_zipfile(self.path(key))

    def save(self, key: str, reading: Reading) -> None:
        with replacing(self.path(key)) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, **reading.values, **pack(reading.maps))  # type: ignore[arg-type]

    def values(self, key: str) -> dict[str, np.ndarray] | None:
        """The measured values of a run, None if it is not there."""
        if not self.has(key):
            return None
        with np.load(self.path(key)) as stored:
            return {name: stored[name] for name in stored.files if not name.startswith(("box", "levels", "seen"))}

    def add_maps(self, key: str, total: MapSum) -> None:
        with np.load(self.path(key)) as stored:
            total.add(unpack(stored, self.scans))


class Keys:
    """The names of runs: patient, model, the draw's parameters, the arm, the days, the accuracy and the code."""

    def __init__(self, setup: Setup, twin: Calibrated):
        structure = getattr(twin, "structure", None)
        timeline = (setup.timeline, setup.measured, setup.accuracy, setup.engine, setup.maps)
        effects = (setup.prior_effects, setup.seed if setup.prior_effects else None)
        self._shared = fingerprint(twin.patient, structure, timeline, effects, code_version())
        self._posterior = twin.posterior
        self._plans = {arm.id: fingerprint(arm.plan_after, arm.rules) for arm in setup.arms}

    def key(self, draw: int, arm: Arm) -> str:
        values = self._posterior["value"].isel(draw=draw).values
        drawn = draw if len(values) == 0 else fingerprint(values, list(self._posterior["parameter"].values))
        return fingerprint(self._shared, drawn, draw, self._plans[arm.id])
