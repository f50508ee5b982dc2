"""Fitting a growth field: the optimum by the adjoint's gradient, the correlation length by blocks held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.comparison import comparisons
from calibration.discrepancy import discrepancies
from calibration.field.basis import GrowthField
from calibration.field.slope import restricted, value_and_slope
from calibration.objective import Objective
from calibration.scores import ccc
from calibration.structure import Structure
from twin.patient import Patient
from twin.progress import SILENT, Progress, stage

CUBE_MM = 3.0
"""Edge of the cubes compared: a field is fitted to detail that a global rate is not."""

HELD_OUT_MM = 10.0
ROUNDS = 60


@dataclass(frozen=True)
class FieldFit:
    """The objective, the optimum (standard units), its value and the number of gradients."""

    objective: Objective
    z: np.ndarray
    value: float
    gradients: int


def objective_of(near: Patient, structure: Structure, engine: str = "native", accuracy="fast") -> Objective:
    """The objective of a structure with a growth field, over small cubes."""
    return replace(Objective.of(near, structure, 1, engine, accuracy), comparisons=comparisons(near, CUBE_MM))


def minimise(objective: Objective, start: np.ndarray, rounds: int | None = None) -> FieldFit:
    """The optimum from ``start`` by L-BFGS within the bounds (Byrd 1995, SIAM J Sci Comput 16:1190)."""
    from scipy.optimize import minimize

    low, high = objective.space.bounds()
    found = minimize(
        lambda z: value_and_slope(objective, z),
        np.clip(start, low, high),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(low, high, strict=True)),
        options={"maxiter": rounds or ROUNDS, "ftol": 1e-6},
    )
    return FieldFit(objective, found.x, float(found.fun), int(found.nfev))


def weighed(objective: Objective, z: np.ndarray) -> Objective:
    """The objective with each visit weighed by the misfit that ``z`` leaves, at temperature 1: what errs as a whole
    is the field's to describe."""
    found = discrepancies(
        objective.weighed(tuple((1.0, 1.0, 1.0) for _ in objective.comparisons)), objective.space.values(z)
    )
    return objective.weighed(tuple(replace(d, temperature=1.0).weights for d in found))


def fit_field(objective: Objective, start: np.ndarray) -> FieldFit:
    """Weigh by what the start leaves, fit, weigh by what that leaves, fit again."""
    first = minimise(weighed(objective, start), start)
    second = minimise(weighed(objective, first.z), first.z)
    return replace(second, gradients=first.gradients + second.gradients)


@dataclass(frozen=True)
class HeldOut:
    """Blocks left out of the last scan, predicted by a fit to the rest: the voxels' cell fractions."""

    observed: np.ndarray
    predicted: np.ndarray
    changed: np.ndarray

    @property
    def error(self) -> float:
        """Root mean square over the voxels in which either scan shows tumour."""
        d = (self.observed - self.predicted)[self.changed]
        return float(np.sqrt(np.mean(d**2)))

    @property
    def ccc(self) -> float:
        """Concordance over the same voxels."""
        return ccc(self.predicted, self.observed, self.changed)


def folds(objective: Objective, count: int, seed: int) -> list[np.ndarray]:
    """Cubes of the last visit left out together, bool each: blocks of ``HELD_OUT_MM`` dealt into ``count`` sets."""
    last, spacing = objective.comparisons[-1], objective.coarse.grid.spacing_mm
    cube = np.array([max(1, round(CUBE_MM / h)) * h for h in spacing])
    block = np.unique(np.floor(last.corner * cube / HELD_OUT_MM), axis=0, return_inverse=True)[1].reshape(-1)
    dealt = np.random.default_rng((seed, 5)).permutation(block.max() + 1) % count
    return [dealt[block] == k for k in range(count)]


def held_out(objective: Objective, start: np.ndarray, out: Sequence[np.ndarray], fit=fit_field) -> HeldOut:
    """Each set of cubes predicted by ``fit(objective without it, start)``."""
    last = objective.comparisons[-1]
    assert last.fraction is not None
    observed, predicted = np.array(last.fraction), np.zeros(last.index.size)
    for cubes in out:
        rest = replace(objective, comparisons=(*objective.comparisons[:-1], restricted(last, ~cubes)))
        z = fit(rest, start).z
        voxels = cubes[last.block]
        predicted[voxels] = objective.predictions(objective.space.values(z))[-1].reshape(-1)[last.index[voxels]]
    first = objective.initial.mask.reshape(-1)[last.index]
    return HeldOut(observed, predicted, first | (observed > 0))


def choose(
    near: Patient,
    structure: Structure,
    kind: str,
    start: dict[str, float],
    tries: int,
    seed: int,
    progress: Progress = SILENT,
) -> tuple[GrowthField, float]:
    """Correlation length and spread with the least error on blocks held out, by Optuna (TPE); that error.

    The error of the best is a little too good, as the best was chosen by it.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(3, tries // 3)))
    base = GrowthField(kind)
    study.enqueue_trial({"length_mm": base.length_mm, "spread_per_day": base.spread_per_day})

    def made(parameters: dict[str, float]) -> GrowthField:
        return GrowthField(
            kind, round(parameters.get("length_mm", base.length_mm), 2), round(parameters["spread_per_day"], 4)
        )

    def error(trial) -> float:
        if kind == "gp":
            trial.suggest_float("length_mm", 6.0, 40.0, log=True)
        trial.suggest_float("spread_per_day", 0.01, 0.2, log=True)
        objective = objective_of(near, replace(structure, growth_field=made(trial.params).text))
        z = objective.space.standard({p.name: start.get(p.name, p.default) for p in objective.space.parameters})
        found = held_out(objective, z, folds(objective, 3, seed), quick).error
        bar.advance(note=f"error held out {found:.3f}")
        return found

    with stage(progress, "choosing the field's length", tries) as bar:
        study.optimize(error, n_trials=tries)
    return made(study.best_params), float(study.best_value)


def quick(objective: Objective, start: np.ndarray) -> FieldFit:
    """One weighing and fewer rounds, for comparing fields."""
    return minimise(weighed(objective, start), start, 20)
