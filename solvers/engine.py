"""The engine seam: prepares once, then advances a state between breakpoints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np

from solvers.effect import Jump
from solvers.problem import Problem, Snapshot
from twin.registry import Registry

Accuracy = Literal["fast", "standard", "reference"]
Exposure = Callable[[float, float], "list[tuple[float, np.ndarray | None]]"]
"""(start, stop) -> the effects' integrals of the kill rate over it, each with its delivery map (None: uniform)."""


class Engine(ABC):
    """A numerical method. Declares its orders of convergence; the tests measure them."""

    order_in_space: ClassVar[int] = 2
    order_in_time: ClassVar[int] = 2

    def __init__(self, accuracy: Accuracy = "standard", threads: int = 1):
        self.accuracy, self.threads = accuracy, threads

    @abstractmethod
    def prepare(self, problem: Problem) -> Stepper:
        """Everything that does not change over time: coefficients, masks, compiled code."""


class Stepper(ABC):
    """A step is a function: state in, state out. The state given in may be used up."""

    @abstractmethod
    def start(self, initial: np.ndarray) -> Any:
        """The engine's own state from (species, z, y, x)."""

    @abstractmethod
    def advance(self, state: Any, start: float, stop: float, exposure: Exposure) -> Any:
        """Growth and continuous kill from ``start`` to ``stop`` in as many steps as the accuracy needs."""

    @abstractmethod
    def jump(self, state: Any, jump: Jump) -> Any:
        """A dose or an operation."""

    @abstractmethod
    def snapshot(self, state: Any, day: float) -> Snapshot:
        """A copy of the state for the caller."""


engines: Registry[type[Engine]] = Registry("engine", "solvers.engines")
