"""How a step is run, as opposed to what it computes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from scenarios.cli import options as o
from scenarios.cli.voice import Voice


@dataclass(frozen=True)
class Session:
    """Voice, seed, processes, dask scheduler, and whether the results of another run may be replaced."""

    voice: Voice
    seed: int = 0
    processes: int = 1
    overwrite: bool = False
    scheduler: str | None = None


OPTIONS: dict[str, Any] = {
    "scheduler": o.Scheduler,
    "processes": o.Processes,
    "seed": o.Seed,
    "overwrite": o.Overwrite,
    "json": o.Json,
    "quiet": o.Quiet,
    "debug": o.Debug,
}
DEFAULTS: dict[str, Any] = {"scheduler": None, "processes": 2, "seed": 0}


def in_session(
    *, without: tuple[str, ...] = ("scheduler",), twin: str = "", **defaults: int
) -> Callable[..., Callable[..., None]]:
    """Gives a command the options of a session after its own; it receives them as its argument ``session``.

    ``without`` names those that it has no use for, ``defaults`` other defaults of ``processes`` and ``seed``. ``twin``
    names the argument that is the folder of a calibrated twin: its seed is then the default.
    """
    known = {**dict.fromkeys(OPTIONS, False), **DEFAULTS, **defaults} | ({"seed": None} if twin else {})
    kinds_of = OPTIONS | ({"seed": o.TwinSeed} if twin else {})
    offered = {name: kind for name, kind in kinds_of.items() if name not in without}

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**given: Any) -> None:
            own = {name: value for name, value in given.items() if name not in OPTIONS}
            asked = {name: given.get(name, known[name]) for name in OPTIONS}
            if asked["seed"] is None:
                asked["seed"] = _seed_of(own[twin])
            voice = Voice(asked["json"], asked["quiet"])
            command(**own, session=Session(voice, *(asked[n] for n in ("seed", "processes", "overwrite", "scheduler"))))

        kinds = {n: kind for n, kind in get_type_hints(command, include_extras=True).items() if n != "session"} | offered
        signature = inspect.signature(command)
        mine = [p.replace(annotation=kinds[p.name]) for p in signature.parameters.values() if p.name != "session"]
        extra = [inspect.Parameter(n, KEYWORD, default=known[n], annotation=kind) for n, kind in offered.items()]
        run.__signature__ = inspect.Signature([*mine, *extra])  # type: ignore[attr-defined]
        run.__annotations__ = kinds
        return run

    return wrap


def _seed_of(folder: Path) -> int:
    """The seed with which the twin in ``folder`` was calibrated; 0, as in Python, where no command did that."""
    from twin.provenance import Manifest
    from twin.store import load_json

    path = Manifest.path(folder, "calibrate")
    return int(load_json(path)["seed"]) if path.exists() else DEFAULTS["seed"]


KEYWORD = inspect.Parameter.KEYWORD_ONLY
