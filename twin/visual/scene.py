"""Series of scenes: every picture of a series has the same camera, the same scale and the same light."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from twin.visual.annotate import annotated
from twin.visual.cutaway import Cutaway, Notch, Tumour, camera_for, close_up, notch_for
from twin.visual.glass import Glass
from twin.visual.mesh import softened
from twin.visual.stage import Camera, Stage
from twin.visual.view import View

HERO = (1280, 960)
PANEL = (640, 480)
Field = Callable[[], np.ndarray]
"""A field (z, y, x) of the patient's grid, read when it is drawn."""


@dataclass(frozen=True)
class Shown:
    """What one panel shows: the probability of visible tumour, the cell fraction with the level of the core, and the dose
    over the prescribed one where a dose distribution is given."""

    probability: Field = field(repr=False)
    fraction: Field | None = field(repr=False, default=None)
    core_level: float | None = None
    relative_dose: Field | None = field(repr=False, default=None)


class SceneMaker:
    """Cutaways and glass views of one patient.

    ``main`` (display order) is the tumour that the organ is opened for, ``lesions`` all that is tumour in any picture.
    """

    def __init__(self, view: View, main: np.ndarray, lesions: np.ndarray):
        self.view = view
        self.notch: Notch = notch_for(view, main)
        self.far: Camera = camera_for(view, self.notch, HERO[0] / HERO[1])
        self.near: Camera = close_up(view, self.far, lesions, PANEL[0] / PANEL[1])
        self._cutaway: Cutaway | None = None

    def cutaway_hero(self, shown: Shown) -> np.ndarray:
        """The whole organ, cut open, large."""
        return next(self._cutaways({"": shown}, self.far, HERO))[1]

    def cutaways(self, shown: Mapping[str, Shown]) -> Iterator[tuple[str, np.ndarray]]:
        """(name, picture) of every panel, closer."""
        return self._cutaways(shown, self.near, PANEL)

    def glass_hero(self, shown: Shown) -> np.ndarray:
        return next(self._glasses({"": shown}, self.far, HERO))[1]

    def glasses(self, shown: Mapping[str, Shown]) -> Iterator[tuple[str, np.ndarray]]:
        return self._glasses(shown, self.near, PANEL)

    def doses(self, shown: Mapping[str, Shown]) -> Iterator[tuple[str, np.ndarray]]:
        """(name, picture) of the isodose shells of every panel that has a dose distribution, the whole organ in sight."""
        glass, stage = Glass(self.view, self.far), Stage(self.far, PANEL)
        glass.furnish(stage)
        for name, what in shown.items():
            if what.relative_dose is None:
                continue
            dose, probability = self.view.show(what.relative_dose()), self.view.show(what.probability())
            actors = glass.place_dose(stage, dose * self.view.organ, probability)
            yield name, annotated(stage.shoot(), self.far, small=True)
            stage.remove(actors)
        stage.close()

    def _cutaways(self, shown: Mapping[str, Shown], camera: Camera, size) -> Iterator[tuple[str, np.ndarray]]:
        if self._cutaway is None:
            self._cutaway = Cutaway(self.view, self.notch)
        stage = Stage(camera, size)
        self._cutaway.furnish(stage)
        for name, what in shown.items():
            actors = self._cutaway.place(stage, self._tumour(what))
            yield name, annotated(stage.shoot(), camera, small=size == PANEL)
            stage.remove(actors)
        stage.close()

    def _glasses(self, shown: Mapping[str, Shown], camera: Camera, size) -> Iterator[tuple[str, np.ndarray]]:
        glass, stage = Glass(self.view, camera), Stage(camera, size)
        glass.furnish(stage)
        for name, what in shown.items():
            actors = glass.place(stage, self.view.show(what.probability()))
            yield name, annotated(stage.shoot(), camera, small=size == PANEL)
            stage.remove(actors)
        stage.close()

    def _tumour(self, what: Shown) -> Tumour:
        """Smooth fields whose level 0.5 is the outline of the tumour and of its core."""
        whole = softened(self.view.show(what.probability()), self.view.spacing, 0.5 * max(self.view.spacing))
        if what.fraction is None or what.core_level is None:
            return Tumour(whole)
        above = self.view.show(what.fraction()) / (2 * what.core_level)
        return Tumour(whole, softened(np.clip(above, 0, 1), self.view.spacing, 0.35 * max(self.view.spacing)))
