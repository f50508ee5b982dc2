"""``oncotwin verify``: what the solvers promise, measured."""

from __future__ import annotations

from pathlib import Path

from scenarios.cli import options as o
from scenarios.cli.voice import Voice


def verify(out: o.Out = Path("verification"), json: o.Json = False, quiet: o.Quiet = False, debug: o.Debug = False) -> None:
    """Measure orders of convergence, conservation and known limits of every engine; print and save the table."""
    from scenarios.cli.compiled import announce
    from solvers import verify as verification

    voice = Voice(json, quiet)
    announce(voice)
    verification.verify(out)
