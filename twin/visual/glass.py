"""The organ as glass around shells of equal probability of tumour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from twin.visual.mesh import bodies, fine, isosurface, softened
from twin.visual.palette import ISODOSES, SHELLS, WHOLE
from twin.visual.stage import Camera, Stage
from twin.visual.structures import structures
from twin.visual.view import View

GLASS = (0.60, 0.68, 0.76)
_OPACITY = {95: 1.0, 50: 0.50, 5: 0.17}
_DOSE_OPACITY = {95: 0.34, 50: 0.16}


class Glass:
    """The glass, made for one camera: clear in the middle, denser towards the rim, so that the shells stay visible."""

    def __init__(self, view: View, camera: Camera, detail_mm: float = 2.2):
        self.view = view
        organ = softened(view.organ, view.spacing, max(1.2, 0.6 * max(view.spacing)))
        surface = isosurface(*fine(organ, view.spacing, detail_mm), 0.5)
        facing = np.abs(np.asarray(surface.point_data["Normals"]) @ np.asarray(camera.towards))
        rim = 0.03 + 0.55 * (1 - facing) ** 2.2
        colour = np.concatenate([np.tile(GLASS, (surface.n_points, 1)), rim[:, None]], axis=1)
        surface.point_data["colour"] = (np.clip(colour, 0, 1) * 255).astype(np.uint8)
        self.surface = surface
        self.organs = [(s.colour, self._solid(s.mask)) for s in structures(view.patient) if not s.is_target]

    def _solid(self, mask: np.ndarray) -> Any:
        values = softened(self.view.show(mask), self.view.spacing, 0.5 * max(self.view.spacing))
        return bodies(values, self.view.spacing, [0.5])[0]

    def furnish(self, stage: Stage) -> None:
        """Add what does not change: the organs of the case, and the glass around them."""
        for colour, organ in self.organs:
            stage.add(organ, color=colour, ambient=0.42, diffuse=0.7, specular=0.25, specular_power=24)
        stage.add(
            self.surface,
            scalars="colour",
            rgb=True,
            culling="back",
            ambient=0.55,
            diffuse=0.5,
            specular=0.5,
            specular_power=24,
        )

    def place(self, stage: Stage, probability: np.ndarray) -> list[Any]:
        """Add the shells of a probability field (0 to 1, display order); returns the actors for :meth:`Stage.remove`."""
        values = softened(probability, self.view.spacing, 0.3 * max(self.view.spacing))
        return self.add(stage, bodies(values, self.view.spacing, [percent / 100 for percent in SHELLS]))

    def place_dose(self, stage: Stage, relative: np.ndarray, probability: np.ndarray) -> list[Any]:
        """Add the shells of a dose over the prescribed one (display order) around the probable tumour."""
        spacing = self.view.spacing
        tumour = bodies(softened(probability, spacing, 0.3 * max(spacing)), spacing, [0.5])[0]
        actors = [stage.add(tumour, color=WHOLE, ambient=0.5, diffuse=0.7)]
        shells = bodies(softened(relative, spacing, 0.5 * max(spacing)), spacing, [p / 100 for p in ISODOSES])
        for (percent, colour), shell in zip(ISODOSES.items(), shells, strict=True):
            looks = {"ambient": 0.5, "diffuse": 0.7, "specular": 0.3, "culling": "back"}
            actors.append(stage.add(shell, color=colour, opacity=_DOSE_OPACITY[percent], **looks))
        return actors

    def add(self, stage: Stage, surfaces: Sequence[Any]) -> list[Any]:
        """Add shells that are made already, in the order of :data:`twin.visual.palette.SHELLS`."""
        actors = []
        for (percent, colour), shell in zip(SHELLS.items(), surfaces, strict=True):
            looks = {"ambient": 0.52, "diffuse": 0.72, "specular": 0.3, "specular_power": 30}
            actors.append(stage.add(shell, color=colour, opacity=_OPACITY[percent], culling="back", **looks))
        return actors
