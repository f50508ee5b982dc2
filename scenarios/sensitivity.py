"""Global sensitivity: how much of an endpoint's spread each parameter explains (Sobol indices, SALib)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from calibration.pool import Crew
from scenarios.arms import Arm
from scenarios.differences import at_horizon
from scenarios.endpoint import endpoints
from scenarios.fingerprint import code_version, fingerprint
from scenarios.sensitivity_factors import Factors, factors
from scenarios.sensitivity_runs import Kept, Runner, as_courses, run
from scenarios.simulated import Calibrated
from solvers.engine import Accuracy
from twin import RESEARCH_USE_ONLY
from twin.errors import OncotwinError, UsageError
from twin.progress import SILENT, Progress, stage
from twin.registry import unknown
from twin.store import save_json

NAMES = ("visible-volume", "burden", "minimal-burden", "time-to-progression")
CITATIONS = (
    "Sobol IM. Math Comput Simul 2001;55:271-280",
    "Saltelli A, et al. Comput Phys Commun 2010;181:259-270",
    "Herman J, Usher W. J Open Source Softw 2017;2(9):97 (SALib)",
)
CONFIDENCE = 0.95
BATCH = 16
"""Runs between two writes of the store."""


def sensitivity(
    twin: Calibrated,
    out: Path,
    *,
    arm: Arm | None = None,
    names: Sequence[str] = NAMES,
    samples: int = 64,
    over: Literal["posterior", "prior"] = "posterior",
    horizon_day: float | None = None,
    processes: int = 1,
    seed: int = 0,
    accuracy: Accuracy = "fast",
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """First-order and total Sobol indices of the endpoints at the horizon under ``arm`` (default: as scheduled).

    S_i = V[E[y | x_i]] / V[y], ST_i = E[V[y | x_not i]] / V[y], by Saltelli's scheme with ``samples`` (a power of two) times
    (factors + 2) runs. Each parameter varies over its own posterior (or prior) distribution, independently of the others;
    the coefficients of a growth field are one factor, whose values are its draws.
    With every index its 95 % confidence half-width (bootstrap). Writes ``sensitivity.json``; finished runs are kept in
    ``sensitivity.jsonl``, from which an interrupted analysis goes on. Samples with a failed run are left out.
    """
    _check(names, samples)
    runner = Runner.of(twin, arm, tuple(names), horizon_day, seed, accuracy)
    varied = factors(twin, runner.effects, over)
    points = varied.values(_sample(len(varied.names), samples, seed))
    name = fingerprint(
        twin.patient,
        runner.arm,
        runner.setup,
        over,
        seed,
        [f"{n}={v:.17g}" for p in points for n, v in p.items()],
        code_version(),
    )
    kept = Kept(out / "sensitivity.jsonl", name)
    _run_all(runner, points, kept, processes, progress)
    found = _summary(runner, varied, kept.all(len(points)), samples, names, over, seed)
    save_json(out / "sensitivity.json", found)
    return found


def sobol(values: np.ndarray, count: int, seed: int) -> list[dict[str, float | None]]:
    """Indices of ``values`` (sample x (count + 2) runs, in Saltelli's order), each with its confidence half-width.

    A whole sample is left out where one of its runs is not finite. None where nothing is left or nothing varies.
    """
    from SALib.analyze import sobol as analyze

    groups = values.reshape(-1, count + 2)
    groups = groups[np.isfinite(groups).all(axis=1)]
    spread = float(groups.std()) if len(groups) else 0.0
    if len(groups) < 4 or spread <= 1e-9 * max(1.0, float(np.abs(groups).max())):
        return [dict.fromkeys(("first", "first_confidence", "total", "total_confidence")) for _ in range(count)]
    problem = {"num_vars": count, "names": [str(i) for i in range(count)], "bounds": [[0.0, 1.0]] * count}
    with np.errstate(invalid="ignore", divide="ignore"):
        found = analyze.analyze(
            problem, groups.ravel(), calc_second_order=False, conf_level=CONFIDENCE, seed=seed + 1
        )  # 0 is none to SALib
    keys = {"first": "S1", "first_confidence": "S1_conf", "total": "ST", "total_confidence": "ST_conf"}
    return [{key: float(found[short][i]) for key, short in keys.items()} for i in range(count)]


def _sample(count: int, samples: int, seed: int) -> np.ndarray:
    """(run, parameter) in [0, 1): Saltelli's design from a scrambled Sobol sequence."""
    from SALib.sample import sobol as sample

    problem = {"num_vars": count, "names": [str(i) for i in range(count)], "bounds": [[0.0, 1.0]] * count}
    return sample.sample(problem, samples, calc_second_order=False, seed=seed + 1)


def _check(names: Sequence[str], samples: int) -> None:
    known = [name for name, e in endpoints if name != "days-gained" and not getattr(e, "by_organ", False)]
    known = [name for name in known if name != "organ-arrival"]
    for name in names:
        if name not in known:
            raise UsageError(unknown("endpoint", name, known), remedy=f"known here: {', '.join(known)}")
    if samples < 4 or samples & (samples - 1):
        raise UsageError(
            f"{samples} samples are no power of two.",
            why="the Sobol sequence is balanced only then",
            remedy="give 16, 32, 64 ...",
        )


def _run_all(runner: Runner, points: Sequence[Mapping[str, float]], kept: Kept, processes: int, progress: Progress) -> None:
    missing = [i for i in range(len(points)) if i not in kept]
    with Crew(processes) as crew, stage(progress, "running the samples", len(points)) as bar:
        bar.advance(len(points) - len(missing))
        over = crew.over(runner)
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            for i, course in zip(batch, over(run, [points[i] for i in batch]), strict=True):
                kept.add(i, course)
                bar.advance()


def _summary(
    runner: Runner, varied: Factors, courses: list, samples: int, names: Sequence[str], over: str, seed: int
) -> dict[str, Any]:
    data = as_courses(runner, courses)
    failed = sum(course is None for course in courses)
    if failed == len(courses):
        raise OncotwinError("Every run failed.", remedy="run `oncotwin scenarios` to see the solver's message")
    return {
        "notice": RESEARCH_USE_ONLY,
        "arm": runner.arm.id,
        "words": runner.arm.words,
        "horizon_day": runner.setup.timeline.horizon_day,
        "over": over,
        "samples": samples,
        "runs": len(courses),
        "failed": failed,
        "confidence_percent": 100 * CONFIDENCE,
        "parameters": varied.told,
        "endpoints": [_endpoint(name, data, varied, seed) for name in names if endpoints[name].variable in data],
        "note": varied.note,
        "citations": list(CITATIONS),
    }


def _endpoint(name: str, data: xr.Dataset, varied: Factors, seed: int) -> dict[str, Any]:
    e = endpoints[name]
    values = at_horizon(data, e).values[0]
    indices = sobol(values, len(varied.names), seed)
    finite = values[np.isfinite(values)]
    rows = [{"parameter": p, **index} for p, index in zip(varied.names, indices, strict=True)]
    return {
        "endpoint": name,
        "label": e.label,
        "unit": e.unit,
        "mean": float(finite.mean()) if finite.size else None,
        "spread": float(finite.std()) if finite.size else None,
        "indices": rows,
        "sentence": _sentence(e.label, rows),
    }


def _sentence(label: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The parameter that matters most, only where its confidence interval lies above every other's."""
    known = sorted((r for r in rows if r["total"] is not None), key=lambda r: -r["total"])
    if not known:
        return f"The {label} does not vary, or too few samples finished: no index."
    first, rest = known[0], known[1:]
    shown = f"{first['total']:.2f} ± {first['total_confidence']:.2f}"
    if all(first["total"] - first["total_confidence"] > r["total"] + r["total_confidence"] for r in rest):
        return f"The {label} depends most on {first['parameter']} (total index {shown})."
    return f"The {label}: no parameter stands out beyond the confidence of the indices; take more samples."
