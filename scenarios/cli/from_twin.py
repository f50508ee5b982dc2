"""A step that starts from a calibrated twin and one arm, and leaves a JSON file: claimed, resumable, never repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scenarios.cli import options as o
from scenarios.cli.guard import resumable
from scenarios.cli.session import Session


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What decides the numbers of such a step, besides the calibrated twin; each command adds its own."""

    arm: str | None
    horizon_day: float | None
    accuracy: o.AccuracyName


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
        study: Path | None,
        wanted: Wanted,
        session: Session,
        compute: Callable[..., dict[str, Any]],
    ) -> dict[str, Any]:
        """What ``compute`` found, or found before with the same ``wanted``, seed and inputs.

        ``compute`` gets ``out``, the ``twin`` of ``results``, the ``arm`` (of ``study`` if given) and how to run it.
        """
        from scenarios.cli.claim import claim
        from scenarios.cli.sizes import no_images
        from twin.provenance import Manifest
        from twin.store import load_json, missing

        no_images(results, self.command)
        inputs = [results / name for name in ("posterior.zarr", "calibration.json")]
        for path in inputs:
            if not path.exists():
                raise missing(path)
        manifest = Manifest(self.command, asdict(wanted), session.seed)
        manifest.add_inputs([*inputs, *([study] if study else [])], results)
        if claim(manifest, out, self.outputs, self.intermediate, session.overwrite):
            session.voice.note(f"{out} holds this {self.command} already; --overwrite would repeat it.")
        else:
            with resumable(f"{self.kept} are kept in {out}"):
                found = compute(out=out, **_given(results, study, wanted, session))
                manifest.cite(*found.get("citations", ()))
            manifest.write(out)
        return load_json(out / self.outputs[0])


def _given(results: Path, study: Path | None, wanted: Wanted, session: Session) -> dict[str, Any]:
    from calibration.calibration import load_calibration
    from scenarios.cli.arm import named_arm
    from scenarios.cli.compiled import announce

    announce(session.voice)
    twin = load_calibration(results)
    return {
        "twin": twin,
        "arm": named_arm(twin, wanted.arm, study),
        "horizon_day": wanted.horizon_day,
        "accuracy": wanted.accuracy,
        "processes": session.processes,
        "seed": session.seed,
        "progress": session.voice.progress,
    }
