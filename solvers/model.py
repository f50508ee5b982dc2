"""The growth-model seam: a diffusivity and a pointwise reaction, nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from twin.parameter import check_values
from twin.registry import Registry


@dataclass(frozen=True)
class GrowthModel(ABC):
    """du_s/dt = div(D_s grad u_s) + f_s(u): knows no grid, no step, no patient, no calendar.

    A model is a frozen dataclass whose numbers are declared with :func:`twin.parameter.parameter`, in one file of
    ``solvers/models``, registered with ``@models.register(name)``. A number may also be a (z, y, x) field where the
    model says so.

    ``species`` names the components of u; ``tumour_species`` those that are tumour cells (they add up to the cell
    fraction, and therapies kill them). ``accuracy_rate`` is the fastest rate of the reaction (1/day); it bounds steps.
    """

    species: ClassVar[tuple[str, ...]] = ("cells",)
    tumour_species: ClassVar[tuple[int, ...]] = (0,)
    visible_species: ClassVar[tuple[int, ...]] = ()
    """Components that a scan shows as lesion, where they are more than the living tumour (necrosis, dying cells)."""

    crowding: ClassVar[tuple[int, ...]] = ()
    """Species that share the room, T their sum. Where set, their cells move only into free room: the flux of such a species
    from voxel a to b is D_face (u_a (1 - T_b) - u_b (1 - T_a)), which keeps T <= 1 whatever their diffusivities, and
    is D_face (u_a - u_b) for a single species (Painter and Hillen 2002, Can Appl Math Q 10:501)."""

    capped: ClassVar[bool] = False
    """The reaction stops at u = 1 without slowing before it: after integrating ``rate``, values above 1 are 1."""

    citation: ClassVar[str] = ""

    def __post_init__(self) -> None:
        check_values(self)

    @abstractmethod
    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        """D in mm2/day, shape (species, tissues); the first tissue is the one in which cells move fastest."""

    @abstractmethod
    def rate_parameters(self) -> tuple[Any, ...]:
        """The numbers ``p`` (floats or (z, y, x) fields) that :meth:`rate` and :meth:`flow` take, in order."""

    @staticmethod
    @abstractmethod
    def rate(u, p, out) -> None:
        """Write du/dt of the reaction into ``out``: ``out[0] = p[0] * u[0] * (1 - u[0])``.

        Plain arithmetic on indexed species, so that the same lines serve scalars (compiled, voxel by voxel) and whole arrays
        of shape (species, cells).
        """

    flow: ClassVar[Any] = None
    """Optional exact flow of the reaction with a constant kill rate: ``flow(u, p, kill, dt, out)``, same form as
    :meth:`rate`, where ``kill`` is the kill rate (1/day) of the tumour species. None: the engine integrates ``rate``."""

    rational: ClassVar[bool] = False
    """The flow of the one species is u -> a u / (1 + b u), as that of logistic growth is: any sequence of flows and doses is
    one such map again, and the engine takes it at once."""

    mobility: ClassVar[Any] = None
    """Optional factor in [0, 1] on the diffusivity of each species that depends on the state at the same point:
    ``mobility(u, p, out)``, same form as :meth:`rate`. The flux through a face between voxels a and b is
    D_face (m_a + m_b) / 2 (u_b - u_a). None: one everywhere."""

    damping: ClassVar[Any] = None
    """Optional factor on the diffusivity that depends on the whole field, such as quasi-static mechanics:
    ``damping(self, cells, medium) -> factor``, both (z, y, x) on ``medium.grid``, factor in (0, 1]. ``cells`` is the cell
    fraction; ``medium`` is the part of the problem's medium around the tumour (its outer faces are walls), so the
    same model may be handed another box later. Engines evaluate it at the start and at the middle of each step.
    The factors of two voxels are averaged on the face between them. None: one everywhere."""

    @property
    @abstractmethod
    def accuracy_rate(self) -> float:
        """The fastest rate of the reaction, 1/day."""

    def distribute(self, cells: np.ndarray) -> np.ndarray:
        """The state (species, z, y, x) of a tumour of which only the cell fraction (z, y, x) is known."""
        state = np.zeros((len(self.species), *cells.shape), np.result_type(cells, np.float32))
        state[self.tumour_species[0]] = cells
        return state


models: Registry[type[GrowthModel]] = Registry("growth model", "solvers.models")
