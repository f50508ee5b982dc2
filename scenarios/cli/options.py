"""Options that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

AccuracyName = Literal["fast", "standard", "reference"]
"""The names of :data:`solvers.engine.Accuracy`, without importing a solver."""

PosteriorName = Literal["laplace", "sampler"]
"""The names of :data:`calibration.calibrate.POSTERIORS`, without importing a solver."""


Case = Annotated[Path, typer.Argument(metavar="CASE", help="A case.yaml, or the patient folder that holds it.")]
Results = Annotated[Path, typer.Argument(metavar="RESULTS", help="The folder that the step before wrote.")]
Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FOLDER", help="The results folder; an interrupted one is resumed.")
]
Elsewhere = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Write to another folder instead of RESULTS itself.")
]
Keep = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FOLDER", help="Also keep the answer as JSON in a folder, with a manifest."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; messages stay on stderr.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages, only the result.")]
Debug = Annotated[bool, typer.Option("--debug", help="On an error, show the traceback.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same numbers.")]
TwinSeed = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="The same seed gives the same numbers; default: the seed of the calibration."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace what another case or configuration left in the folder.")
]
Model = Annotated[str, typer.Option("--model", help="The growth model; `oncotwin list models`.")]
Effect = Annotated[
    list[str] | None,
    typer.Option("--effect", metavar="NAME", help="A therapy effect; may be repeated. Default: radiotherapy, chemotherapy."),
]
Engine = Annotated[str, typer.Option("--engine", help="The numerical method; `oncotwin list engines`.")]
Accuracy = Annotated[AccuracyName, typer.Option("--accuracy", help="The accuracy of the time steps.")]
Evaluations = Annotated[int, typer.Option("--evaluations", min=1, help="Model runs that the search may use.")]
Draws = Annotated[int, typer.Option("--draws", min=2, help="Draws of the posterior ensemble.")]
Sampler = Annotated[str, typer.Option("--sampler", help="How the search proposes parameters: tpe, cma-es, qmc, random, gp.")]
Processes = Annotated[int, typer.Option("--processes", "-j", min=1, help="Processes to compute with.")]
Posterior = Annotated[
    PosteriorName,
    typer.Option("--posterior", help="laplace: quick, from slopes at the best fit; sampler: draws on the exact objective."),
]
Coarsen = Annotated[int, typer.Option("--coarsen", min=1, help="Calibrate on blocks of this many voxels along each axis.")]
Study = Annotated[
    Path | None, typer.Option("--study", metavar="YAML", help="A file of arms; without it, the standard six are compared.")
]
Horizon = Annotated[
    float | None, typer.Option("--horizon", metavar="DAY", help="Forecast up to this day since the baseline scan.")
]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A dask scheduler; without it, this machine's cores.")
]
