"""Frames and films: a scene with its title and its curve, many side by side, MP4 and GIF."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import OncotwinError
from twin.store import replacing
from twin.visual.annotate import _font
from twin.visual.fan import Course
from twin.visual.figure import figure, pixels
from twin.visual.palette import SHELLS, rgb

SIZE = (480, 480)
"""Width and height of a frame: multiples of 16, as the coder wants them."""

TITLE, CURVE = 37, 72
GROUND, LIGHT, DIM = "#10161d", "#e8edf2", "#9dabb8"
PER_SECOND = 12
LINGER = 12
"""Frames for which the last one stands."""


def chart(course: Course, others: Sequence[Course]) -> np.ndarray:
    """The curve below a scene, (CURVE, width, 3): median and 90 % interval, one scale for all films."""
    top = max(float(np.nanmax(c.bands[-1])) for c in others) * 1.08
    bands = course.bands
    with figure(SIZE[0] / 100, CURVE / 100, GROUND) as fig:
        ax = fig.add_axes((0.09, 0.24, 0.88, 0.72), facecolor="none")
        colour = _lighter(course.colour)
        ax.fill_between(course.t, bands[0], bands[-1], color=colour, alpha=0.35, lw=0)
        ax.plot(course.t, bands[2], color=colour, lw=1.4)
        ax.set_xlim(float(course.t[0]), float(course.t[-1]))
        ax.set_ylim(0, top)
        ax.set_yticks([0, round(top / 1.08)])
        ax.tick_params(colors=DIM, labelsize=6, length=0, pad=2)
        ax.set_ylabel("mL", fontsize=6, color=DIM, labelpad=1)
        for edge in ax.spines.values():
            edge.set_color("#2b3642")
        return pixels(fig, dpi=100)


def _lighter(colour: str) -> tuple[float, float, float]:
    """A colour that can be seen on the dark ground."""
    return tuple(0.55 * c + 0.45 for c in rgb(colour))  # type: ignore[return-value]


def frame(scene: np.ndarray, curve: np.ndarray, course: Course, day: float, words: str) -> np.ndarray:
    """One frame, (height, width, 3), uint8: title and numbers, the scene, the curve with the day marked."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", SIZE, GROUND)
    image.paste(Image.fromarray((np.clip(scene, 0, 1) * 255).astype(np.uint8)), (0, TITLE))
    image.paste(Image.fromarray(curve), (0, SIZE[1] - CURVE))
    draw = ImageDraw.Draw(image)
    draw.text((10, 5), _shortened(course.label), fill=LIGHT, font=_font(14, True))
    draw.text((10, 23), words, fill=DIM, font=_font(12))
    _legend(draw)
    share = (day - course.t[0]) / max(float(course.t[-1] - course.t[0]), 1e-9)
    x = round(SIZE[0] * (0.09 + 0.88 * share))
    draw.line([(x, SIZE[1] - CURVE + 3), (x, SIZE[1] - round(0.24 * CURVE))], fill=LIGHT, width=1)
    return np.asarray(image)


def _legend(draw: Any) -> None:
    """The probabilities that the shells stand for, at the top right."""
    x = SIZE[0] - 10
    for percent, colour in reversed(SHELLS.items()):
        words = f"{percent} %"
        x -= round(draw.textlength(words, font=_font(11)))
        draw.text((x, 24), words, fill=DIM, font=_font(11))
        x -= 13
        draw.rectangle([(x, 26), (x + 9, 35)], fill=colour)
        x -= 8


def _shortened(label: str, most: int = 48) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def side_by_side(frames: Sequence[np.ndarray]) -> np.ndarray:
    """Frames of one moment in rows of at most three."""
    columns = min(3, len(frames)) if len(frames) != 4 else 2
    blank = np.full_like(frames[0], [round(255 * c) for c in rgb(GROUND)])
    filled = [*frames, *[blank] * (-len(frames) % columns)]
    rows = [np.concatenate(filled[i : i + columns], axis=1) for i in range(0, len(filled), columns)]
    return np.concatenate(rows, axis=0)


def save(frames: Sequence[np.ndarray], stem: Path) -> list[Path]:
    """``STEM.mp4`` and ``STEM.gif``; the last frame stands for a second."""
    whole = [*frames, *[frames[-1]] * LINGER]
    return [_mp4(whole, stem.with_suffix(".mp4")), _gif(frames, stem.with_suffix(".gif"))]


def coder() -> Any:
    """The library that codes a film; raises OncotwinError where it or its coder is not here."""
    try:
        import imageio.v2 as imageio
        import imageio_ffmpeg  # noqa: F401
    except ImportError:
        raise OncotwinError("A film needs imageio and its coder.", remedy="pip install 'oncotwin[visual]'") from None
    return imageio


def _mp4(frames: Sequence[np.ndarray], path: Path) -> Path:
    imageio = coder()
    with replacing(path) as temporary:
        coded = temporary.with_name("film.mp4")
        writer: Any = imageio.get_writer(coded, fps=PER_SECOND, codec="libx264", quality=8, macro_block_size=16)
        with contextlib.closing(writer):
            for one in frames:
                writer.append_data(one)
        coded.replace(temporary)
    return path


def _gif(frames: Sequence[np.ndarray], path: Path, widest: int = 960) -> Path:
    from PIL import Image

    images = [Image.fromarray(one) for one in frames]
    for image in images:
        image.thumbnail((widest, widest))
    palette = images[-1].quantize(128)
    indexed = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    pauses = [1000 // PER_SECOND] * (len(indexed) - 1) + [1500]
    with replacing(path) as temporary:
        indexed[0].save(temporary, format="GIF", save_all=True, append_images=indexed[1:], duration=pauses, loop=0)
    return path
