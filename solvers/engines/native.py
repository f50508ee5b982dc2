"""The native engine: numpy and numba."""

from __future__ import annotations

from solvers.engine import Engine, Stepper, engines
from solvers.problem import Problem


@engines.register("native")
class NativeEngine(Engine):
    """Conservative finite volumes on the region that the tumour can reach.

    Space: face fluxes with harmonic means of D over the two voxels, zero at walls and at the grid's edge; order 2 on
    smooth D. Time: symmetric splitting, order 2; the model's exact flow (or its rate, integrated) around the diffusion,
    doses that act alike everywhere inside it. Steps land on the days asked for and on what differs from place to place.
    Every step is monotone: u stays in [0, 1] without clamping.
    """

    order_in_space = 2
    order_in_time = 2

    def prepare(self, problem: Problem) -> Stepper:
        from solvers.native.stepper import NativeStepper

        return NativeStepper(problem, self.accuracy, self.threads)
