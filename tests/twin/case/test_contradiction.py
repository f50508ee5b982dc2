"""Labels that contradict the images stop a case until somebody has looked; nearness of organs; lesions in inspect."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.case.folders import GRID, good, refused, segmentation, spoil
from twin.case import inspect_case, load_case
from twin.geometry.organs import nearness
from twin.imaging.write import write_image

ENTRY = {"file": "day30/seg.nii.gz", "labels": {"cavity": 4, "oedema": 2, "necrosis": 1}}
"""BraTS 2021 numbers read as BraTS 2024."""


@pytest.fixture
def folder(tmp_path):
    return good(tmp_path)


def shown(folder, day: int, labels: np.ndarray, bright: int) -> None:
    """A T1-Gd on which label ``bright`` enhances, with tissue of some spread."""
    tissue = 100 + 10 * np.random.default_rng(0).standard_normal(GRID.shape)
    values = np.where(labels == bright, 300, np.where(labels > 0, 60, tissue))
    write_image(folder / f"day{day}/t1gd.nii.gz", values.astype(np.float32), GRID)


def test_a_cavity_that_enhances_stops_the_case_until_it_was_looked_at(folder):
    labels = segmentation(4)
    shown(folder, 30, labels, 4)
    spoil(folder, "visits", 1, "segmentations", 0, value=ENTRY)
    refused(folder, "The cavity on day 30 enhances", where="day 30, cavity", why="BraTS 2021", remedy="labels_checked")
    spoil(folder, "labels_checked", value=True)
    assert load_case(folder).visits[1].regions["cavity"].any()


def test_enhancing_tumour_that_is_dark_stops_the_case(folder):
    shown(folder, 30, segmentation(4), 2)
    refused(folder, "enhancing tumour on day 30 is dark", where="day 30, enhancing", why="a cavity in", remedy="preset")
    shown(folder, 30, segmentation(4), 4)
    load_case(folder)


def test_a_lesion_that_changes_sides_stops_the_case(folder):
    for day, shift in ((0, -5), (30, 5)):
        write_image(folder / f"day{day}/seg.nii.gz", np.roll(segmentation(3), shift, axis=2), GRID)
    refused(
        folder,
        "right hemisphere on day 0 and in the left one on day 30",
        where="day 30",
        why="exchanged",
        remedy="orientation",
    )
    spoil(folder, "site", value="breast")
    load_case(folder)


def test_nearness_of_an_organ():
    lesion, organ = segmentation(3) > 0, np.zeros(GRID.shape, bool)
    organ[6, 12, 18] = True
    found = nearness(lesion, organ, GRID)
    assert found.distance_mm == pytest.approx(6 * 1.5) and found.overlap_ml == 0 and "9 mm from the lesion" in str(found)
    assert "takes" in str(nearness(lesion, lesion, GRID)) and nearness(lesion, lesion, GRID).distance_mm == 0
    assert nearness(None, organ, GRID).distance_mm is None


def test_inspect_tells_what_became_of_lesions_and_how_near_organs_are(folder):
    second = segmentation(3)
    second[2:4, 4:6, 4:6] = 2
    write_image(folder / "day30/seg.nii.gz", second, GRID)
    write_image(
        folder / "organ.nii.gz", (np.arange(GRID.size).reshape(GRID.shape) == 2 * 480 + 3 * 20 + 3).astype(np.uint8), GRID
    )
    spoil(folder, "organs", value={"chiasm": "organ.nii.gz"})
    found = inspect_case(folder)
    text = "\n".join(found.lines)
    assert "From day 0 to day 30:" in text and "lesion 1 stable" in text and "new lesion 2" in text
    assert "chiasm: 0.0 mL, " in text and "mm from the lesion" in text
    assert found.facts["lesions"][0]["changes"][1]["change"] == "new"
    assert found.facts["organs"]["chiasm"]["distance_mm"] > 0
