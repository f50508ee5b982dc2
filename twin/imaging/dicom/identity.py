"""Whose scans a case was made of, as salted digests: an export is written only onto a study of the same identity.

Digests, not words: a case and what follows from it name no person, and yet can be compared with a study, element by element.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from twin.errors import DataRefused
from twin.imaging.dicom.element import clean, text

ELEMENTS = {
    "PatientID": "the patient number",
    "IssuerOfPatientID": "who issued the patient number",
    "PatientName": "the name",
    "PatientBirthDate": "the date of birth",
    "StudyInstanceUID": "the study",
    "FrameOfReferenceUID": "the frame of reference",
}
"""What is compared, and how messages call it."""

MAY_BE_ABSENT = ("IssuerOfPatientID", "PatientName", "PatientBirthDate")
"""Elements that are compared only where both sides state them."""

ROUNDS = 50_000


def digests(headers: Iterable[Any]) -> dict[str, tuple[str, ...]]:
    """By keyword, a salted digest (PBKDF2-HMAC-SHA256) of every value that the headers state."""
    salt, headers = secrets.token_hex(8), list(headers)
    stated = {keyword: dict.fromkeys(_value(h, keyword) for h in headers) for keyword in ELEMENTS}
    return {k: found for k, values in stated.items() if (found := tuple(_digest(v, salt) for v in values if v))}


def differences(identity: Mapping[str, tuple[str, ...]], header: Any) -> list[str]:
    """The elements of a header that contradict the digests, in words."""
    return [words for keyword, words in ELEMENTS.items() if not _agree(identity.get(keyword, ()), header, keyword)]


def check_identity(identity: Mapping[str, tuple[str, ...]], header: Any) -> str:
    """What was compared, in words; refused where the study is not the one that the case was made of."""
    if not identity:
        return "The case states no identity to compare (it was not imported in hospital mode): the voxels alone agree."
    if wrong := differences(identity, header):
        raise DataRefused(
            f"The study is not the one from which the case was made: {', '.join(wrong)} differ{'s' * (len(wrong) == 1)}.",
            where="the series that shows the baseline image",
            why="predictions would be filed under another patient or study",
            remedy="give the study that was imported; if its identity was corrected since, import and calibrate again",
        )
    compared = [words for keyword, words in ELEMENTS.items() if keyword in identity and _value(header, keyword)]
    return f"Identity compared with the case: {', '.join(compared)} agree."


def _agree(stored: tuple[str, ...], header: Any, keyword: str) -> bool:
    value = _value(header, keyword)
    if not (stored and value):
        return keyword in MAY_BE_ABSENT or not (stored or value)
    return any(_digest(value, one.partition("$")[0]) == one for one in stored)


def _value(header: Any, keyword: str) -> str:
    """As it is compared: names without regard to capitals, blanks and empty parts."""
    words = clean(text(header, keyword))
    return " ".join(words.replace("^", " ").lower().split()) if keyword == "PatientName" else words


def _digest(value: str, salt: str) -> str:
    return f"{salt}${hashlib.pbkdf2_hmac('sha256', value.encode(), salt.encode(), ROUNDS).hex()[:32]}"
