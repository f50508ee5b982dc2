"""How the table in ``solvers/native/polynomials.py`` was made: ``python -m tests.benchmarks.polynomials > table``.

A step of the diffusion u(t + h) = exp(h L) u(t) is taken as a polynomial R_s(h L) of degree s. Among all polynomials of
order p (R and its first p derivatives are 1 at z = 0) whose matrix is *non-negative* on every medium of a pool (so that no
step can undershoot zero or overshoot the largest value), linear programming finds the one with the largest reach beta, where
beta >= h max|eigenvalue of L|. The pool: walks on lattices of one to three dimensions with isotropic and anisotropic
spacing, at full and at reduced diffusivity, and random small media (walls, corridors, tissues ten times slower, blobs).
Each polynomial is then factored into pairs 1 + a z + b z2, ordered so that the partial products stay small.
"""

from __future__ import annotations

import itertools
import sys

import numpy as np
from numpy.polynomial import chebyshev
from scipy.ndimage import gaussian_filter
from scipy.optimize import linprog

WEIGHTS = [
    (1, 0, 0),
    (0.5, 0.5, 0),
    (1 / 3, 1 / 3, 1 / 3),
    (0.4, 0.4, 0.2),
    (4 / 9, 4 / 9, 1 / 9),
    (0.6, 0.3, 0.1),
    (0.9, 0.05, 0.05),
]
SHARES = 18
"""How many diffusivities each lattice is tried at; with few, a polynomial is positive there and nowhere between."""
MARGIN = 0.97
PRECISE = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}


def lattice_rows(degree: int) -> np.ndarray:
    """Kernel entries of T_0 .. T_degree of the walk on infinite lattices."""
    n = 2 * degree + 2
    c = np.cos(2 * np.pi * np.fft.fftfreq(n))
    rows = []
    rng = np.random.default_rng(degree)
    for w, k in itertools.product(WEIGHTS, range(SHARES)):
        share = 1.0 - (k + rng.random() * (k > 0)) / (SHARES + 1)
        walk = w[0] * c[:, None, None] + w[1] * c[None, :, None] + w[2] * c
        x = 1 - share + share * walk
        corner = (slice(0, degree + 2),) * 3
        rows.append(np.stack([np.fft.ifftn(t).real[corner].ravel() for t in _chebyshev(x, degree)], axis=1))
    return _tidy(np.concatenate(rows))


