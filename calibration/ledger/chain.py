"""Append-only JSON lines, each sealed by a hash that takes in the line before."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.errors import DataRefused
from twin.hold import held
from twin.store import plain, save_text

LEDGER, HEAD = "ledger.jsonl", "ledger.head"
START = "0" * 64
"""What the first record follows."""


@dataclass(frozen=True)
class Record:
    """One line. ``kind``: "forecast", "override", "note" or "score". ``content``: plain values by name."""

    number: int
    kind: str
    made: str
    previous: str
    content: Mapping[str, Any] = field(repr=False)
    hash: str

    @classmethod
    def follow(cls, number: int, kind: str, made: str, previous: str, content: Mapping[str, Any]) -> Record:
        head = _head(number, kind, made, previous, seals(content))
        return cls(number, kind, made, previous, content, _digest(head))

    def line(self) -> bytes:
        """The only way in which the ledger writes this record."""
        head = _head(self.number, self.kind, self.made, self.previous, seals(self.content))
        return (canonical({**head, "content": self.content, "hash": self.hash}) + "\n").encode()


@dataclass(frozen=True)
class Ledger:
    """The ledger of a results folder.

    A record's hash takes in its number, kind, date, the hash of the record before and a seal of each part of its content, so
    that any changed byte is found and named. ``ledger.head`` keeps the number and hash of the last record, so that a
    tail that was cut off is found. What cannot be found from within the folder is a whole ledger written anew together with
    its head: note the head's hash elsewhere and give it to :meth:`check`.
    """

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / LEDGER

    def records(self) -> list[Record]:
        """Every record. Raises DataRefused with everything that was changed, by record."""
        found, faults = self.read()
        if faults:
            raise DataRefused(
                f"The ledger was changed after it was written: {'; '.join(faults)}.",
                where=self.path.name,
                why="a track record that can be edited afterwards proves nothing",
                remedy="restore ledger.jsonl and ledger.head from a copy; another results folder starts a new ledger",
            )
        return found

    def check(self, expected: str) -> None:
        """Refuse a ledger in which no record has the hash ``expected``, noted elsewhere before."""
        if expected and not any(r.hash.startswith(expected) for r in self.records()):
            raise DataRefused(
                f"No record of the ledger has the hash {expected[:16]}.",
                where=self.path.name,
                why="the ledger that was noted is not this one: it was written anew, or belongs to another patient",
                remedy="find the folder that the hash was noted for",
            )

    def append(self, kind: str, content: Mapping[str, Any], made: str = "") -> Record:
        """Write one more record after checking all those before; a line that a dying process tore is taken off."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with held(self.path, "this ledger", "two forecasts would follow the same record"):
            self._mend()
            before = self.records()
            now = made or datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            previous = before[-1].hash if before else START
            record = Record.follow(len(before) + 1, kind, now, previous, plain(dict(content)))
            with self.path.open("ab") as stream:
                stream.write(record.line())
            save_text(self.folder / HEAD, f"{record.number} {record.hash}\n")
        return record

    def read(self) -> tuple[list[Record], list[str]]:
        """The records that can be read, and what is wrong, by record."""
        records: list[Record] = []
        faults: list[str] = []
        links = {START}
        for number, line in enumerate(self._whole().splitlines(keepends=True), start=1):
            record, wrong, links = _examined(number, line, links)
            faults += [f"record {number}: {w}" for w in wrong]
            records += [record] if record else []
        return records, faults + self._tail(records, faults)

    def _whole(self) -> bytes:
        """What was written, without a last line that a dying process tore: the head knows that it was not finished."""
        raw = self.path.read_bytes() if self.path.exists() else b""
        whole = raw[: raw.rfind(b"\n") + 1]
        return whole if whole.count(b"\n") == self._anchor()[0] else raw

    def _tail(self, records: list[Record], faults: list[str]) -> list[str]:
        """What ``ledger.head`` says of the end; one record more than it knows is a run that died before noting it."""
        count, anchor = self._anchor()
        if count is None:
            return [] if not records else [f"{HEAD} is missing or cannot be read"]
        if len(records) < count and not faults:
            return [f"records {len(records) + 1} to {count} are missing at the end"]
        if not faults and (len(records) > count + 1 or (count and records[count - 1].hash != anchor)):
            return [f"{HEAD} does not belong to the end of the ledger (record {len(records)})"]
        return []

    def _anchor(self) -> tuple[int | None, str]:
        path = self.folder / HEAD
        if not path.exists():
            return (0, START) if not self.path.exists() or self.path.read_bytes().count(b"\n") <= 1 else (None, "")
        parts = path.read_text(encoding="utf-8", errors="replace").split()
        return (int(parts[0]), parts[1]) if len(parts) == 2 and parts[0].isdigit() else (None, "")

    def _mend(self) -> None:
        """Take off a torn last line."""
        whole = len(self._whole())
        if self.path.exists() and whole < self.path.stat().st_size:
            with self.path.open("r+b") as stream:
                stream.truncate(whole)


def canonical(value: Any) -> str:
    """The one way in which a plain value is written."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def seals(content: Mapping[str, Any]) -> dict[str, str]:
    """A short hash of each part of a content, so that the part that was changed can be named."""
    return {name: _digest(value)[:32] for name, value in content.items()}


def _head(number: int, kind: str, made: str, previous: str, sealed: Mapping[str, str]) -> dict[str, Any]:
    return {"number": number, "kind": kind, "made": made, "previous": previous, "seals": dict(sealed)}


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _examined(number: int, line: bytes, links: set[str]) -> tuple[Record | None, list[str], set[str]]:
    """The record of a line, everything about it that is not as it was written, and what the next one may follow."""
    try:
        read = json.loads(line)
        record = Record(read["number"], read["kind"], read["made"], read["previous"], read["content"], read["hash"])
        own = _digest(_head(record.number, record.kind, record.made, record.previous, read["seals"]))
        faults = list(_faults(number, line, links, record, read["seals"], own))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, ["cannot be read"], set()
    return record, faults, {record.hash, own}


def _faults(number: int, line: bytes, links: set[str], record: Record, sealed: Mapping, own: str) -> Iterator[str]:
    found = seals(record.content)
    changed = sorted(n for n in sealed.keys() | found.keys() if sealed.get(n) != found.get(n))
    if changed:
        yield f"{', '.join(changed)} differ{'s' if len(changed) == 1 else ''} from what was sealed"
    if record.number != number:
        yield f"its number is {record.number}"
    if links and record.previous not in links:
        yield "it does not follow the record before"
    if own != record.hash:
        yield "its hash does not belong to its number, kind, date and seals"
    elif not changed and line != record.line():
        yield "its text is not as the ledger writes it"
