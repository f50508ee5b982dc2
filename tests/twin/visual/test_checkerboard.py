"""The checkerboard shows both scans, and only visits that were registered have one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.twin.case.patients import everything
from twin.fields import field
from twin.visual.checkerboard import checkerboard, checkerboard_row, registered_visits
from twin.visual.view import view_of


def test_squares_alternate():
    board = checkerboard(np.zeros((1, 60, 60)), np.ones((1, 60, 60)), (1.0, 1.0, 1.0))
    assert board[0, 0, 0] == 0 and board[0, 0, 30] == 1 and board[0, 30, 30] == 0 and 0.3 < board.mean() < 0.7


def test_a_registered_visit_has_one_picture():
    patient = everything()
    image = field(np.random.default_rng(0).random(patient.grid.shape).astype(np.float32), patient.grid, "1")
    words = "rigidly registered to the baseline on t1gd (moved 3.0 mm)"
    visits = [
        replace(v, images={"t1gd": image}, alignment=words if k else v.alignment) for k, v in enumerate(patient.visits)
    ]
    patient = replace(patient, visits=tuple(visits))
    found = registered_visits(patient)
    assert [role for _, role in found] == ["t1gd"] * (len(patient.visits) - 1)
    pixels = checkerboard_row(view_of(patient), image.values, 1 - image.values)
    assert pixels.dtype == np.uint8 and pixels.std() > 10
