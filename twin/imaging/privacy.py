"""What may leave the hospital: identity and all (hospital mode), or no identity and shifted dates (research mode)."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from twin.errors import UsageError

Mode = Literal["hospital", "research"]
MODES = ("hospital", "research")
WEEKS = (52, 520)
"""Dates move back by whole weeks, one to ten years: intervals and weekdays stay exact."""


@dataclass(frozen=True)
class Privacy:
    """The rules of one import or export. In research mode no word of the data is quoted; every date moves by ``shift``."""

    mode: Mode = "hospital"
    shift: datetime.timedelta = datetime.timedelta(0)

    @property
    def named(self) -> bool:
        """Whether words of the data (names of files, series, structures) may be written."""
        return self.mode == "hospital"

    def date(self, day: datetime.date) -> datetime.date:
        return day + self.shift

    def quote(self, words: str, instead: str) -> str:
        """Words of the data, or what stands in their place."""
        return f"'{words}'" if self.named else instead


def privacy(mode: str, patient_id: str = "", key: str | None = None) -> Privacy:
    """The rules of a mode. With a ``key`` (a secret of the site) a patient's dates move alike in every import; without one,
    the shift is drawn anew and kept nowhere."""
    if mode not in MODES:
        raise UsageError(f"There is no mode called '{mode}'.", remedy="use hospital or research")
    if mode == "hospital":
        return Privacy()
    low, high = WEEKS
    if key is None:
        weeks = low + secrets.randbelow(high - low)
    else:
        digest = hmac.new(key.encode(), patient_id.encode(), hashlib.sha256).digest()
        weeks = low + int.from_bytes(digest[:8], "big") % (high - low)
    return Privacy("research", -datetime.timedelta(weeks=weeks))
