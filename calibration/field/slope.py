"""The slope of the objective: from each voxel of the predictions back to every parameter, by the engine's adjoint."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.comparison import BORDER_SHARE, Comparison
from calibration.field.basis import GrowthField, shapes
from calibration.objective import Objective
from calibration.observation import segmentation
from calibration.structure import growth_rate
from solvers.adjoint.gradient import Gradient, gradient
from twin.parameter import declared


def value_and_slope(objective: Objective, z: np.ndarray) -> tuple[float, np.ndarray]:
    """J(z) and dJ/dz of an objective on the full grid (``factor`` 1) whose structure has a growth field, in float64.

    J is smooth between the kinks of regions (:func:`calibration.observation.segmentation.visible_share`), at each of which
    one voxel's share reaches 0 or 1; there the slope is that of one side.
    """
    values = objective.space.values(z)
    problem = objective.problem(values, tuple(c.day for c in objective.comparisons))
    problem = replace(problem, initial=problem.model.distribute(_start(objective, values)))

    def cost(states: list[np.ndarray]) -> tuple[float, list[np.ndarray]]:
        pairs = [misfit(c, u) for c, u in zip(objective.comparisons, states, strict=True)]
        return sum(v for v, _ in pairs), [s for _, s in pairs]

    rate = growth_rate(objective.structure.model)
    found = gradient(problem, cost, (rate, *objective.space.names), objective.accuracy)
    prior = objective.space.precision
    value = found.value + 0.5 * float((prior * z) @ z)
    return value, _in_parameters(objective, found, z, rate) + prior * z


def misfit(comparison: Comparison, u: np.ndarray) -> tuple[float, np.ndarray]:
    """Half the weighted squares of one visit and their slope (z, y, x); the visit's scale error is at its best value."""
    predicted = u.reshape(-1)[comparison.index]
    parts, bias = comparison.unbiased(predicted)
    value = 0.5 * sum(w * float(r @ r) for w, r in zip(comparison.weights, parts, strict=False))
    if comparison.bias_spread > 0:
        value += 0.5 * (bias / comparison.bias_spread) ** 2
    slope = np.zeros(comparison.index.size)
    pairs = list(zip(comparison.weights, parts, strict=False))
    if comparison.fraction is not None:
        weight, residual = pairs.pop(0)
        share = -(1.0 + bias * comparison.bias_shape[1]) / (comparison.spread * comparison.size)
        slope += (weight * residual * share)[comparison.block] * comparison.counted
    for (weight, residual), (_, threshold) in zip(pairs, comparison.regions, strict=True):
        share = -1.0 / (BORDER_SHARE * comparison.size)
        opening = segmentation.share_slope(predicted, threshold, comparison.spacing_mm)
        slope += (weight * residual * share)[comparison.block] * opening
    out = np.zeros(u.size)
    out[comparison.index] = slope
    return value, out.reshape(u.shape)


def _in_parameters(objective: Objective, found: Gradient, z: np.ndarray, rate: str) -> np.ndarray:
    """The engine's slopes in the numbers, the rate's field and the first state, as slopes in z."""
    field = GrowthField.read(objective.structure.growth_field)
    basis, by_rate = shapes(field, objective.patient), np.asarray(found.numbers[rate])
    names, out = objective.space.names, np.zeros(len(z))
    coefficients = iter(field.spread_per_day * (basis.values @ by_rate.reshape(-1)[basis.index]))
    for k, name in enumerate(names):
        if name.startswith("field_"):
            out[k] = next(coefficients)
            continue
        low, high = (objective.space.values(_moved(z, k, h)) for h in (-1e-4, 1e-4))
        start = _start(objective, high) - _start(objective, low)
        out[k] = (_worth(objective, found, rate, low, high) + float((found.initial[0] * start).sum())) / 2e-4
    return out


def _worth(objective: Objective, found: Gradient, rate: str, low: dict[str, float], high: dict[str, float]) -> float:
    """What a change of the values is worth in the engine's numbers: those of the model as it acts on this grid, and of the
    effects."""
    structure, grid, total = objective.structure, objective.patient.grid, 0.0
    models = [structure.build_model(v, grid) for v in (high, low)]
    pairs = [models, *zip(structure.build_effects(high), structure.build_effects(low), strict=True)]
    for above, below in pairs:
        for p in declared(above):
            change = getattr(above, p.name) - getattr(below, p.name)
            if change:
                total += change * float(np.sum(found.numbers[p.name]))
    return total


def _moved(z: np.ndarray, k: int, by: float) -> np.ndarray:
    out = z.copy()
    out[k] += by
    return out


def _start(objective: Objective, values: dict[str, float]) -> np.ndarray:
    structure = objective.structure
    return objective.initial.state({**structure.defaults(), **structure.fixed, **values}, np.float64)


def restricted(comparison: Comparison, cubes: np.ndarray) -> Comparison:
    """The comparison over some of its cubes (bool, one each)."""
    voxels = cubes[comparison.block]
    number = np.cumsum(cubes) - 1
    return replace(
        comparison,
        index=comparison.index[voxels],
        block=number[comparison.block[voxels]],
        corner=comparison.corner[cubes],
        fraction=None if comparison.fraction is None else comparison.fraction[voxels],
        counted=comparison.counted[voxels],
        whole=None if comparison.whole is None else comparison.whole[voxels],
        core=None if comparison.core is None else comparison.core[voxels],
    )
