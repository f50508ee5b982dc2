"""Can this machine render? Asked in a subprocess, because VTK without EGL does not raise: it crashes the process."""

from __future__ import annotations

import functools
import importlib.util
import os
import subprocess
import sys

REMEDY = "on Debian or Ubuntu: apt-get install -y libegl1 libgl1-mesa-dri"

_SCENE = """
import pyvista as pv
plotter = pv.Plotter(off_screen=True, window_size=(32, 32))
plotter.set_background("black")
plotter.add_mesh(pv.Sphere(theta_resolution=8, phi_resolution=8), color="white")
picture = plotter.screenshot(return_img=True)
raise SystemExit(0 if picture.max() > 100 else 9)
"""


def can_mesh() -> bool:
    """Whether surfaces can be made, which needs PyVista and no graphics: a page's scene is drawn by the reader's browser."""
    return not os.environ.get("ONCOTWIN_NO_3D") and importlib.util.find_spec("pyvista") is not None


@functools.cache
def can_render() -> tuple[bool, str]:
    """Whether VTK draws off screen here, and one line that says so or names what to install.

    The answer is kept for the life of the process. The environment variable ``ONCOTWIN_NO_3D`` (any value) answers no.
    """
    if os.environ.get("ONCOTWIN_NO_3D"):
        return False, "three-dimensional pictures are switched off (ONCOTWIN_NO_3D is set)"
    if importlib.util.find_spec("pyvista") is None:
        return False, "PyVista is not installed: pip install 'oncotwin[visual]'"
    return _verdict(_try_scene())


def _try_scene(timeout_s: float = 120.0) -> int | None:
    """The exit status of a tiny rendering in a process of its own; None: it never ended."""
    command = [sys.executable, "-c", _SCENE]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def _verdict(status: int | None) -> tuple[bool, str]:
    if status == 0:
        return True, "VTK renders off screen"
    if status is None:
        return False, f"VTK did not finish a test picture; {REMEDY}"
    if status == 9:
        return False, f"VTK drew an empty picture; {REMEDY}"
    return False, f"VTK cannot render here (a test picture ended with status {status}); {REMEDY}"
