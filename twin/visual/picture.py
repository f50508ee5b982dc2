"""A picture with the words it needs: a file, an inline element of the page, an alternative text."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from twin.store import replacing


@dataclass(frozen=True)
class Picture:
    """``pixels`` (height, width, 3 or 4; uint8) or, for charts, ``svg`` and the same as ``pixels`` for the file.

    ``alt`` says in words what is to be seen; ``title`` and ``note`` stand beside it on the page.
    """

    name: str
    alt: str
    pixels: np.ndarray = field(repr=False)
    title: str = ""
    note: str = ""
    svg: str = field(repr=False, default="")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])

    def save(self, folder: Path) -> Path:
        """``NAME.png`` in ``folder``, transparent parts laid on white."""
        from PIL import Image

        image = Image.fromarray(self.pixels)
        if image.mode == "RGBA":
            paper = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(paper, image).convert("RGB")
        path = folder / f"{self.name}.png"
        with replacing(path) as temporary:
            image.save(temporary, format="PNG", optimize=False, compress_level=4)
        return path

    def data_uri(self, quality: int = 88) -> str:
        """The pixels as a WebP (transparency kept) for the ``src`` of an image element."""
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray(self.pixels).save(stream, format="WEBP", quality=quality, method=4)
        return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
