"""Binary glTF: the container, names, metres and the notice."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from twin import RESEARCH_USE_ONLY
from twin.visual.glb import TO_METRES, write_glb
from twin.visual.solid import Surface

POINTS = np.array([[0, 0, 0], [10, 0, 0], [0, 20, 0], [0, 0, 30]], np.float32)
TRIANGLES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.uint16)


def test_a_file_that_says_what_it_is_and_in_which_unit(tmp_path):
    surfaces = [
        Surface("p95", "Standard, 95 %", POINTS, TRIANGLES, "#ff0000"),
        Surface("g", "brain", POINTS, TRIANGLES, "#0000ff", 0.1, 0.8),
    ]
    data = write_glb(tmp_path / "a.glb", surfaces, "Standard, day 90").read_bytes()
    magic, version, size = struct.unpack_from("<4sII", data)
    length, kind = struct.unpack_from("<II", data, 12)
    text = json.loads(data[20 : 20 + length])
    assert (magic, version, size, kind) == (b"glTF", 2, len(data), 0x4E4F534A)
    assert text["asset"]["copyright"] == RESEARCH_USE_ONLY and text["nodes"][0]["name"] == "Standard, 95 %"
    assert [m["alphaMode"] for m in text["materials"]] == ["OPAQUE", "BLEND"]
    head = np.reshape(TO_METRES, (4, 4)).T @ [0, 0, 1000, 1]
    assert np.allclose(head, [0, 1, 0, 1])  # a metre towards the head is a metre up


def test_another_reader_finds_the_same_solid(tmp_path):
    pyvista = pytest.importorskip("pyvista")
    path = write_glb(tmp_path / "a.glb", [Surface("a", "a", POINTS, TRIANGLES, "#ff0000")], "t")
    found = pyvista.read(path).combine()
    assert found.n_cells == 4 and np.allclose(sorted(np.subtract(found.bounds[1::2], found.bounds[::2])), [0.01, 0.02, 0.03])
