"""Surfaces as a binary glTF 2.0 file (.glb), for any other viewer: metres, head up, one named node a surface."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin import RESEARCH_USE_ONLY
from twin.store import replacing
from twin.visual.palette import rgb
from twin.visual.solid import Surface

FLOAT, INDEX, TRIANGLES = 5126, 5123, 4
TO_METRES = [1e-3, 0, 0, 0, 0, 0, -1e-3, 0, 0, 1e-3, 0, 0, 0, 0, 0, 1]
"""Left, back, head in millimetres to glTF's x, -z, y in metres (column by column)."""


def write_glb(path: Path, surfaces: Sequence[Surface], title: str) -> Path:
    """Write the surfaces, those that hide others last; ``asset.copyright`` says what the file may be used for."""
    body = bytearray()
    views: list[dict] = []
    accessors: list[dict] = []
    meshes: list[dict] = []
    materials: list[dict] = []
    for surface in surfaces:
        points = np.ascontiguousarray(surface.points, "<f4")
        extremes = {"min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()}
        place = _append(body, views, accessors, points, {"componentType": FLOAT, "type": "VEC3", **extremes}, 34962)
        corners = np.ascontiguousarray(surface.triangles, "<u2").ravel()
        index = _append(body, views, accessors, corners, {"componentType": INDEX, "type": "SCALAR"}, 34963)
        materials.append(_material(surface))
        drawn = {"attributes": {"POSITION": place}, "indices": index, "material": len(materials) - 1, "mode": TRIANGLES}
        meshes.append({"name": surface.name, "primitives": [drawn]})
    nodes: list[dict[str, Any]] = [{"name": s.name, "mesh": i} for i, s in enumerate(surfaces)]
    nodes.append({"name": title, "matrix": TO_METRES, "children": list(range(len(surfaces)))})
    document = {
        "asset": {"version": "2.0", "generator": "oncotwin", "copyright": RESEARCH_USE_ONLY},
        "scene": 0,
        "scenes": [{"name": title, "nodes": [len(surfaces)]}],
        "nodes": nodes,
        "meshes": meshes,
        "materials": materials,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(body)}],
    }
    with replacing(path) as temporary:
        temporary.write_bytes(_container(json.dumps(document, separators=(",", ":")).encode(), bytes(body)))
    return path


def _append(body: bytearray, views: list, accessors: list, values: np.ndarray, kind: dict, target: int) -> int:
    """Add an array on a multiple of four bytes; the number of its accessor."""
    body.extend(b"\0" * (-len(body) % 4))
    views.append({"buffer": 0, "byteOffset": len(body), "byteLength": values.nbytes, "target": target})
    body.extend(values.tobytes())
    accessors.append({"bufferView": len(views) - 1, "count": len(values), **kind})
    return len(accessors) - 1


def _material(surface: Surface) -> dict[str, Any]:
    """Clear surfaces are blended; glTF knows no rim, so that is added in part to the opacity."""
    linear = [round(((c + 0.055) / 1.055) ** 2.4 if c > 0.04 else c / 12.92, 4) for c in rgb(surface.colour)]
    opacity = min(1.0, surface.opacity + 0.1 * surface.rim)
    look = {"baseColorFactor": [*linear, round(opacity, 3)], "metallicFactor": 0.0, "roughnessFactor": 0.65}
    return {"name": surface.name, "pbrMetallicRoughness": look, "alphaMode": "OPAQUE" if opacity >= 1 else "BLEND"}


def _container(text: bytes, body: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(body), 0x004E4942) + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
