"""Arms sampled over doses and dates: a grid, or a Latin hypercube or Sobol sequence, of one sentence with gaps."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from scenarios.door import Written
from scenarios.written_arm import WrittenArm

MOST = 100_000
_GAP = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Varied(Written):
    """``{values: [25, 30, 35]}``, or ``{low: 50, high: 70}`` with ``steps`` for a grid; ``whole`` rounds to whole numbers.

    ``unit`` is a label for the results.
    """

    values: tuple[float, ...] | None = Field(default=None, min_length=1)
    low: float | None = None
    high: float | None = None
    steps: int | None = Field(default=None, ge=2, le=1000)
    whole: bool = False
    unit: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Varied:
        ranged = self.low is not None and self.high is not None and self.low < self.high
        if (self.values is not None) == ranged or (self.low is None) != (self.high is None):
            raise ValueError("give either 'values', or 'low' and a larger 'high'")
        return self

    def at(self, share: float) -> float:
        """The value at a share in [0, 1) of the range, or of the list."""
        if self.values is not None:
            return self.values[int(share * len(self.values))]
        assert self.low is not None and self.high is not None
        if self.whole:
            return float(np.floor(self.low + share * (self.high + 1 - self.low)))
        return float(f"{self.low + share * (self.high - self.low):.5g}")

    def grid(self, name: str) -> list[float]:
        """Every value of a grid along this axis, smallest distance first named refused."""
        if self.values is not None:
            return list(self.values)
        assert self.low is not None and self.high is not None
        if self.steps is None:
            raise ValueError(f"a grid over '{name}' needs 'steps' or 'values'")
        found = np.linspace(self.low, self.high, self.steps)
        return sorted({float(np.rint(v)) if self.whole else float(f"{v:.5g}") for v in found})


class WrittenSample(Written):
    """Arms ``id-001``, ``id-002`` ... from one sentence whose gaps are filled by sampled values.

    ``method``: "grid" (every combination), "latin-hypercube" (McKay 1979) or "sobol" (scrambled, Owen 1998; ``size`` a power
    of two), by scipy.stats.qmc with ``seed``. The values stand beside each arm in every result, as put in the words.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$")
    words: str
    vary: dict[str, Varied] = Field(min_length=1)
    method: Literal["grid", "latin-hypercube", "sobol"] = "latin-hypercube"
    size: int | None = Field(default=None, ge=2, le=MOST)
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> WrittenSample:
        gaps = set(_GAP.findall(self.words))
        if gaps != self.vary.keys():
            told = ", ".join(sorted(gaps ^ self.vary.keys()))
            raise ValueError(f"sample '{self.id}': the gaps of its words and the names under 'vary' differ by: {told}")
        if (self.size is None) != (self.method == "grid"):
            raise ValueError(f"sample '{self.id}': a grid has no 'size', the other methods need one")
        if self.method == "sobol" and self.size and self.size & (self.size - 1):
            near = 2 ** round(np.log2(self.size))
            raise ValueError(f"sample '{self.id}': a Sobol sample has a power of two of points, such as {near}")
        if self.method == "grid" and np.prod([len(v.grid(n)) for n, v in self.vary.items()]) > MOST:
            raise ValueError(f"sample '{self.id}': the grid has more than {MOST} points")
        return self

    def expand(self) -> Iterator[tuple[WrittenArm, dict[str, float]]]:
        """Each arm with the values that fill its gaps."""
        points = list(self._points())
        width = max(3, len(str(len(points))))
        for number, values in enumerate(points, start=1):
            words = _GAP.sub(lambda gap: f"{values[gap[1]]:.10g}", self.words)  # noqa: B023
            told = ", ".join(f"{name} {value:g} {self.vary[name].unit}".strip() for name, value in values.items())
            yield WrittenArm(id=f"{self.id}-{number:0{width}}", label=f"{self.id}: {told}", words=words), values

    def _points(self) -> Iterator[dict[str, float]]:
        names = list(self.vary)
        if self.method == "grid":
            for combination in itertools.product(*(self.vary[name].grid(name) for name in names)):
                yield dict(zip(names, combination, strict=True))
            return
        for shares in self._shares(len(names)):
            yield {name: self.vary[name].at(share) for name, share in zip(names, shares, strict=True)}

    def _shares(self, dimensions: int) -> np.ndarray:
        """(size, dimensions) points in the unit cube."""
        from scipy.stats import qmc

        kind = qmc.Sobol if self.method == "sobol" else qmc.LatinHypercube
        return kind(dimensions, rng=np.random.default_rng(self.seed)).random(self.size)
