"""The command line: each command reads a file, calls one function that a notebook could call, writes one store.

Exit codes: 0 ok, 1 failed, 2 usage, 3 data refused, 4 partial result, 130 interrupted.
"""

from __future__ import annotations

import os


def main() -> None:
    """The entry point ``oncotwin``. Everything heavy is imported by the command that needs it."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("FIPY_SOLVERS", "scipy")
    from scenarios.cli.app import app

    app(prog_name="oncotwin")
