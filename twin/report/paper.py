"""The page as a PDF: the same words, pictures and tables on A4, by WeasyPrint or by a browser without a window."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from twin.errors import OncotwinError
from twin.store import replacing

WIDEST = 1400
"""Pixels across of a picture on paper: about 190 dots an inch over a page's width."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEDY = "on Debian or Ubuntu: apt-get install -y libpango-1.0-0 libpangoft2-1.0-0, or apt-get install -y chromium"


def write_pdf(page: Path, path: Path | None = None) -> Path:
    """``report.pdf`` beside (or ``path`` instead of) a ``report.html``; the path.

    WeasyPrint makes it, which adds bookmarks and tags for screen readers; where its text library (Pango) is missing, a
    Chromium that is installed. Raises :class:`twin.errors.OncotwinError` with what to install where neither is there.
    """
    path = path or page.with_suffix(".pdf")
    printer = printer_here()
    html = on_paper(page.read_text(encoding="utf-8"))
    with replacing(path) as temporary:
        printer(html, temporary)
    return path


def printer_here() -> Callable[[str, Path], None]:
    """The first of the two that works on this machine."""
    if has_weasyprint():
        return by_weasyprint
    if browser() is not None:
        return by_browser
    raise OncotwinError(
        "This machine cannot make a PDF: WeasyPrint finds no Pango, and there is no Chromium.",
        why="the page itself is there and prints from any browser",
        remedy=REMEDY,
    )


def has_weasyprint() -> bool:
    """Whether WeasyPrint and the system libraries that it loads are there."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


def browser() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def by_weasyprint(html: str, path: Path) -> None:
    """Print with WeasyPrint, which fetches nothing: every picture is in the page."""
    import logging

    import weasyprint
    from weasyprint.urls import URLFetcher

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # it names each property that only screens know
    weasyprint.HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",))).write_pdf(path, pdf_tags=True)


def by_browser(html: str, path: Path, timeout_s: float = 180.0) -> None:
    """Print with a Chromium that has neither window nor network."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "paper.html", Path(folder) / "paper.pdf"
        source.write_text(html, encoding="utf-8")
        switches = ("headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking", "disable-sync")
        command = [browser() or BROWSERS[0], *(f"--{s}" for s in switches), f"--user-data-dir={folder}/profile"]
        command += ["--no-pdf-header-footer", "--generate-pdf-document-outline", f"--print-to-pdf={made}", source.as_uri()]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False)
        if not made.exists():
            raise OncotwinError("Chromium made no PDF of the page.", remedy=REMEDY.split(", or")[0])
        shutil.copyfile(made, path)


def on_paper(html: str) -> str:
    """The page without its script, its charts in the colours of paper, its pictures on white and no finer than print."""
    html = re.sub(r"<script.*?</script>\n?", "", html, flags=re.DOTALL)
    colours = paper_colours(html)
    html = re.sub(r"<svg.*?</svg>", lambda m: _resolved(m[0], colours), html, flags=re.DOTALL)
    return re.sub(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", lambda m: _on_white(m[1]), html)


def paper_colours(html: str) -> dict[str, str]:
    """The page's colour variables as its print rules set them."""
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    css = style[1] if style else ""
    printed = css[css.find("@media print") :]
    found = re.findall(r"(--[\w-]+):\s*(#[0-9a-fA-F]+)", css.split("@media")[0])
    return dict(found) | dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-fA-F]+)", printed.split("}")[0]))


def _resolved(svg: str, colours: dict[str, str]) -> str:
    """A drawing whose colours are written out: printers do not carry a page's variables into drawings."""
    return re.sub(r"var\((--[\w-]+)\)", lambda m: colours.get(m[1], "#000"), svg)


def _on_white(data: str) -> str:
    from PIL import Image

    picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    flat = Image.alpha_composite(paper, picture).convert("RGB")
    flat.thumbnail((WIDEST, WIDEST))
    stream = io.BytesIO()
    flat.save(stream, format="JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
