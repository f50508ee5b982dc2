"""How hard a text is to read: the Flesch-Kincaid grade, the years of school in the United States that it asks for."""

from __future__ import annotations

import re


def reading_grade(text: str) -> float:
    """0.39 words per sentence + 11.8 syllables per word - 15.59 (Kincaid et al. 1975). Numbers count as one syllable."""
    sentences = [s for s in re.split(r"[.!?]+(?:\s|$)", text) if re.search(r"[A-Za-z]", s)]
    words = re.findall(r"[A-Za-z]+(?:['’][a-z]+)?|\d+(?:[.,]\d+)*", text)
    if not words:
        return 0.0
    syllables = sum(syllables_of(w) for w in words)
    return 0.39 * len(words) / max(1, len(sentences)) + 11.8 * syllables / len(words) - 15.59


def syllables_of(word: str) -> int:
    """Groups of vowels, without a silent e at the end: within a few per cent of a dictionary over a page of text."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    if not letters:
        return 1
    count = len(re.findall(r"[aeiouy]+", letters))
    if (
        re.search(r"[^aeiouyl]es?$|[^aeiouydt]ed$", letters) and not re.search(r"(?:[cgsxz]|[cs]h)es$", letters)
    ) or re.search(r"[aeiouy]le$", letters):
        count -= 1
    return max(1, count)
