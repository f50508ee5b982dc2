"""The reaction of every voxel and its transpose."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from solvers.compiled import compiled
from solvers.model import GrowthModel
from solvers.native.kernels import step_of

NUDGE = 1e-5
"""Half-width of the central differences: an error of 1e-10 in double precision, far below what a gradient needs."""


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

    def backward(u, p, kill, dt, parts, slope, by_number, by_kill):
        scratch, own, at = np.zeros((6, species)), np.zeros(species), np.zeros(numbers)
        up, down, new = np.zeros(species), np.zeros(species), np.zeros(species)
        for i in range(u.shape[1]):
            for n in range(numbers):
                at[n] = p[n, min(i, p.shape[1] - 1)]
            for s in range(species):
                own[s] = u[s, i]
            for s in range(species):
                h = NUDGE
                low, high = own[s] - h, own[s] + h
                if own[s] < h:
                    low, high = 0.5 * own[s], 1.5 * own[s]
                if high <= low:
                    low, high = 0.0, 1e-12
                if high > 1.0 and own[s] <= 1.0:
                    low, high = min(own[s], 1.0 - 1e-7), 1.0
                kept = own[s]
                own[s] = high
                step(own, at, kill[i], dt, parts, scratch, up)
                own[s] = low
                step(own, at, kill[i], dt, parts, scratch, down)
                own[s] = kept
                new[s] = 0.0
                for k in range(species):
                    new[s] += slope[k, i] * (up[k] - down[k]) / (high - low)
            for n in range(numbers + 1):
                change = 0.0
                if n < numbers:
                    kept = at[n]
                    h = NUDGE * max(min(1.0, abs(kept)), 0.01)
                    at[n] = kept + h
                    step(own, at, kill[i], dt, parts, scratch, up)
                    at[n] = kept - h
                    step(own, at, kill[i], dt, parts, scratch, down)
                    at[n] = kept
                else:
                    h = NUDGE
                    step(own, at, kill[i] + h, dt, parts, scratch, up)
                    step(own, at, kill[i] - h, dt, parts, scratch, down)
                for k in range(species):
                    change += slope[k, i] * (up[k] - down[k]) / (2 * h)
                if n < numbers:
                    by_number[n, i] += change
                else:
                    by_kill[i] += change
            for s in range(species):
                slope[s, i] = new[s]

    return compiled(backward, error_model="numpy")
