"""Profile likelihoods: how much worse the best fit becomes when one parameter is held elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from calibration.calibrate import Fitted
from calibration.objective import Objective
from calibration.polish import polish
from calibration.pool import Crew
from calibration.space import Space
from twin.progress import SILENT, Progress, stage

PLACES = (-2.0, -1.0, 1.0, 2.0)
"""Where a parameter is held, in posterior spreads from its best value."""

ROUNDS = 3


@dataclass(frozen=True)
class Profile:
    """Of one parameter: ``values`` in its unit, and the ``rise`` of minus the log posterior above the best fit when it is
    held there and the others are fitted anew (Raue et al. 2009, Bioinformatics 25:1923). A parabola rises by 0.5 at one
    spread and by 2 at two; less says that the data hold the parameter less firmly than its interval claims."""

    name: str
    values: np.ndarray
    rise: np.ndarray

    @property
    def flat(self) -> bool:
        """Whether the fit is hardly worse two spreads away to either side."""
        return bool(min(self.rise[0], self.rise[-1]) < 0.5)


def profiles(fitted: Fitted, crew: Crew, progress: Progress = SILENT) -> tuple[Profile, ...]:
    """One for each learnt parameter; about ``len(PLACES)`` x ``ROUNDS`` x (parameters + 2) evaluations each."""
    names = fitted.laplace.space.names
    with stage(progress, "profile likelihoods", len(names)) as bar:
        found = []
        for index in range(len(names)):
            found.append(profile(fitted, index, crew))
            bar.advance()
    return tuple(found)


def profile(fitted: Fitted, index: int, crew: Crew) -> Profile:
    """The parameter of that index in the fitted space, at ``PLACES`` inside its bounds."""
    objective, best = fitted.objective, fitted.polished
    space, spread = objective.space, fitted.laplace.spread[index]
    low, high = space.bounds()
    places = np.clip(best.z[index] + spread * np.array(PLACES), low[index], high[index])
    rise = [_held(objective, best.z, index, place, crew) - best.objective for place in places]
    values = [space.values(_moved(best.z, index, place))[space.names[index]] for place in places]
    return Profile(space.names[index], np.array(values), np.maximum(rise, 0.0))


def _held(objective: Objective, z: np.ndarray, index: int, place: float, crew: Crew) -> float:
    """The least objective with one parameter held."""
    own = objective.space.parameters[index]
    value = objective.space.values(_moved(z, index, place))[own.name]
    structure = replace(objective.structure, fixed={**objective.structure.fixed, own.name: value})
    rest = Space(tuple(p for p in objective.space.parameters if p.name != own.name))
    held = replace(objective, structure=structure, space=rest)
    own_prior = 0.5 * place**2 * objective.space.precision[index]
    if not len(rest):
        return held(np.zeros(0)) + own_prior
    return polish(held, crew.over(held), np.delete(z, index), ROUNDS).objective + own_prior


def _moved(z: np.ndarray, index: int, place: float) -> np.ndarray:
    out = np.array(z, float)
    out[index] = place
    return out
