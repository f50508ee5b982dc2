"""The reaction kernels: a model's flow (or its integrated rate) compiled into one loop over the active spans."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.core.caching import FunctionCache
from numba.np.unsafe.ndarray import to_fixed_tuple

from solvers.model import GrowthModel

UNDERFLOW = 1e-30
"""Values below this are set to zero after a reaction: denormal numbers slow the arithmetic a hundredfold."""


class _CacheByContent(FunctionCache):
    """Numba's file cache, keyed by the text of what was compiled in, since it cannot tell one closure from another."""

    def __init__(self, function: Callable, content: str):
        super().__init__(function)
        self._content = hashlib.sha256(content.encode()).hexdigest()

    def _index_key(self, sig, codegen):
        return (sig, codegen.magic_tuple(), self._content)


def compiled(function: Callable, content: str, **options) -> Any:
    """``function`` (a closure) compiled, and cached on disk under ``content``."""
    dispatcher = njit(nogil=True, error_model="numpy", **options)(function)
    dispatcher._cache = _CacheByContent(function, content)
    return dispatcher


@njit(error_model="numpy")
def flush(u, i):
    """Underflow to zero, exactly."""
    for s in range(u.shape[0]):
        if abs(u[s, i]) < UNDERFLOW:
            u[s, i] = 0


class ReactionKernels(NamedTuple):
    """Both work in place on u (species, size).

    ``uniform(u, p (n,), kill, dt, parts, scratch, begin, end)``; ``varying`` takes p (n, size) and kill (size,).
    """

    uniform: Any
    varying: Any


@cache
def kernels_of(model: type[GrowthModel], parameters: int) -> ReactionKernels:
    """The kernels of a model's class; ``parameters`` is the length of its ``rate_parameters``."""
    species = len(model.species)
    step = _flow_step(model) if model.flow is not None else _rate_step(model)
    content = f"{model.source()} {model.__qualname__} {parameters}"

    def uniform(u, numbers, kill, dt, parts, scratch, begin, end):
        p = to_fixed_tuple(numbers, parameters)
        for row in range(begin.size):
            for i in range(begin[row], end[row]):
                step(to_fixed_tuple(u[:, i], species), p, kill, dt, parts, scratch, u[:, i])
                flush(u, i)

    def varying(u, fields, kill, dt, parts, scratch, begin, end):
        for row in range(begin.size):
            for i in range(begin[row], end[row]):
                p = to_fixed_tuple(fields[:, i], parameters)
                step(to_fixed_tuple(u[:, i], species), p, kill[i], dt, parts, scratch, u[:, i])
                flush(u, i)

    return ReactionKernels(compiled(uniform, content), compiled(varying, content))


def _flow_step(model: type[GrowthModel]) -> Any:
    flow = njit(error_model="numpy")(model.flow)

    @njit(error_model="numpy")
    def step(u, p, kill, dt, parts, scratch, out):
        flow(u, p, kill, dt, out)

    return step


def _rate_step(model: type[GrowthModel]) -> Any:
    """Classical Runge-Kutta of order 4 on exp(kill t) u (Lawson), so that the kill is exact however strong it is."""
    rate = njit(error_model="numpy")(model.rate)
    species = len(model.species)
    killed = tuple(1.0 if s in model.tumour_species else 0.0 for s in range(species))

    @njit(error_model="numpy")
    def step(u, p, kill, dt, parts, scratch, out):
        h = dt / parts
        v, w, k1, k2, k3, k4 = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4], scratch[5]
        survival = math.exp(-0.5 * h * kill)
        for s in range(species):
            v[s] = u[s]
        for _ in range(parts):
            rate(v, p, k1)
            for s in range(species):
                e = 1.0 + killed[s] * (survival - 1.0)
                w[s] = e * (v[s] + 0.5 * h * k1[s])
            rate(w, p, k2)
            for s in range(species):
                e = 1.0 + killed[s] * (survival - 1.0)
                w[s] = e * v[s] + 0.5 * h * k2[s]
            rate(w, p, k3)
            for s in range(species):
                e = 1.0 + killed[s] * (survival - 1.0)
                w[s] = e * (e * v[s] + h * k3[s])
            rate(w, p, k4)
            for s in range(species):
                e = 1.0 + killed[s] * (survival - 1.0)
                v[s] = e * e * v[s] + h / 6.0 * (e * (e * k1[s] + 2.0 * (k2[s] + k3[s])) + k4[s])
        for s in range(species):
            out[s] = v[s]

    return step


def scratch(species: int) -> np.ndarray:
    """Room for the stages of one voxel."""
    return np.zeros((6, species))
