"""What a picture must say about itself: scale, orientation, and that it is for research use only."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from twin.visual.stage import Camera

STAMP = "Research use only"
GREY = (116, 127, 139)
LETTERS = {"L": (1.0, 0.0, 0.0), "P": (0.0, 1.0, 0.0), "S": (0.0, 0.0, 1.0)}
OPPOSITE = {"L": "R", "P": "A", "S": "I"}


@functools.cache
def _font(size: int, bold: bool = False) -> Any:
    from matplotlib import font_manager
    from PIL import ImageFont

    properties = font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return ImageFont.truetype(font_manager.findfont(properties), size)


def annotated(picture: np.ndarray, camera: Camera, small: bool = False) -> np.ndarray:
    """The picture (height, width, 4; floats) with scale bar, axes and stamp, as uint8.

    They stand on a strip below the picture, where nothing hides them, larger on ``small`` multiples.
    """
    from PIL import Image, ImageDraw

    unit = max(10, round(picture.shape[1] / (30 if small else 50)))
    mm_per_pixel = 2 * camera.half_height_mm / picture.shape[0]
    canvas = np.pad(picture, ((0, round(4.2 * unit if small else 2.4 * unit)), (0, 0), (0, 0)))
    image = Image.fromarray((np.clip(canvas, 0, 1) * 255).astype(np.uint8))
    layer = Image.new("RGBA", image.size, (*GREY, 0))
    draw = ImageDraw.Draw(layer)
    _scale_bar(draw, image.size, mm_per_pixel, unit)
    _axes(draw, image.size, camera, unit)
    place = (image.width / 2, image.height - unit * 0.9)
    draw.text(place, STAMP, fill=(*GREY, 255), font=_font(round(unit * 0.85)), anchor="ms")
    return np.asarray(Image.alpha_composite(image, layer))


def round_length(most_mm: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is no longer than ``most_mm``."""
    power = 10.0 ** np.floor(np.log10(max(most_mm, 1e-6)))
    return float(max(f for f in (1, 2, 5) if f * power <= most_mm * (1 + 1e-9)) * power)


def _scale_bar(draw: Any, size: tuple[int, int], mm: float, unit: int) -> None:
    width, height = size
    length = round_length(0.2 * width * mm)
    right, low, long = width - 0.5 * unit, height - 1.0 * unit, length / mm
    colour, line = (*GREY, 255), max(2, unit // 7)
    draw.line([(right - long, low), (right, low)], fill=colour, width=line)
    for x in (right - long, right):
        draw.line([(x, low - unit * 0.3), (x, low + unit * 0.3)], fill=colour, width=line)
    draw.text((right - long / 2, low - unit * 0.5), f"{length:g} mm", fill=colour, font=_font(unit), anchor="ms")


def _axes(draw: Any, size: tuple[int, int], camera: Camera, unit: int) -> None:
    """A small tripod with the letters of the three directions that point towards the reader."""
    arm, colour = 1.45 * unit, (*GREY, 255)
    origin = np.array([2.7 * unit, size[1] - 1.9 * unit])
    for letter, direction in LETTERS.items():
        right, up, near = camera.on_screen(direction)
        if near < 0:
            letter, right, up = OPPOSITE[letter], -right, -up
        tip = origin + arm * np.array([right, -up])
        draw.line([tuple(origin), tuple(tip)], fill=colour, width=max(2, unit // 7))
        place = origin + (arm + unit * 0.72) * np.array([right, -up]) / max(np.hypot(right, up), 1e-3) * max(
            np.hypot(right, up), 0.55
        )
        draw.text(tuple(place), letter, fill=colour, font=_font(unit, True), anchor="mm")
