"""The reaction of every voxel and its transpose."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import njit

from solvers.compiled import compiled
from solvers.model import GrowthModel
from solvers.native.kernels import step_of

NUDGE = 1e-5
"""Half-width of the central differences: an error of 1e-10 in double precision, far below what a gradient needs."""

TRACE = 1e-7
"""Below this cell fraction a reaction is linear, and what it is worth in the numbers is nothing."""


@cache
def forward_of(model: type[GrowthModel], numbers: int) -> Any:
    """``forward(u, p, kill, dt, parts)``: u (species, size) after dt, in place; p (n, 1 or size), kill (size,)."""
    step, species = step_of(model), len(model.species)

    def forward(u, p, kill, dt, parts):
        scratch, own, out, at = np.zeros((6, species)), np.zeros(species), np.zeros(species), np.zeros(numbers)
        for i in range(u.shape[1]):
            for n in range(numbers):
                at[n] = p[n, min(i, p.shape[1] - 1)]
            for s in range(species):
                own[s] = u[s, i]
            step(own, at, kill[i], dt, parts, scratch, out)
            for s in range(species):
                u[s, i] = out[s]

    return compiled(forward, error_model="numpy")


@cache
def backward_of(model: type[GrowthModel], numbers: int) -> Any:
    """``backward(u, p, kill, dt, parts, slope, by_number, by_kill)``: the transpose of ``forward`` at the state u before it.

    ``slope`` (species, size) goes from the state after to the state before; what it is worth in p and in the kill
    rate is added to ``by_number`` (n, size) and ``by_kill`` (size,). The derivatives of the flow in one voxel are central
    differences of the model's own code, so every growth law has them.
    """
    step, species = step_of(model), len(model.species)
    bounds, pull = njit(_bounds), njit(_pull)

    def backward(u, p, kill, dt, parts, slope, by_number, by_kill):
        scratch, own, at = np.zeros((6, species)), np.zeros(species), np.zeros(numbers)
        up, down, new = np.zeros(species), np.zeros(species), np.zeros(species)
        for i in range(u.shape[1]):
            at[:] = p[:, min(i, p.shape[1] - 1)]
            own[:] = u[:, i]
            if species == 1 and own[0] < TRACE:
                own[0] = TRACE
                step(own, at, kill[i], dt, parts, scratch, up)
                slope[0, i] *= up[0] / TRACE
                continue
            for s in range(species):
                kept = own[s]
                low, high = bounds(kept)
                own[s] = high
                step(own, at, kill[i], dt, parts, scratch, up)
                own[s] = low
                step(own, at, kill[i], dt, parts, scratch, down)
                own[s] = kept
                new[s] = pull(slope, i, up, down) / (high - low)
            for n in range(numbers):
                kept = at[n]
                h = NUDGE * max(min(1.0, abs(kept)), 0.01)
                at[n] = kept + h
                step(own, at, kill[i], dt, parts, scratch, up)
                at[n] = kept - h
                step(own, at, kill[i], dt, parts, scratch, down)
                at[n] = kept
                by_number[n, i] += pull(slope, i, up, down) / (2 * h)
            step(own, at, kill[i] + NUDGE, dt, parts, scratch, up)
            step(own, at, kill[i] - NUDGE, dt, parts, scratch, down)
            by_kill[i] += pull(slope, i, up, down) / (2 * NUDGE)
            slope[:, i] = new

    return compiled(backward, error_model="numpy")


def _bounds(u):
    """A little less and a little more than u, within [0, 1] where u is."""
    if u <= 0.0:
        return 0.0, 1e-12
    if u < NUDGE:
        return 0.5 * u, 1.5 * u
    if u <= 1.0 < u + NUDGE:
        return min(u, 1.0 - 1e-7), 1.0
    return u - NUDGE, u + NUDGE


def _pull(slope, i, up, down):
    """The slopes after a step times the difference of two states after it."""
    total = 0.0
    for k in range(up.size):
        total += slope[k, i] * (up[k] - down[k])
    return total
