"""A head without its face: nose and ears are gone from every image of the date, no voxel of the brain is touched."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from tests.twin.imaging.dicom import studies
from tests.twin.imaging.heads import lying_anyhow
from twin.errors import DataRefused
from twin.imaging.dicom import import_study, phantom
from twin.imaging.read import read_image


@pytest.mark.slow
def test_an_import_can_remove_the_face(tmp_path):
    head = lying_anyhow()
    grid, exam = head.t1.grid, phantom.Exam(datetime.date(2026, 1, 5))
    t1 = np.clip(head.t1.values + 10, 0, 400).astype(np.uint16)
    made = phantom.slices(exam, t1, grid, 3, SeriesDescription="t1 mprage")
    made += phantom.slices(exam, 420 - t1, grid, 4, SeriesDescription="t2 tse")
    studies.shuffled(made, tmp_path / "pacs")
    report = import_study(tmp_path / "pacs", tmp_path / "case", mode="research", deface=True)
    assert any("the face is removed" in line for line in report.lines)
    for role, whole in (("t1", t1), ("t2", 420 - t1)):
        found = read_image(tmp_path / f"case/day000/{role}.nii.gz")
        where = np.rint(index(found.grid, head.nose_mm)).astype(int)
        assert found.values[tuple(where)] == found.values.min() and found.values.min() == whole.min()
        ears = np.rint(index(found.grid, grid.index_to_mm(np.argwhere(head.ears)))).astype(int)
        assert len(ears) > 200 and (found.values[tuple(ears.T)] == found.values.min()).mean() > 0.98
        brain = np.argwhere(head.brain)[::50]
        mine = np.rint(index(found.grid, grid.index_to_mm(brain))).astype(int)
        np.testing.assert_array_equal(found.values[tuple(mine.T)], whole[tuple(brain.T)])


def index(grid, places_mm) -> np.ndarray:
    step = np.reshape(grid.direction, (3, 3)) * np.asarray(grid.spacing_mm)[::-1]
    return np.linalg.solve(step, (np.atleast_2d(places_mm) - grid.origin_mm).T).T[:, ::-1].squeeze()


def test_a_date_without_a_t1_is_refused_and_a_face_is_said(tmp_path):
    patient, exam = studies.head(), phantom.Exam(datetime.date(2026, 1, 5))
    studies.shuffled(phantom.slices(exam, patient.t1, patient.grid, 3, SeriesDescription="FLAIR"), tmp_path / "pacs")
    with pytest.raises(DataRefused, match="the date has no T1"):
        import_study(tmp_path / "pacs", tmp_path / "case", deface=True)
    said = import_study(tmp_path / "pacs", tmp_path / "case", mode="research").lines
    assert any("show a face; --deface removes it" in line for line in said)