def medium_rows(degree: int, count: int, seed: int) -> np.ndarray:
    """Matrix entries of T_0 .. T_degree of random small media."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(count):
        matrix, largest = _medium(rng, k)
        values, vectors = np.linalg.eigh(matrix)
        upper = np.triu_indices(len(values))
        for share in (1.0, rng.uniform(0.5, 1.0), rng.uniform(0.1, 0.6)):
            x = 1 + 2 * share * values / largest
            entries = [((vectors * t) @ vectors.T)[upper] for t in _chebyshev(x, degree)]
            rows.append(np.stack(entries, axis=1))
    return _tidy(np.concatenate(rows))


def _chebyshev(x: np.ndarray, degree: int) -> list[np.ndarray]:
    found = [np.ones_like(x), x]
    while len(found) <= degree:
        found.append(2 * x * found[-1] - found[-2])
    return found[: degree + 1]


def _tidy(rows: np.ndarray) -> np.ndarray:
    size = np.abs(rows).max(axis=1, keepdims=True)
    keep = size[:, 0] > 1e-9
    return np.unique(np.round(rows[keep] / size[keep], 10), axis=0)


def _medium(rng: np.random.Generator, k: int) -> tuple[np.ndarray, float]:
    shape = [(6, 6, 5), (3, 3, 3), (1, 1, 24), (2, 2, 2), (1, 9, 9), (5, 5, 5)][k % 6]
    d = _diffusivity(rng, shape, k // 6 % 6)
    weights = [(1, 1, 1), (1, 1, 0.25), (1, 0.07, 0.07), (0.3, 1, 0.6)][rng.integers(4)]
    number = np.arange(d.size).reshape(shape)
    matrix = np.zeros((d.size, d.size))
    for axis, w in enumerate(weights):
        a = np.take(number, range(shape[axis] - 1), axis).ravel()
        b = np.take(number, range(1, shape[axis]), axis).ravel()
        face = w * 2 * d.flat[a] * d.flat[b] / np.maximum(d.flat[a] + d.flat[b], 1e-300)
        matrix[a, b] += face
        matrix[b, a] += face
        np.subtract.at(matrix, (a, a), face)
        np.subtract.at(matrix, (b, b), face)
    return matrix, 4.0 * sum(w for w, n in zip(weights, shape, strict=True) if n > 1)


def _diffusivity(rng: np.random.Generator, shape, kind: int) -> np.ndarray:
    if kind == 0:
        return np.ones(shape)
    if kind == 1:
        return (rng.random(shape) < rng.uniform(0.5, 0.9)).astype(float)
    if kind == 2:
        return np.where(rng.random(shape) < 0.5, 1.0, 0.1)
    if kind == 3:
        smooth = gaussian_filter(rng.standard_normal(shape), 1)
        return np.where(smooth > np.quantile(smooth, 0.6), 1.0, np.where(smooth < np.quantile(smooth, 0.3), 0.0, 0.1))
    if kind == 4:
        return 10 ** rng.uniform(-2, 0, shape)
    corridor = np.ones(shape)
    corridor[..., shape[2] // 2] = 0
    corridor[shape[0] // 2, shape[1] // 2] = 1
    return corridor


def conditions(degree: int, order: int, reach: float) -> np.ndarray:
    """Derivatives 0 .. order of each T_k(1 + 2 z / reach) at z = 0."""
    k = np.arange(degree + 1.0)
    rows = [np.ones(degree + 1)]
    for m in range(order):
        rows.append(rows[-1] * (k * k - m * m) / (2 * m + 1) * (2 / reach))
    return np.array(rows)


def best(degree: int, order: int, reach: float, pool: list[np.ndarray]) -> tuple[np.ndarray, float] | None:
    """Chebyshev coefficients of the polynomial with the smallest error |R^(order + 1)(0) - 1|, by cutting planes."""
    known = pool[0][:: 1 + len(pool[0]) // 4000]
    exact = conditions(degree, order + 1, reach)
    for _ in range(60):
        found = _program(exact, known)
        if found is None:
            return None
        entries = [rows @ found[0] for rows in pool]
        if min(e.min() for e in entries) > -1e-7:
            return found
        cuts = [rows[np.argsort(e)[:700]] for rows, e in zip(pool, entries, strict=True)]
        known = np.unique(np.concatenate([known, *cuts]), axis=0)
    raise RuntimeError(
        f"no end of cuts for degree {degree}, order {order}, reach {reach:.3g}: {min(e.min() for e in entries):.2g}"
    )


def _program(exact: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, float] | None:
    n = exact.shape[1]
    last, column = exact[-1][None], -np.ones((1, 1))
    above = np.vstack(
        [np.hstack([-known, np.zeros((len(known), 1))]), np.hstack([last, column]), np.hstack([-last, column])]
    )
    bound = np.concatenate([np.zeros(len(known)), [1.0, -1.0]])
    equal = np.hstack([exact[:-1], np.zeros((len(exact) - 1, 1))])
    cost = np.append(np.zeros(n), 1.0)
    limits = [(None, None)] * n + [(0, None)]
    answer = linprog(cost, above, bound, equal, np.ones(len(equal)), limits, method="highs", options=PRECISE)
    return (answer.x[:-1], float(answer.x[-1])) if answer.status == 0 else None


def widest(degree: int, order: int, pool: list[np.ndarray]) -> tuple[float, np.ndarray, float] | None:
    """(reach, coefficients, error) of the polynomial of this degree and order with the largest reach, less a margin."""
    low, high, found = 0.1 * degree**2, 0.55 * degree**2, None
    while high / low > 1.01:
        middle = np.sqrt(low * high)
        if best(degree, order, middle, pool) is None:
            high = middle
        else:
            low, found = middle, middle
    if found is None:
        return None
    answer = best(degree, order, MARGIN * found, pool)
    return None if answer is None else (MARGIN * found, *answer)


def factors(coefficients: np.ndarray, reach: float) -> list[tuple[float, float]]:
    """Pairs (a, b) of 1 + a z + b z2, ordered so that the partial products stay small on [-reach, 0]."""
    roots = (chebyshev.chebroots(coefficients) - 1) * reach / 2
    upper = sorted(roots[roots.imag > 1e-9], key=lambda r: abs(r))
    real = sorted(roots[abs(roots.imag) <= 1e-9].real)
    pairs = [(-2 * r.real / abs(r) ** 2, 1 / abs(r) ** 2) for r in upper]
    while len(real) > 1:
        r, q = real.pop(0), real.pop()
        pairs.append((-(r + q) / (r * q), 1 / (r * q)))
    pairs += [(-1 / r, 0.0) for r in real]
    return _ordered(pairs, reach)


def _ordered(pairs: list[tuple[float, float]], reach: float) -> list[tuple[float, float]]:
    z = np.linspace(-reach, 0, 400)
    product, out, left = np.ones_like(z), [], list(pairs)
    while left:
        largest = [np.abs(product * (1 + a * z + b * z * z)).max() for a, b in left]
        a, b = left.pop(int(np.argmin(largest)))
        product = product * (1 + a * z + b * z * z)
        out.append((float(a), float(b)))
    return out


def main() -> None:
    first, last = (int(v) for v in sys.argv[1:]) if len(sys.argv) > 1 else (2, 16)
    for degree in range(first, last + 1):
        pool = [lattice_rows(degree), medium_rows(degree, 36, seed=degree)]
        for order in (2, 3, 4):
            found = widest(degree, order, pool) if degree >= order else None
            if found is not None:
                reach, coefficients, error = found
                print(f"    ({degree}, {order}, {reach:.4f}, {error:.4f}, {factors(coefficients, reach)}),", flush=True)


if __name__ == "__main__":
    main()
