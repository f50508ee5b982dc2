"""Surfaces for the page's scene: in place, small, and the same again after unpacking."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest

pytest.importorskip("pyvista")

from twin.visual.solid import MOST_POINTS, STEPS, Plane, Surface, body, pack


def ball(radius: float, shape=(24, 30, 36), spacing=(3.0, 2.0, 1.5)) -> np.ndarray:
    place = np.stack(np.meshgrid(*(np.arange(n) * h for n, h in zip(shape, spacing, strict=True)), indexing="ij"))
    distance = np.linalg.norm(place - np.reshape([36.0, 30.0, 27.0], (3, 1, 1, 1)), axis=0)
    return 1 / (1 + np.exp(distance - radius))


def test_a_ball_lies_where_it_is_and_faces_outwards():
    points, triangles = body(ball(15.0), (3.0, 2.0, 1.5), 0.5)
    away = points - [27.0, 30.0, 36.0]
    assert np.abs(np.linalg.norm(away, axis=1) - 15.0).max() < 0.8 and len(triangles) < 6000
    a, b, c = (away[triangles[:, i].astype(int)] for i in range(3))
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), a) > 0).all()
    assert body(ball(15.0), (3.0, 2.0, 1.5), 1.5) is None


def test_more_points_than_an_index_can_name_are_made_fewer():
    points, _ = body(ball(15.0), (3.0, 2.0, 1.5), 0.5, across=170)
    assert 10_000 < len(points) <= MOST_POINTS


def test_what_is_packed_can_be_unpacked():
    points, triangles = body(ball(15.0), (3.0, 2.0, 1.5), 0.5)
    pixels = np.arange(5 * 3 * 2, dtype=np.uint8).reshape(5, 3, 2)
    packed = pack([Surface("g", "n", points, triangles, "#ff0000")], [Plane("axial", np.zeros((4, 3)), pixels)])
    mesh, plane = packed.model["meshes"][0], packed.model["planes"][0]
    data = zlib.decompress(base64.b64decode(packed.data))

    def numbers(start: int, rows: int, count: int) -> np.ndarray:
        steps = np.frombuffer(data, "<u2", rows * count, start).reshape(rows, count)
        return np.cumsum(steps.astype(int), axis=1) % 65536

    places = numbers(mesh["places"], 3, mesh["points"]).T / STEPS * mesh["size"] + mesh["low"]
    assert np.abs(places - points).max() < 0.01
    assert (numbers(mesh["triangles"], 1, 3 * mesh["faces"]).ravel() == triangles.ravel()).all()
    assert data[plane["image"] :][: pixels.size] == pixels.tobytes() and plane["pixels"] == [3, 5]
