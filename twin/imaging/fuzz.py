"""Readers under fire: thousands of damaged files, each to be read sanely or refused in words, in time and in memory.

``oncotwin fuzz --count 10000`` runs every target; a case is reproduced by its target, seed and number. The
reader works in a process of its own, so that a hang or a crash of compiled code is a finding and not the end.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from twin.imaging import sandbox
from twin.imaging.fuzz_targets import TARGETS, Target
from twin.progress import SILENT, Progress, stage

SECONDS = 5.0
MEMORY_MB = 1024
START_SECONDS = 120.0

NUMBERS = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFE,
    0xFFFFFFFF,
    2**63 - 1,
    2**64 - 1,
)
FLOATS = (0.0, -0.0, -1.0, 1e-45, 1e38, 1e308, float("inf"), float("-inf"), float("nan"))
WORDS = (
    b"nan",
    b"inf",
    b"-1",
    b"1e308",
    b"1e-300",
    b"0",
    b"99999999999",
    b"\\\\\\\\",
    b"",
    b"%s%n",
    b"../../x",
    b"\x00\x00",
)


@dataclass
class Outcome:
    """What happened to the damaged files of one target. ``findings``: (number, what went wrong); empty is a pass."""

    target: str
    read: int = 0
    refused: int = 0
    findings: list[tuple[int, str]] = field(default_factory=list)
    slowest_s: float = 0.0
    peak_mb: float = 0.0

    @property
    def count(self) -> int:
        return self.read + self.refused + len(self.findings)

    def __str__(self) -> str:
        words = f"{self.target}: {self.count} damaged files, {self.refused} refused in words, {self.read} read sanely, "
        words += f"{len(self.findings)} findings; slowest {self.slowest_s:.2f} s, {self.peak_mb:.0f} MB at most"
        return "\n".join([words, *(f"  number {n}: {what}" for n, what in self.findings[:10])])


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """One to eight changes: bits, bytes, numbers and words at any place, and now and then a cut, a gap or a repeat."""
    body = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        if len(body) > 8:
            _CHANGES[int(rng.choice(len(_CHANGES), p=_ODDS))](body, rng)
    return bytes(body)


def _place(body: bytearray, rng: np.random.Generator, width: int = 1) -> int:
    """Early places are likelier: headers come first."""
    end = len(body) - width
    return int(rng.integers(0, end)) if rng.random() < 0.4 else int(end * rng.random() ** 3)


def _flip(body: bytearray, rng: np.random.Generator) -> None:
    body[_place(body, rng)] ^= 1 << int(rng.integers(8))


def _byte(body: bytearray, rng: np.random.Generator) -> None:
    body[_place(body, rng)] = int(rng.integers(256))


def _number(body: bytearray, rng: np.random.Generator) -> None:
    width = int(rng.choice([2, 4, 8]))
    value = int(NUMBERS[int(rng.integers(len(NUMBERS)))]) % 2 ** (8 * width)
    at = _place(body, rng, width) // 2 * 2
    body[at : at + width] = value.to_bytes(width, "little" if rng.random() < 0.8 else "big")


def _float(body: bytearray, rng: np.random.Generator) -> None:
    with np.errstate(over="ignore"):
        value = np.array(FLOATS[int(rng.integers(len(FLOATS)))]).astype("<f4" if rng.random() < 0.6 else "<f8").tobytes()
    at = _place(body, rng, 8) // 4 * 4
    body[at : at + len(value)] = value


def _word(body: bytearray, rng: np.random.Generator) -> None:
    word = WORDS[int(rng.integers(len(WORDS)))]
    at = _place(body, rng, 8)
    body[at : at + len(word)] = word


def _cut(body: bytearray, rng: np.random.Generator) -> None:
    del body[_place(body, rng) :]


def _gap(body: bytearray, rng: np.random.Generator) -> None:
    at = _place(body, rng)
    del body[at : at + int(rng.integers(1, 64))]


def _repeat(body: bytearray, rng: np.random.Generator) -> None:
    at, length = _place(body, rng), int(rng.integers(1, 200))
    body[at:at] = body[at : at + length]


_CHANGES = (_flip, _byte, _number, _float, _word, _cut, _gap, _repeat)
_ODDS = (0.22, 0.2, 0.2, 0.14, 0.14, 0.02, 0.04, 0.04)


def damaged(target: Target, seed: int, number: int) -> bytes:
    """The damaged file of that number: the same every time."""
    rng = np.random.default_rng([seed, number])
    if rng.random() < 0.1:
        return mutate(target.pack(target.seed()), rng)
    return target.pack(mutate(target.seed(), rng))


def fuzz(
    name: str, count: int, seed: int = 0, progress: Progress = SILENT, seconds: float = SECONDS, first: int = 0
) -> Outcome:
    """Show ``count`` damaged files, from number ``first`` on, to the readers of a target. A finding: an exception that is no
    refusal, a hang over ``seconds``, a crash, more than 1 GB, or an image whose geometry or values are not finite."""
    target, outcome = TARGETS[name], Outcome(name)
    with stage(progress, f"Damaged files: {name}", count), _Reader(name) as reader:
        for number in range(first, first + count):
            verdict = reader.show(damaged(target, seed, number), seconds)
            _count(outcome, number, verdict)
            progress.advance(note=f"{len(outcome.findings)} findings")
    return outcome


def _count(outcome: Outcome, number: int, verdict: dict[str, Any]) -> None:
    outcome.slowest_s = max(outcome.slowest_s, verdict["seconds"])
    outcome.peak_mb = max(outcome.peak_mb, verdict["mb"])
    if verdict["kind"] == "read":
        outcome.read += 1
    elif verdict["kind"] == "refused":
        outcome.refused += 1
    else:
        outcome.findings.append((number, verdict["words"]))


class _Reader:
    """A child process that reads what it is shown; replaced when it hangs or dies."""

    def __init__(self, target: str):
        self.target = target
        self.context = multiprocessing.get_context("spawn")

    def __enter__(self) -> _Reader:
        self._start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop()

    def _start(self) -> None:
        self.ours, theirs = self.context.Pipe()
        self.child = self.context.Process(target=serve, args=(theirs, self.target), daemon=True)
        self.child.start()
        theirs.close()
        if not self.ours.poll(START_SECONDS):
            raise RuntimeError("the reading process does not start")
        self.ours.recv()

    def _stop(self) -> None:
        self.child.kill()
        self.child.join()
        self.ours.close()

    def show(self, body: bytes, seconds: float) -> dict[str, Any]:
        self.ours.send_bytes(body)
        try:
            if self.ours.poll(seconds):
                return self.ours.recv()
            words = f"no answer within {seconds:g} s"
        except (EOFError, ConnectionResetError):
            words = "the reading process crashed"
        self._stop()
        self._start()
        return {"kind": "broken", "words": words, "seconds": seconds, "mb": 0.0}


def serve(pipe: Any, name: str) -> None:
    """The child's loop: a file in, a verdict out."""
    import resource
    import time

    def peak() -> float:
        return max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, sandbox.peak_mb())

    target = TARGETS[name]
    with tempfile.TemporaryDirectory(prefix="oncotwin-") as scratch:
        path = Path(scratch, "file" + target.ending)
        target.warm(path)
        before = peak()
        pipe.send("ready")
        for body in _received(pipe):
            path.write_bytes(body)
            start = time.monotonic()
            kind, words = target.judge(path)
            held = peak()
            if held - before > MEMORY_MB:
                kind, words, before = "broken", f"{held - before:.0f} MB were taken", held
            pipe.send({"kind": kind, "words": words, "seconds": time.monotonic() - start, "mb": held})


def _received(pipe: Any) -> Iterator[bytes]:
    while True:
        try:
            yield pipe.recv_bytes()
        except EOFError:
            return
