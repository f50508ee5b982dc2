"""How a step is run, as opposed to what it computes."""

from __future__ import annotations

from dataclasses import dataclass

from scenarios.cli.voice import Voice


@dataclass(frozen=True)
class Session:
    """Voice, seed, processes, dask scheduler, and whether the results of another run may be replaced."""

    voice: Voice
    seed: int = 0
    processes: int = 1
    overwrite: bool = False
    scheduler: str | None = None
