"""Slices through the lesion at one place and one window, with contours; radiological convention.

The patient's right is on the left of axial and coronal slices; sagittal slices look from the left, anterior to the left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.grid import Box
from twin.patient import Visit
from twin.visual import palette
from twin.visual.annotate import round_length
from twin.visual.figure import figure, pixels, stamp
from twin.visual.view import View

PLANES = ("axial", "coronal", "sagittal")
_LETTERS = {"axial": "RLAP", "coronal": "RLSI", "sagittal": "APSI"}
LIGHT, DIM = "#e8edf2", "#b4c0cb"
_SOLID = {
    "whole": (palette.WHOLE, "solid"),
    "core": (palette.CORE, "solid"),
    "predicted": (palette.PREDICTED, (0, (4, 1.6))),
}


@dataclass(frozen=True)
class Slice:
    """One plane of a view: how to cut an array, and where its edges lie in mm (left, right, bottom, top)."""

    view: View
    plane: str

    def cut(self, array: np.ndarray) -> np.ndarray:
        z, y, x = self.view.focus
        return {"axial": array[z], "coronal": array[:, y], "sagittal": array[:, :, x]}[self.plane]

    @property
    def steps(self) -> tuple[float, float]:
        """Spacing of rows and columns, mm."""
        z, y, x = self.view.spacing
        return {"axial": (y, x), "coronal": (z, x), "sagittal": (z, y)}[self.plane]

    def window(self, box=None) -> tuple[float, float, float, float]:
        """Left, right, low row, high row of a box (default: the organ's), mm."""
        z, y, x = ((s.start * h, s.stop * h) for s, h in zip(box or self.view.box, self.view.spacing, strict=True))
        rows, columns = {"axial": (y, x), "coronal": (z, x), "sagittal": (z, y)}[self.plane]
        return (*columns, *rows)

    def draw(self, ax: Any, image: np.ndarray, **looks: Any) -> None:
        """Show a (z, y, x) array; rows run downwards on axial slices, upwards on the others."""
        cut = self.cut(image)
        (dy, dx), (rows, columns) = self.steps, cut.shape
        extent = (-dx / 2, (columns - 0.5) * dx, -dy / 2, (rows - 0.5) * dy)
        looks = {"cmap": "gray", "vmin": 0, "vmax": 1.0, "interpolation": "bicubic", "aspect": "equal"} | looks
        ax.imshow(cut, origin="lower", extent=extent, **looks)

    def smooth(self, array: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Columns (mm), rows (mm) and values of a cut, softened by half a voxel and refined, for contours."""
        from scipy import ndimage

        cut = ndimage.gaussian_filter(self.cut(array).astype(np.float32), 0.8)
        factor = max(1, min(4, round(2 * max(self.steps))))
        fine = ndimage.zoom(cut, factor, order=1, mode="nearest", grid_mode=False)
        rows, columns = (np.linspace(0, (n - 1) * h, m) for n, h, m in zip(cut.shape, self.steps, fine.shape, strict=True))
        return columns, rows, fine

    def outline(self, ax: Any, array: np.ndarray, kind: str, width: float = 1.3) -> None:
        """The 0.5 contour of a mask or probability, in the colour and line of its kind."""
        columns, rows, values = self.smooth(array)
        if values.max() > 0.5 > values.min():
            colour, line = _SOLID[kind]
            ax.contour(columns, rows, values, [0.5], colors=[colour], linestyles=[line], linewidths=width)

    def fill(
        self, ax: Any, array: np.ndarray, low: float, high: float, colour: str, opacity: float, hatch: str | None = None
    ):
        """Fill where ``low`` < array <= ``high``."""
        columns, rows, values = self.smooth(array)
        if values.max() > low:
            filled = ax.contourf(columns, rows, values, [low, high], colors=[colour], alpha=opacity)
            if hatch:
                lines = ax.contourf(columns, rows, values, [low, high], colors="none", hatches=[hatch])
                lines.set_edgecolor(colour)
                lines.set_linewidth(0.0)
            del filled

    def finish(self, ax: Any, box=None, scale_bar: bool = True, size: float = 7.5) -> None:
        """Limits, letters and scale bar."""
        left, right, low, high = self.window(box)
        ax.set_xlim(left, right)
        ax.set_ylim(*((high, low) if self.plane == "axial" else (low, high)))
        ax.set_axis_off()
        looks = {"transform": ax.transAxes, "color": DIM, "fontsize": size, "fontweight": "bold", "path_effects": _halo()}
        places = ((0.012, 0.5, "left", "center"), (0.988, 0.5, "right", "center"), (0.5, 0.985, "center", "top"))
        for letter, (x, y, across, up) in zip(
            _LETTERS[self.plane], (*places, (0.5, 0.015, "center", "bottom")), strict=True
        ):
            ax.text(x, y, letter, ha=across, va=up, **looks)
        if scale_bar:
            _bar(ax, right - left, size)


def _halo() -> list[Any]:
    """A dark rim around letters that lie on bright tissue."""
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=2.2, foreground="black")]


def _bar(ax: Any, width: float, size: float) -> None:
    length = round_length(0.25 * width)
    share, y = length / width, 0.03
    ax.plot(
        [0.97 - share, 0.97], [y, y], transform=ax.transAxes, color=DIM, lw=1.2, solid_capstyle="butt", path_effects=_halo()
    )
    ax.text(
        0.97 - share / 2, y + 0.015, f"{length:g} mm", transform=ax.transAxes, color=DIM, fontsize=0.88 * size, ha="center"
    )


def three_planes(view: View, layers, dpi: int = 160) -> np.ndarray:
    """One row: axial, coronal and sagittal at one scale. ``layers(slice, ax)`` draws on the image."""
    slices = [Slice(view, plane) for plane in PLANES]
    windows = [s.window() for s in slices]
    tall = max(w[3] - w[2] for w in windows)
    widths = [w[1] - w[0] for w in windows]
    inches = 11.0
    with figure(inches, inches * tall / sum(widths) * 1.0, palette.SCREEN) as fig:
        left = 0.0
        for piece, window, width in zip(slices, windows, widths, strict=True):
            share = (window[3] - window[2]) / tall
            ax = fig.add_axes((left / sum(widths), (1 - share) / 2, width / sum(widths), share))
            left += width
            piece.draw(ax, view.image)
            layers(piece, ax)
            piece.finish(ax, scale_bar=piece.plane == "sagittal")
        stamp(fig, DIM, above=True)
        return pixels(fig, dpi)


def visit_row(view: View, visit: Visit) -> np.ndarray:
    """A visit as it was seen: whole lesion and core outlined."""
    whole, core = (None if m is None else view.show(m) for m in (visit.whole, visit.core))

    def layers(piece: Slice, ax: Any) -> None:
        for mask, kind in ((whole, "whole"), (core, "core")):
            if mask is not None:
                piece.outline(ax, mask, kind)

    return three_planes(view, layers)


def change_row(view: View, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """What was gained (filled, vermilion) and lost (hatched, white) between two masks of the patient's grid."""
    old, new = view.show(before).astype(bool), view.show(after).astype(bool)

    def layers(piece: Slice, ax: Any) -> None:
        _change(piece, ax, old, new)
        piece.outline(ax, new, "whole")

    return three_planes(view, layers)


def old_and_new(view: View, first: Visit, last: Visit, box: Box) -> np.ndarray:
    """One axial slice at one window, side by side: the first visit, the last, and what changed between them."""
    piece = Slice(view, "axial")
    left, right, low, high = piece.window(box)
    masks = [(visit.whole, visit.core) for visit in (first, last)]
    with figure(11.0, 11.0 / 3 * (high - low) / (right - left), palette.SCREEN) as fig:
        for i in range(3):
            ax = fig.add_axes((i / 3, 0, 1 / 3, 1))
            piece.draw(ax, view.image)
            whole, core = masks[min(i, 1)]
            if i == 2 and first.whole is not None and last.whole is not None:
                _change(piece, ax, view.show(first.whole).astype(bool), view.show(last.whole).astype(bool))
            for mask, kind in ((whole, "whole"), (core if i < 2 else None, "core")):
                if mask is not None:
                    piece.outline(ax, view.show(mask), kind, 1.5)
            piece.finish(ax, box, scale_bar=i == 2)
        stamp(fig, DIM, above=True)
        return pixels(fig)


def _change(piece: Slice, ax: Any, old: np.ndarray, new: np.ndarray) -> None:
    piece.fill(ax, new & ~old, 0.5, 2, palette.GROWTH, 0.62)
    piece.fill(ax, old & ~new, 0.5, 2, LIGHT, 0.10, "/////")


def forecast_panel(view: View, probability: np.ndarray, now: np.ndarray | None, box) -> np.ndarray:
    """An axial slice of a forecast: the 50 % outline, the 5-95 % band, growth and shrinkage since ``now``."""
    p, piece = view.show(probability), Slice(view, "axial")
    left, right, low, high = piece.window(box)
    with figure(4.0, 4.0 * (high - low) / (right - left), palette.SCREEN) as fig:
        ax = fig.add_axes((0, 0, 1, 1))
        piece.draw(ax, view.image)
        if now is not None:
            old = view.show(now).astype(bool)
            _change(piece, ax, old, p > 0.5)
            piece.outline(ax, old, "whole", 1.1)
        piece.fill(ax, p, 0.05, 0.95, palette.PREDICTED, 0.28)
        piece.outline(ax, p, "predicted", 1.6)
        piece.finish(ax, box, size=11)
        stamp(fig, DIM, above=True, size=9)
        return pixels(fig)


def agreement_row(view: View, fit: Mapping[str, np.ndarray], mask: np.ndarray | None, box: Box) -> np.ndarray:
    """Observed and predicted cell fraction side by side, then both outlines with the band: one axial slice.

    ``fit`` holds "observed_fraction", "predicted_fraction" and "probability" on the patient's grid.
    """
    piece = Slice(view, "axial")
    left, right, low, high = piece.window(box)
    shown = [view.show(np.nan_to_num(fit[name])) for name in ("observed_fraction", "predicted_fraction")]
    fields: Sequence[np.ndarray | None] = [*shown, None]
    with figure(11.0, 11.0 / 3 * (high - low) / (right - left), palette.SCREEN) as fig:
        for i, values in enumerate(fields):
            ax = fig.add_axes((i / 3, 0, 1 / 3, 1))
            piece.draw(ax, view.image)
            if values is not None:
                piece.draw(ax, np.ma.masked_less(values, 0.1), cmap="inferno", alpha=0.85, interpolation="nearest")
            else:
                p = view.show(fit["probability"])
                piece.fill(ax, p, 0.05, 0.95, palette.PREDICTED, 0.28)
                if mask is not None:
                    piece.outline(ax, view.show(mask), "whole", 1.5)
                piece.outline(ax, p, "predicted", 1.6)
            piece.finish(ax, box, scale_bar=i == 2)
        _colour_bar(fig)
        stamp(fig, DIM, above=True)
        return pixels(fig)


def _colour_bar(fig: Any) -> None:
    ax = fig.add_axes((0.012, 0.06, 0.11, 0.018))
    ax.imshow(np.linspace(0, 1, 128)[None], cmap="inferno", aspect="auto", extent=(0, 1, 0, 1))
    ax.set_yticks([])
    ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"], fontsize=6.5, color=LIGHT)
    ax.tick_params(length=0, pad=2)
    ax.set_title("cell fraction", fontsize=6.5, color=LIGHT, pad=3, path_effects=_halo())
    for label in ax.get_xticklabels():
        label.set_path_effects(_halo())
    for edge in ax.spines.values():
        edge.set_visible(False)
