"""Compiled kernels of a growth model's class."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from solvers.compiled import compiled
from solvers.model import GrowthModel
from solvers.native.arithmetic import vectorised
from solvers.native.column import column, taker
from solvers.native.region import write_contours

UNDERFLOW = 1e-30
"""Values below this are set to zero after a reaction: denormal numbers slow the arithmetic a hundredfold."""


class Kernels(NamedTuple):
    """Compiled for one class of models; u is (species, size), changed in place on the spans.

    ``uniform(u, p, phases, tolerance, contours, pitch, lo, hi, begin, end)`` first brings rounding residues within
    ``tolerance`` of the bounds back to them and returns False if a value lay farther outside. Then every phase, a row
    (dt, kill rate, survival, substeps), is a reaction over dt with that kill, and a jump. Last, the hull of what is above
    each of ``contours`` is written to ``lo`` and ``hi`` (contours, rows). p is (n, 1). ``mapped`` also takes, after
    ``phases``, ``rates`` (phases, maps) and ``maps`` (maps, size) of further kill rates; in ``varying`` p is (n, size).
    ``mobility(u, p, out, begin, end)`` is None where the model has none.
    """

    uniform: Any
    mapped: Any
    varying: Any
    mobility: Any


@cache
def kernels_of(model: type[GrowthModel], parameters: int) -> Kernels:
    """The kernels of a model's class; ``parameters`` is the length of its ``rate_parameters``."""
    step = step_of(model)
    loops = list(_loops(len(model.species), parameters, step, _bounded(model), _jump(model)))
    loops += [] if model.mobility is None else [_mobility(model, parameters)]
    ready = [compiled(loop, error_model="numpy") for loop in loops]
    return Kernels(ready[0], ready[1], ready[2], ready[3] if model.mobility is not None else None)


def _loops(species: int, parameters: int, step: Any, bounded: Any, jump: Any) -> tuple[Callable, Callable, Callable]:
    """Unsigned indices: a signed one might count from the end, and the test for that would keep the loop from vectors."""
    taken, numbers_at = taker(species), taker(parameters)

    def uniform(u, numbers, phases, tolerance, contours, pitch, lo, hi, begin, end):
        p = numbers_at(numbers, 0)
        scratch = np.zeros((6, species))
        fine = True
        for row in range(begin.size):
            first, last = np.uint64(begin[row]), np.uint64(end[row])
            fine &= bounded(u, first, last, tolerance)
            for k in range(len(phases)):
                dt, kill, parts = phases[k, 0], phases[k, 1], int(phases[k, 3])
                for i in range(first, last):
                    step(taken(u, i), p, kill, dt, parts, scratch, column(u, i))
                jump(u, first, last, phases[k, 2])
            write_contours(u, begin[row], end[row], pitch, contours, lo, hi)
        return fine

    def with_kills(number_of):
        def varying(u, numbers, phases, rates, maps, tolerance, contours, pitch, lo, hi, begin, end):
            scratch = np.zeros((6, species))
            kills = np.zeros(pitch, u.dtype)
            fine = True
            for row in range(begin.size):
                first, last = np.uint64(begin[row]), np.uint64(end[row])
                fine &= bounded(u, first, last, tolerance)
                for k in range(len(phases)):
                    dt, parts = phases[k, 0], int(phases[k, 3])
                    _mixed(kills, phases[k, 1], rates[k], maps, first, last)
                    for i in range(first, last):
                        p = numbers_at(numbers, number_of(i))
                        step(taken(u, i), p, kills[i - first], dt, parts, scratch, column(u, i))
                    jump(u, first, last, phases[k, 2])
                write_contours(u, begin[row], end[row], pitch, contours, lo, hi)
            return fine

        return varying

    return uniform, with_kills(_none), with_kills(_same)


@njit
def _none(i):
    return np.uint64(0)


@njit
def _same(i):
    return i


@njit(error_model="numpy")
def _mixed(kills, kill, rates, maps, first, last):
    """The kill rate and every map's."""
    kills[:] = kill
    for m in range(len(maps)):
        for i in range(first, last):
            kills[i - first] += rates[m] * maps[m, i]


def _jump(model: type[GrowthModel]) -> Any:
    tumour = model.tumour_species

    @njit(error_model="numpy")
    def jump(u, first, last, survival):
        if survival != 1:
            for s in tumour:
                for i in range(first, last):
                    u[s, i] *= survival

    return jump


def _bounded(model: type[GrowthModel]) -> Any:
    """Rounding residues back to the bounds, underflow to zero; False if a value lay farther outside."""
    species = len(model.species)
    tumour = tuple(s in model.tumour_species for s in range(species))

    @njit(error_model="numpy", fastmath={"nnan", "nsz"})
    def bounded(u, first, last, tolerance):
        real = u.dtype.type
        zero, one, small = real(0), real(1), real(UNDERFLOW)
        fine = True
        for s in range(species):
            lowest, highest = zero, zero
            top = one if tumour[s] else real(np.inf)
            for i in range(first, last):
                x = u[s, i]
                lowest, highest = min(x, lowest), max(x, highest)
                x = zero if x < small else x
                u[s, i] = min(x, top)
            fine &= (lowest >= -tolerance) & (highest <= top + tolerance)
        return fine

    return bounded


def _mobility(model: type[GrowthModel], parameters: int) -> Callable:
    factor = njit(error_model="numpy")(model.mobility)
    taken, numbers_at = taker(len(model.species)), taker(parameters)

    def mobility(u, fields, out, begin, end):
        for row in range(begin.size):
            for i in range(begin[row], end[row]):
                factor(taken(u, i), numbers_at(fields, min(i, fields.shape[1] - 1)), column(out, i))

    return mobility


def step_of(model: type[GrowthModel]) -> Any:
    """``step(u, p, kill, dt, parts, scratch, out)``: the reaction of one voxel, for compiled code."""
    return _flow_step(model) if model.flow is not None else _rate_step(model)


def _flow_step(model: type[GrowthModel]) -> Any:
    flow = njit(error_model="numpy")(vectorised(model.flow))

    @njit(error_model="numpy")
    def step(u, p, kill, dt, parts, scratch, out):
        flow(u, p, kill, dt, out)

    return step


def _rate_step(model: type[GrowthModel]) -> Any:
    """Classical Runge-Kutta of order 4 on exp(kill t) u (Lawson), so that the kill is exact however strong it is."""
    rate = njit(error_model="numpy")(model.rate)
    species, capped = len(model.species), model.capped
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
                if capped and killed[s] > 0:
                    v[s] = min(v[s], 1.0)
        for s in range(species):
            out[s] = v[s]

    return step
