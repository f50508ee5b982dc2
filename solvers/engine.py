"""The engine seam: prepares once, then advances a state between breakpoints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from solvers.effect import Jump
from solvers.problem import Problem, Snapshot
from twin.registry import Registry

Accuracy = Literal["fast", "standard", "reference"]


class Kill(NamedTuple):
    """An effect's kill rate over a stretch of time: its integral, its mean clock time, its delivery map (None: uniform)."""

    total: float
    day: float
    delivery: np.ndarray | None


Exposure = Callable[[float, float], list[Kill]]
"""(start, stop) -> what the effects do over it."""


class Engine(ABC):
    """A numerical method. Declares its orders of convergence; the tests measure them."""

    order_in_space: ClassVar[int] = 2
    order_in_time: ClassVar[int] = 2

    def __init__(self, accuracy: Accuracy = "standard", threads: int = 1):
        self.accuracy, self.threads = accuracy, threads

    @abstractmethod
    def prepare(self, problem: Problem) -> Stepper:
        """Everything that does not change over time: coefficients, masks, compiled code."""


@dataclass(frozen=True)
class Event:
    """What happens between two stops: a uniform dose, or (no jump) a leap of a kill rate."""

    day: float
    jump: Jump | None = None


class Stepper(ABC):
    """A step is a function: state in, state out. The state given in may be used up."""

    @abstractmethod
    def start(self, initial: np.ndarray) -> Any:
        """The engine's own state from (species, z, y, x)."""

    @abstractmethod
    def advance(self, state: Any, start: float, stop: float, exposure: Exposure) -> Any:
        """Growth and continuous kill from ``start`` to ``stop`` in as many steps as the accuracy needs."""

    def through(self, state: Any, start: float, stop: float, exposure: Exposure, events: Sequence[Event]) -> Any:
        """From ``start`` to ``stop`` through the events between, by landing on each; an engine may step over them."""
        for event in (*events, Event(stop)):
            if event.day > start:
                state, start = self.advance(state, start, event.day, exposure), event.day
            if event.jump is not None:
                state = self.jump(state, event.jump)
        return state

    @abstractmethod
    def jump(self, state: Any, jump: Jump) -> Any:
        """A dose or an operation."""

    @abstractmethod
    def snapshot(self, state: Any, day: float) -> Snapshot:
        """A copy of the state for the caller."""


engines: Registry[type[Engine]] = Registry("engine", "solvers.engines")
