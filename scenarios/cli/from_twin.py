"""A step that starts from a calibrated twin and leaves one JSON file: claimed, resumable, never repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.cli.guard import resumable
from scenarios.cli.session import Session


@dataclass(frozen=True)
class Step:
    """A command that writes ``outputs`` (the JSON file first); ``intermediate`` files hold what is ``kept`` meanwhile."""

    command: str
    outputs: tuple[str, ...]
    intermediate: tuple[str, ...]
    kept: str

    def run(
        self,
        results: Path,
        out: Path,
        files: Sequence[Path],
        wanted: Mapping[str, Any],
        session: Session,
        compute: Callable[[], dict[str, Any]],
    ) -> dict[str, Any]:
        """What ``compute`` found, or found before with the same ``wanted``, seed and inputs (``files`` besides the twin)."""
        from scenarios.cli.claim import claim
        from twin.provenance import Manifest
        from twin.store import load_json, missing

        inputs = [results / name for name in ("posterior.zarr", "calibration.json")]
        for path in inputs:
            if not path.exists():
                raise missing(path)
        manifest = Manifest(self.command, wanted, session.seed)
        manifest.add_inputs([*inputs, *files], results)
        if claim(manifest, out, self.outputs, self.intermediate, session.overwrite):
            session.voice.note(f"{out} holds this {self.command} already; --overwrite would repeat it.")
        else:
            with resumable(f"{self.kept} are kept in {out}"):
                manifest.cite(*compute().get("citations", ()))
            manifest.write(out)
        return load_json(out / self.outputs[0])
