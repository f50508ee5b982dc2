"""Reading images: NIfTI, NRRD and MetaImage by SimpleITK, after the header was found sane."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.image import Image, from_itk
from twin.imaging.nifti_header import ORTHONORMAL, NiftiHeader, check_nifti, check_voxels, is_nifti, unreadable
from twin.imaging.sandbox import Failed, guarded
from twin.imaging.straighten import write_straight

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
MEMORY = 8 << 30


def read_image(path: Path, where: str = "", *, straighten: bool = False) -> Image:
    """The image in ``path``. ``where`` is how messages name it (default: the file's name).

    Refused: a missing or damaged file, an unknown format, several volumes or colours, NaN or infinite voxels, axes that are
    not at right angles (``straighten`` takes the nearest rotation instead; ``Image.note`` says how far voxels move).
    """
    where = where or path.name
    header = check_file(path, where, sheared=straighten)
    if header is not None and (bad := check_voxels(path, header, where)):
        raise _not_finite(bad, int(np.prod(header.shape)), where)
    if header is not None and header.skew > ORTHONORMAL:
        return _read_straight(path, where, header)
    values, grid = _read(path, where) if header is not None else _read_apart(path, where)
    check_finite(values, where)
    remark = "" if header is None or not header.remark else f"{where} {header.remark}."
    return Image(values, grid, where, remark)


def _read_straight(path: Path, where: str, header: NiftiHeader) -> Image:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "straight.nii"
        moved = write_straight(path, copy, header)
        values, grid = _read(copy, where)
    check_finite(values, where)
    return Image(
        values, grid, where, f"{where}: sheared axes were replaced by the nearest rotation; corners move {moved:.2g} mm."
    )


def check_file(path: Path, where: str = "", *, sheared: bool = False) -> NiftiHeader | None:
    """Refuse what can be seen without reading the voxels; the header of a NIfTI file."""
    where = where or path.name
    if not path.is_file():
        raise DataRefused(
            f"{where} is not there.",
            where=where,
            why="the case names it",
            remedy="check the name (capital letters count) and that it is relative to the case file" + _near(path),
        )
    if not path.name.lower().endswith(ENDINGS):
        raise DataRefused(
            f"{where} is not in a format that is read here.",
            where=where,
            remedy=f"convert it to NIfTI (.nii.gz); read are {', '.join(ENDINGS)}",
        )
    return check_nifti(path, where, sheared=sheared) if is_nifti(path) else None


def check_finite(values: np.ndarray, where: str) -> None:
    """Refuse NaN and infinite voxels, with their number."""
    if values.dtype.kind != "f":
        return
    bad = int(values.size - np.count_nonzero(np.isfinite(values)))
    if bad:
        raise _not_finite(bad, values.size, where)


def _not_finite(bad: int, size: int, where: str) -> DataRefused:
    return DataRefused(
        f"{where} holds {bad:,} voxels that are NaN or infinite (of {size:,}).",
        where=where,
        why="one such voxel spreads through every sum and every step of the solver",
        remedy="replace them by the background value, and find out why the export made them (often a division by zero)",
    )


def _read_apart(path: Path, where: str) -> tuple[np.ndarray, Grid]:
    """Formats whose header is not checked here are read by ITK in a process of its own: it may hang or crash on them."""
    try:
        values, facts = guarded(attempt, str(path), where, memory=MEMORY)
    except Failed as failure:
        raise unreadable(where, str(failure)) from None
    if values is None:
        raise DataRefused(**facts)
    return values, Grid(**{name: tuple(value) for name, value in facts.items()})


def attempt(path: str, where: str) -> tuple[np.ndarray | None, dict[str, Any]]:
    """What :func:`_read` gives or refuses, as values that cross processes: (array, the grid) or (None, the refusal)."""
    try:
        values, grid = _read(Path(path), where)
    except DataRefused as refused:
        return None, {"what": refused.what, "where": refused.where, "why": refused.why, "remedy": refused.remedy}
    return values, asdict(grid)


def _read(path: Path, where: str):
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise unreadable(where, _last_words(error)) from None
    while image.GetDimension() > 3 and image.GetSize()[-1] == 1:
        image = image[(*[slice(None)] * (image.GetDimension() - 1), 0)]
    if image.GetDimension() == 2:
        image = sitk.JoinSeries(image)
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise DataRefused(
            f"{where} is not a single three-dimensional volume of plain numbers.",
            where=where,
            why="the twin would not know which part is meant",
            remedy="extract the volume that is meant into a file of its own",
        )
    return from_itk(image, single_precision=is_nifti(path))


def _last_words(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "the reader gave no reason"


def _near(path: Path) -> str:
    import difflib

    names = {p.name.lower(): p.name for p in sorted(path.parent.iterdir())} if path.parent.is_dir() else {}
    near = difflib.get_close_matches(path.name.lower(), names, n=1)
    return f"; beside it lies '{names[near[0]]}'" if near else ""
