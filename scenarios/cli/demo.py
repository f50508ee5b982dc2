"""``oncotwin demo``: the whole way on a virtual glioblastoma patient, without a download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import options as o
from scenarios.cli import run as steps
from scenarios.cli.calibrate import Search
from scenarios.cli.scenarios import Comparison
from scenarios.cli.session import Session, in_session

Spacing = Annotated[int, typer.Option("--spacing", min=1, max=4, metavar="MM", help="Voxel size of the virtual patient.")]


@in_session(seed=2026)
def demo(
    out: o.Out = Path("demo"),
    spacing: Spacing = 2,
    evaluations: o.Evaluations = Search.evaluations,
    draws: o.Draws = Search.draws,
    coarsen: o.Coarsen = 1,
    *,
    session: Session,
) -> None:
    """A virtual glioblastoma patient in real anatomy: scans, calibration, therapy options, report. No download."""
    case = patient_folder(out, spacing, session)
    steps.everything(case, out, Search(evaluations=evaluations, draws=draws, coarsen=coarsen), None, Comparison(), session)


def patient_folder(out: Path, spacing: int, session: Session) -> Path:
    """Write the virtual patient as a folder that a person could have written; its case file."""
    from scenarios.cli.claim import claim
    from twin.provenance import Manifest

    folder = out / "patient"
    manifest = Manifest("demo", {"spacing_mm": spacing}, session.seed)
    if not claim(manifest, out, ("patient/case.yaml",), overwrite=session.overwrite):
        steps.timed("virtual patient", {}, session.voice, lambda: _make(folder, spacing, session))
        manifest.write(out)
    return folder


def _make(folder: Path, spacing: int, session: Session) -> None:
    from calibration.virtual.embedded import embedded_patient
    from scenarios.cli.compiled import announce
    from scenarios.cli.guard import resumable
    from twin.case import write_case

    announce(session.voice)
    with resumable("nothing was computed yet"):
        virtual = embedded_patient(seed=session.seed, spacing_mm=spacing, progress=session.voice.progress)
        write_case(virtual.patient, folder)
