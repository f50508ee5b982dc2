"""The page in a browser: no request, no error, nothing wider than the window, nothing executed."""

from __future__ import annotations

import io
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow
QUIET = ("quic", "background-networking", "component-update", "sync", "gpu")
QUIET = ("quic", "background-networking", "component-update", "sync", "gpu")
ARGUMENTS = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]


@contextmanager
def browser(tmp_path, width: int = 1280, scheme: str = "light"):
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    with api.sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=program,
            headless=True,
            args=ARGUMENTS,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
        )
        yield context.pages[0]
        context.close()


def complains(message) -> bool:
    """Errors and warnings, but for the driver's remark that a screenshot of a canvas takes time."""
    return message.type in ("error", "warning") and "GPU stall due to ReadPixels" not in message.text


def visit(page, path) -> list[str]:
    """Open a report; what it asked for or complained of."""
    found: list[str] = []
    page.on("console", lambda m: found.append(f"{m.type}: {m.text}") if complains(m) else None)
    page.on("pageerror", lambda e: found.append(f"error: {e}"))
    page.on(
        "request", lambda r: found.append(f"request: {r.url[:80]}") if not r.url.startswith(("data:", "file:")) else None
    )
    page.on("dialog", lambda d: (found.append("dialog"), d.dismiss()))
    page.goto(path.as_uri())
    return found


def test_the_page_is_quiet_and_offline_and_every_picture_loads(full_report, tmp_path):
    with browser(tmp_path) as page:
        assert visit(page, full_report) == []
        widths = page.evaluate("Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth)))")
        assert len(widths) >= 16 and min(widths) >= 200
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_tabs_show_one_series_at_a_time_without_a_script(full_report, tmp_path):
    with browser(tmp_path) as page:
        visit(page, full_report)
        for key in ("shells", "slice", "cutaway"):
            page.click(f"label[for=s-{key}]")
            shown = page.evaluate(
                "[...document.querySelectorAll('.panels')].filter(p => p.offsetHeight > 0).map(p => p.className)"
            )
            assert shown == [f"panels p-{key}"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_needs_no_sideways_scrolling(flat_report, tmp_path, scheme):
    with browser(tmp_path, 390, scheme) as page:
        assert visit(page, flat_report) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_dark_pages_are_dark_and_paper_is_white(flat_report, tmp_path):
    with browser(tmp_path, scheme="dark") as page:
        visit(page, flat_report)
        ground = "getComputedStyle(document.body).backgroundColor"
        assert page.evaluate(ground) == "rgb(14, 20, 27)"
        page.emulate_media(media="print", color_scheme="light")
        assert page.evaluate(ground) == "rgb(255, 255, 255)"
        assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_no_payload_runs(poisoned_page, tmp_path):
    with browser(tmp_path) as page:
        assert visit(page, poisoned_page) == []
        page.mouse.move(300, 300)
        drawn(page)
        page.click("text=Top")
        assert page.evaluate("window.hit === undefined && !document.querySelector('iframe, math')")


def drawn(page) -> np.ndarray:
    """The scene as the browser draws it, (height, width, 3)."""
    page.evaluate("document.getElementById('scene').scrollIntoView()")
    page.wait_for_selector("#scene[data-ready=yes]")
    shot = page.locator("#scene canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), int)


def reddish(picture: np.ndarray) -> int:
    """Pixels of the certain and the likely shell."""
    return int(((picture[..., 0] > 130) & (picture[..., 0] > 1.5 * picture[..., 2])).sum())


def test_the_scene_is_drawn_turned_and_switched(full_report, tmp_path):
    with browser(tmp_path) as page:
        assert visit(page, full_report) == []
        start = drawn(page)
        assert reddish(start) > 2000 and len(np.unique(start.reshape(-1, 3), axis=0)) > 200
        page.focus("#scene canvas")
        page.keyboard.press("ArrowLeft")
        assert (drawn(page) != start).mean() > 0.02
        page.click("text=Start")
        assert (drawn(page) != start).mean() < 0.002
        for words in ("95 % probability", "50 % probability", "5 % probability", "cerebral arteries"):
            page.click(f'.scene-controls >> text="{words}"')
        without = drawn(page)
        assert reddish(without) < 50
        page.click('.scene-controls >> text="95 % of the dose"')
        assert (drawn(page) != without).mean() > 0.005
        page.click(".scene-controls >> text=No further treatment")
        assert "No further treatment" in page.inner_text(".scene-caption")
