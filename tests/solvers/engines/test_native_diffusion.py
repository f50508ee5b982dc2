"""The native engine's diffusion: monotone polynomials, tensors, state-dependent fluxes, threads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from solvers.models.fisher_kpp import FisherKPP
from solvers.models.two_species import TwoSpecies
from solvers.native.polynomials import choose, polynomials
from solvers.native.selling import decompose
from solvers.problem import Problem
from solvers.simulate import solve
from twin.grid import Grid
from twin.medium import Medium

STILL = 1e-4


def problem_of(shape, initial, days, spacing=(1.0, 1.0, 1.0), domain=None, tensor=None, model=None) -> Problem:
    domain = np.ones(shape, bool) if domain is None else domain
    medium = replace(Medium.of_one_tissue(Grid(shape, spacing), domain), tensor=tensor)
    model = FisherKPP(diffusivity_mm2_per_day=0.5, proliferation_per_day=STILL) if model is None else model
    return Problem(model, medium, initial, days)


def last(problem, accuracy="standard", threads=1) -> np.ndarray:
    return list(solve(problem, "native", accuracy, threads))[-1].full().astype(float)


def point(shape, value=0.9) -> np.ndarray:
    u = np.zeros(shape)
    u[tuple(n // 2 for n in shape)] = value
    return u


def rotated(shape, values, seed=4) -> np.ndarray:
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]
    t = (q * (3 * np.array(values) / sum(values))) @ q.T
    six = [t[0, 0], t[0, 1], t[0, 2], t[1, 1], t[1, 2], t[2, 2]]
    return np.broadcast_to(np.array(six).reshape(6, 1, 1, 1), (6, *shape)).astype(np.float32)


@pytest.mark.parametrize("p", polynomials(), ids=lambda p: f"{p.degree}-{p.order}")
def test_a_polynomial_has_its_degree_order_and_stability(p):
    z = np.linspace(-p.reach, 0, 2001)
    value, series = np.ones_like(z), np.array([1.0])
    for a, b in p.factors:
        value *= 1 + a * z + b * z * z
        series = np.convolve(series, [1, a, b] if b else [1, a])
    assert len(series) == p.degree + 1
    assert series[: p.order + 1] == pytest.approx([1 / math.factorial(k) for k in range(p.order + 1)], abs=1e-8)
    assert np.abs(value).max() <= 1 + 1e-9


@pytest.mark.parametrize("p", [p for p in polynomials() if p.order == 3], ids=lambda p: str(p.degree))
def test_a_polynomial_is_non_negative_on_a_medium_that_it_was_not_made_for(p):
    rng = np.random.default_rng(99)
    n = 60
    d = np.where(rng.random((n, n)) < 0.7, 1.0, 0.1) * (rng.random((n, n)) < 0.85)
    u = np.zeros((n, n))
    u[30, 30], d[30, 30] = 1.0, 1.0
    for a, b in p.factors:
        step = p.reach / 8
        u = u + a * step * _laplacian(u, d) + b * step**2 * _laplacian(_laplacian(u, d), d)
    assert u.min() > -2e-5 * u.max()
    assert u.sum() == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize(
    "p", [p for p in polynomials() if p.degree in (4, 8, 12, 16)], ids=lambda p: f"{p.degree}-{p.order}"
)
def test_a_point_source_undershoots_by_next_to_nothing_at_any_diffusivity(p):
    """Not quite never, between the diffusivities that the table was made with; the engine checks and repeats such a step."""
    wave = np.cos(2 * np.pi * np.fft.fftfreq(2 * p.degree + 2))
    walk = (wave[:, None, None] + wave[None, :, None] + wave) / 3 - 1
    for share in np.linspace(0.05, 1, 47):
        z = 0.5 * p.reach * share * walk
        symbol = np.prod([1 + a * z + b * z * z for a, b in p.factors], axis=0)
        kernel = np.fft.ifftn(symbol).real
        assert kernel.min() > -1e-3


def _laplacian(u, d):
    out = np.zeros_like(u)
    for axis in (0, 1):
        e, v, o = (np.moveaxis(x, axis, 0) for x in (d, u, out))
        flux = 2 * e[1:] * e[:-1] / np.maximum(e[1:] + e[:-1], 1e-300) * (v[1:] - v[:-1])
        o[:-1] += flux
        o[1:] -= flux
    return out


def test_the_cheapest_polynomial_is_chosen():
    assert choose(1.9, 0.01, 1.0)[1].degree == 2
    parts, p = choose(48.0, 0.4, 1e-3)
    assert (parts, p.degree) == (1, 16)
    parts, p = choose(500.0, 0.0, 1.0)
    assert parts * p.reach >= 500


def test_a_tensor_is_split_into_non_negative_weights():
    rng = np.random.default_rng(1)
    for _ in range(200):
        q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
        t = (q * 10 ** rng.uniform(-0.5, 0.5, 3)) @ q.T
        d = np.array([t[0, 0], t[0, 1], t[0, 2], t[1, 1], t[1, 2], t[2, 2]])
        offsets, weights = np.zeros((6, 3), np.int64), np.zeros(6)
        assert decompose(d, offsets, weights)
        assert weights.min() >= 0
        assert np.einsum("k,ki,kj->ij", weights, offsets, offsets) == pytest.approx(t, abs=1e-5)


def test_an_isotropic_tensor_changes_nothing():
    shape = (12, 13, 14)
    rng = np.random.default_rng(2)
    domain = rng.random(shape) < 0.8
    initial = np.where(domain, rng.random(shape), 0)
    plain = last(problem_of(shape, initial, (4.0,), (2.0, 1.0, 1.0), domain), "reference")
    same = last(problem_of(shape, initial, (4.0,), (2.0, 1.0, 1.0), domain, rotated(shape, (1, 1, 1))), "reference")
    assert same == pytest.approx(plain, abs=2e-6)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.2)])
def test_a_point_spreads_as_its_tensor_says(spacing):
    shape, t = (41, 61, 61), 6.0
    tensor = rotated(shape, (6, 2, 1))
    u = last(problem_of(shape, point(shape), (t,), spacing, tensor=tensor), "standard")[0]
    places = np.indices(shape).reshape(3, -1) * np.array(spacing)[:, None]
    weight = u.ravel() / u.sum()
    centred = places - (places @ weight)[:, None]
    covariance = (centred * weight) @ centred.T
    six = tensor[:, 0, 0, 0]
    expected = 2 * 0.5 * t * np.array([[six[0], six[1], six[2]], [six[1], six[3], six[4]], [six[2], six[4], six[5]]])
    assert covariance == pytest.approx(expected, rel=0.01, abs=0.02)
    assert u.min() >= 0


def test_a_strong_tensor_in_an_irregular_mask_keeps_mass_and_bounds():
    shape = (14, 15, 16)
    rng = np.random.default_rng(3)
    domain = rng.random(shape) < 0.8
    initial = np.where(domain, rng.random(shape) < 0.3, 0).astype(float)
    tensor = np.stack([rotated(shape, (9, 1, 1), seed=k) for k in range(4)])[rng.integers(4)]
    problem = problem_of(shape, initial, (10.0,), (3.0, 1.0, 1.0), domain, tensor)
    u = last(problem, "reference")
    assert u.min() >= 0
    assert u.max() <= 1
    assert u.sum() == pytest.approx(initial.sum(), rel=STILL * 10)
    assert u[0, ~domain].max() == 0


@pytest.mark.parametrize("threads", [2, 4])
@pytest.mark.parametrize("model", [FisherKPP(1.0, 0.1), TwoSpecies()], ids=["one", "two"])
def test_threads_do_not_change_a_bit(threads, model):
    shape = (20, 22, 24)
    rng = np.random.default_rng(5)
    domain = rng.random(shape) < 0.85
    initial = np.where(domain, 0.5 * (np.indices(shape).sum(axis=0) % 7 == 0), 0)
    one = last(problem_of(shape, initial, (8.0,), domain=domain, model=model), "fast")
    many = last(problem_of(shape, initial, (8.0,), domain=domain, model=model), "fast", threads)
    assert np.array_equal(one, many)


def test_a_field_of_proliferation_rates_is_felt_voxel_by_voxel():
    shape = (4, 4, 40)
    rate = np.broadcast_to(np.where(np.arange(40) < 20, 0.02, 0.2), shape)
    model = FisherKPP(diffusivity_mm2_per_day=1e-6, proliferation_per_day=rate)
    u = last(problem_of(shape, np.full(shape, 0.1), (10.0,), model=model), "standard")[0]
    e = np.exp(rate * 10.0)
    assert u == pytest.approx(0.1 * e / (1 + 0.1 * (e - 1)), rel=1e-4)


@dataclass(frozen=True)
class Jamming(FisherKPP):
    """Fisher-KPP whose cells stand still where it is full."""

    @staticmethod
    def mobility(u, p, out) -> None:
        out[0] = (1.0 - u[0]) * (1.0 - u[0])


def test_mobility_agrees_with_a_fine_explicit_scheme():
    shape = (1, 1, 60)
    initial = np.zeros(shape)
    initial[..., 20:30] = 0.95
    model = Jamming(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.05)
    u = last(problem_of(shape, initial, (10.0,), model=model), "reference")[0, 0, 0]
    v, dt = initial[0, 0].copy(), 0.002
    for _ in range(5000):
        m = (1 - v) ** 2
        flux = 0.5 * (m[1:] + m[:-1]) * (v[1:] - v[:-1])
        v = v + dt * (np.append(flux, 0) - np.append(0, flux) + 0.05 * v * (1 - v))
    assert u == pytest.approx(v, abs=3e-4)
