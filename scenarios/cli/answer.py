"""The answer of a command that computes no results folder: printed as JSON, and kept with a manifest where asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scenarios.cli.voice import Voice


def answer(voice: Voice, command: str, value: dict[str, Any], out: Path | None, files: Sequence[Path] = ()) -> None:
    """Give ``value`` to ``--json``; with ``--out`` leave ``COMMAND.json`` in that folder, and its manifest.

    ``files``: what it was read from, the case file first.
    """
    voice.result(value)
    if out is None:
        return
    from twin.provenance import Manifest
    from twin.store import save_json

    manifest = Manifest(command, {})
    manifest.add_inputs(files, files[0].parent if files else out)
    save_json(out / f"{command}.json", value)
    manifest.write(out)
    voice.note(f"Kept in {out / f'{command}.json'}.")
