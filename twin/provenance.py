"""The manifest beside every output: what was computed, from what, by which versions, with which seed."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import platform
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from twin import RESEARCH_USE_ONLY, __version__
from twin.store import plain, save_json

LIBRARIES = ("numpy", "scipy", "numba", "xarray", "fipy", "SimpleITK", "pyvista", "optuna", "dask", "zarr", "SALib")


def sha256(path: Path) -> str:
    """Hash of a file, or of a folder's files by name and content."""
    digest = hashlib.sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        digest.update(part.relative_to(path).as_posix().encode() if path.is_dir() else b"")
        with part.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    found = {"oncotwin": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


class Manifest:
    """Collects the facts of one run; :meth:`write` puts them beside the output as ``manifest-COMMAND.json``.

    Inputs are named relative to ``base`` so that no path of a machine is exported.
    """

    def __init__(self, command: str, configuration: Mapping[str, Any], seed: int | None = None):
        self.command, self.configuration, self.seed = command, dict(configuration), seed
        self._inputs: dict[str, str] = {}
        self._citations: list[str] = []
        self._started = time.monotonic()
        self._date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")

    def add_inputs(self, paths: Iterable[Path], base: Path) -> None:
        for path in paths:
            name = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
            self._inputs[name] = sha256(path)

    def cite(self, *citations: str) -> None:
        self._citations += [c for c in citations if c and c not in self._citations]

    @property
    def inputs(self) -> dict[str, str]:
        """Name -> SHA-256 of every input."""
        return dict(self._inputs)

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides the numbers: command, configuration, seed, inputs and the version of oncotwin."""
        decides = [self.command, plain(self.configuration), self.seed, self._inputs, __version__]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    @staticmethod
    def path(folder: Path, command: str) -> Path:
        return folder / f"manifest-{command}.json"

    def write(self, folder: Path, state: str = "finished") -> Path:
        """Write the manifest; a run that may be resumed writes it first with ``state`` "started"."""
        return save_json(
            self.path(folder, self.command),
            {
                "notice": RESEARCH_USE_ONLY,
                "command": self.command,
                "state": state,
                "fingerprint": self.fingerprint,
                "started": self._date,
                "duration_s": round(time.monotonic() - self._started, 2),
                "seed": self.seed,
                "configuration": self.configuration,
                "inputs_sha256": self._inputs,
                "versions": versions(),
                "citations": self._citations,
            },
        )
