"""Whether a results folder is new, to be resumed, already finished, or somebody else's."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twin.errors import DataRefused, UsageError
from twin.provenance import Manifest
from twin.store import load_json, plain


def claim(
    manifest: Manifest,
    folder: Path,
    outputs: Sequence[str],
    intermediate: Sequence[str] = (),
    overwrite: bool = False,
) -> bool:
    """Claim ``folder`` for the run that ``manifest`` describes; whether that run had already finished there.

    A folder of the same fingerprint is resumed. One of another case or configuration is refused (UsageError that says
    what differs) unless ``overwrite``, which removes the step's ``outputs`` and ``intermediate`` files first. A folder
    without any of these files is free. Nothing else in it is touched.
    """
    _make(folder)
    if overwrite:
        _remove(folder, (*outputs, *intermediate))
    if any((folder / name).exists() for name in (*outputs, *intermediate)):
        path = Manifest.path(folder, manifest.command)
        known = load_json(path) if path.exists() else {}
        if known.get("fingerprint") != manifest.fingerprint:
            raise _somebody_elses(folder, manifest, known)
        if known.get("state") == "finished" and all((folder / name).exists() for name in outputs):
            return True
    manifest.write(folder, state="started")
    return False


def _remove(folder: Path, names: Sequence[str]) -> None:
    for path in (folder / name for name in names):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{folder} is a file, not a folder.", remedy="name another folder with --out") from None
    except OSError as error:
        raise DataRefused(
            f"{folder} cannot be written: {error.strerror}.", remedy="name a folder that you may write to with --out"
        ) from None


def _somebody_elses(folder: Path, manifest: Manifest, known: dict[str, Any]) -> UsageError:
    return UsageError(
        f"{folder} already holds a '{manifest.command}' of another case or configuration.",
        where="; ".join(_differences(manifest, known)) or "another version of oncotwin",
        why="mixing two runs in one folder would give a result of neither",
        remedy="name another folder with --out, or give --overwrite to replace it",
    )


def _differences(manifest: Manifest, known: dict[str, Any]) -> list[str]:
    if not known:
        return ["results without a manifest, made by other means"]
    ours = plain({**manifest.configuration, "seed": manifest.seed})
    theirs = {**known.get("configuration", {}), "seed": known.get("seed")}
    told = [f"{k}: {theirs.get(k)} there, {ours.get(k)} now" for k in ours if theirs.get(k) != ours.get(k)]
    hashes = known.get("inputs_sha256", {})
    changed = sorted(n for n in manifest.inputs.keys() | hashes.keys() if manifest.inputs.get(n) != hashes.get(n))
    return told + ([f"other input files ({', '.join(changed[:4])})"] if changed else [])
