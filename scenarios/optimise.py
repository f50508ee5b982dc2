"""Search over dose, fractionation and timing: burden against toxicity, under organ limits, and how sure the front is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.pareto_search import Scored, Tried, search_front
from calibration.pool import Crew
from scenarios.arms import Arm, reference_of, refuse_rules
from scenarios.fingerprint import code_version, fingerprint
from scenarios.optimise_costs import Ahead, burdens, chosen_limits
from scenarios.optimise_json import Asked, Search, summary, table
from scenarios.optimise_knobs import DRUGS
from scenarios.optimise_study import save_study
from scenarios.pareto import non_dominated
from scenarios.prepare import prepare
from scenarios.simulated import Calibrated
from scenarios.trust import missed_scan
from solvers.engine import Accuracy
from solvers.simulate import Failure
from twin.errors import DataRefused
from twin.patient import Patient
from twin.progress import SILENT, Progress, stage
from twin.store import save_dataset, save_json

MOST_ON_FRONT = 12
"""Options of the front that are run on every draw; a longer front is thinned evenly along its radiation."""


def optimise(
    twin: Calibrated,
    out: Path,
    *,
    arm: Arm | None = None,
    search: Search = Search(),  # noqa: B008
    horizon_day: float | None = None,
    processes: int = 1,
    seed: int = 0,
    accuracy: Accuracy = "fast",
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Vary dose per fraction, number of fractions, delay and drug dose of ``arm`` (default: as scheduled), and find the
    treatments that no other beats on mean cell burden up to the horizon (median over the draws), radiation and drugs, within
    the limits. What is given after the horizon is charged, but cannot show.

    Writes ``optimise.json``, ``optimise.zarr`` and ``optimise-study.yaml`` (the front as a study) into ``out``, and keeps
    ``optimise.journal``, from which an interrupted search goes on. The options of the front are run on every draw: the
    interval of their burden, how often each is on the front, and whether it differs from ``arm`` by a meaningful margin.
    DataRefused where the twin misses the last scan that it saw.
    """
    base, comparison = _prepared(twin, arm, horizon_day, seed, accuracy)
    asked = Asked(base, search, comparison.setup, chosen_limits(twin.patient, search.limits), seed)
    name = fingerprint(twin.patient, twin.posterior["value"], base, search, comparison.setup, code_version())
    with stage(progress, "running to the decision day", 1):
        every = Ahead.of(twin, asked.setup, comparison.draws)
    _refuse_a_twin_that_misses(every, twin.patient)
    with Crew(processes) as crew:
        tried = _searched(every.first(search.draws), asked, twin.patient, crew, out / "optimise.journal", name, progress)
        front = _thinned(_front(tried))
        burden = _on_every_draw(every, front, crew, progress)
    found = summary(asked, twin.patient, tried, front, every, burden)
    save_dataset(out / "optimise.zarr", table(asked, tried, front, burden))
    save_study(out / "optimise-study.yaml", asked, front, every)
    save_json(out / "optimise.json", found)
    return found


def _prepared(twin: Calibrated, base: Arm | None, horizon_day: float | None, seed: int, accuracy: Accuracy) -> Any:
    """The arm that is varied, and a comparison of it alone."""
    if base is None:
        base = _default(prepare(twin, None, horizon_day, seed, accuracy).setup.arms)
    refuse_rules(base, "an optimisation")
    return base, prepare(twin, [base], horizon_day, seed, accuracy)


def _refuse_a_twin_that_misses(every: Ahead, patient: Patient) -> None:
    missed = missed_scan(np.array([now.volume_ml(patient.visibility.threshold) for now in every.now]), patient)
    if missed:
        raise DataRefused(
            missed,
            where="posterior.zarr",
            why="a front of such a twin would rank treatments all the same",
            remedy="calibrate with another model or a growth field (--field) until it meets the scan",
        )


def _searched(
    ahead: Ahead, asked: Asked, patient: Patient, crew: Crew, journal: Path, name: str, progress: Progress
) -> list[Tried]:
    bounds, over, varied = asked.bounds(patient), crew.over(ahead), asked.knobs
    drugs = any(k.name == DRUGS for k in varied)

    def evaluate(candidates: Sequence[Mapping[str, float]]) -> list[Scored | Failure]:
        found = burdens(ahead, over, candidates)
        return [bounds.score(ahead.plan(v), burden, drugs) for v, burden in zip(candidates, found, strict=True)]

    return search_front(
        varied,
        evaluate,
        journal,
        name,
        objectives=3 if drugs else 2,
        evaluations=asked.search.evaluations,
        sampler=asked.search.sampler,
        seed=asked.seed,
        progress=progress,
    )


def _on_every_draw(every: Ahead, front: Sequence[Tried], crew: Crew, progress: Progress) -> np.ndarray:
    """(option, draw) burdens of the arm as it is and of every option of the front."""
    over, rows = crew.over(every), []
    with stage(progress, "running the front on every draw", 1 + len(front)) as bar:
        for values in (None, *(t.values for t in front)):
            rows.append(burdens(every, over, [values])[0])
            bar.advance()
    return np.array(rows)


def _default(arms: Sequence[Arm]) -> Arm:
    """The reference arm, or the first that gives something."""
    named = {a.id: a for a in arms}
    wanted = named[reference_of(arms)]
    return wanted if wanted.plan_after.courses else next((a for a in arms if a.plan_after.courses), wanted)


def _front(tried: Sequence[Tried]) -> list[Tried]:
    """The candidates within all limits that no other beats, each treatment once, by radiation."""
    kept = {tuple(t.values.items()): t for t in tried if isinstance(t.score, Scored) and t.score.feasible}
    found = list(kept.values())
    if not found:
        return []
    on = non_dominated(np.array([_costs(t) for t in found]))
    return sorted((t for t, keep in zip(found, on, strict=True) if keep), key=lambda t: (_costs(t)[1], _costs(t)[0]))


def _costs(tried: Tried) -> tuple[float, ...]:
    assert isinstance(tried.score, Scored)
    return tried.score.costs


def _thinned(front: Sequence[Tried]) -> list[Tried]:
    count = min(MOST_ON_FRONT, len(front))
    return [front[round(i * (len(front) - 1) / max(count - 1, 1))] for i in range(count)]
