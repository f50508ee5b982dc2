"""A whole arm in words: where its treatment comes from, how it is modified, and the rules by which it adapts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.modification import UNCHANGED, Modification
from scenarios.words import plain, read_words, refused
from scenarios.words_modify import modification, phrase
from scenarios.words_rule import RuleWords, read_rule
from scenarios.written import AnyCourse
from twin.registry import unknown

AS_SCHEDULED = "as scheduled"
_REGIMEN = re.compile(
    r"(?:(?:the )?regimen )?([a-z0-9][a-z0-9-]*)(?: regimen)? (?:from|on|starting|starting on) day (\d+(?:\.\d+)?)"
)
_RULE = re.compile(r"(?:^|[;,.]? )(?=if )")


@dataclass(frozen=True)
class ArmWords:
    """What a sentence says. Its treatment is one of: ``as_scheduled``, ``regimen`` (name, first day), ``courses``."""

    as_scheduled: bool = False
    regimen: tuple[str, float] | None = None
    courses: tuple[AnyCourse, ...] = ()
    modify: Modification = UNCHANGED
    rules: tuple[RuleWords, ...] = ()


def read_arm(text: str) -> ArmWords:
    """An arm of one sentence; DataRefused names what was not understood.

    Its treatment: "as scheduled", a regimen of the library ("stupp from day 21"), or courses (:func:`read_words`). Then,
    after commas, its modifications: "delayed by 14 days", "without temozolomide", "radiotherapy escalated by 20 %",
    "temozolomide before radiotherapy". Last its rules: "if volume exceeds baseline by 25 % at a scan, switch to ..."
    (:func:`read_rule`).
    """
    treatment, *rules = [part.strip(" ;,.") for part in _RULE.split(plain(text))]
    base, phrases = _split(treatment)
    try:
        changes = modification(phrases)
    except ValueError as error:
        raise refused(text, str(error)) from None
    adapt = tuple(read_rule(rule, text) for rule in rules)
    if base in (AS_SCHEDULED, "standard"):
        return ArmWords(as_scheduled=True, modify=changes, rules=adapt)
    if named := _named(base):
        return ArmWords(regimen=named, modify=changes, rules=adapt)
    return ArmWords(courses=read_words(base, text), modify=changes, rules=adapt)


def _split(treatment: str) -> tuple[str, list[dict]]:
    """What is given, and the modification phrases that follow it."""
    if found := re.match(rf"({AS_SCHEDULED}|standard)\b[ ,;]*(?:but |and )?(?=.)", treatment):
        treatment = f"{found[1]}, {treatment[found.end() :]}"
    pieces = re.split(r"( ?[;,] ?(?:and |but )?)", treatment)
    kept: list[str] = []
    phrases = []
    for joint, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        found_phrase = phrase(piece) if kept else None
        if found_phrase is None:
            kept += [joint, piece]
        else:
            phrases.append(found_phrase)
    return "".join(kept).strip(" ,;"), phrases


def _named(base: str) -> tuple[str, float] | None:
    from scenarios.regimen import library

    found = _REGIMEN.fullmatch(base)
    if found is None or not (found[1] in library() or "regimen" in base):
        return None
    if found[1] not in library():
        raise refused(base, unknown("regimen", found[1], list(library())).rstrip("."))
    return found[1], float(found[2])


def read_rules(sentences: Sequence[str]) -> tuple[RuleWords, ...]:
    """Rules that stand by themselves, each "if ..., ..."."""
    return tuple(read_rule(plain(sentence), sentence) for sentence in sentences)
