"""What is fixed before a note is written: chords and scales, the ten styles, the lead voices.

In: nothing. Out: tables, and a reader of chord symbols. Used by ``composing.py`` (a band that
fills a score) and ``arranging.py`` (what each genre plays).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["parse_chord"]

SCALES = {
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
}
# Suffix of a chord symbol → intervals in semitones; lower-case numerals put an "m" in front.
CHORDS = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7, 12),
    "6": (0, 4, 7, 9),
    "69": (0, 4, 7, 9, 14),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "9": (0, 4, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "m9": (0, 3, 7, 10, 14),
    "m11": (0, 3, 7, 10, 17),
    "13": (0, 4, 10, 14, 21),
    "7b9": (0, 4, 7, 10, 13),
    "ø": (0, 3, 6, 10),
    "add9": (0, 4, 7, 14),
    "madd9": (0, 3, 7, 14),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "11": (0, 5, 7, 10, 14),
}
NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}


@dataclass(frozen=True)
class Style:
    """What a genre fixes before a note is written: tempo range, feel, space, harmony by mood."""

    bpm: float
    bpm_slope: float  # beats a minute for one unit of the tempo fact
    bpm_limits: tuple[float, float]
    swing: float  # share of a pair that its first half takes; 0.5 is straight
    swing_unit: float  # beats: 0.5 swings eighths, 0.25 sixteenths
    looseness: float  # milliseconds of timing spread
    room: float
    chord_seconds: float  # a chord lasts half a bar where a bar would be longer than this
    bright: tuple[str, ...]
    even: tuple[str, ...]
    dark: tuple[str, ...]


# Lead → GM programme, pitch around which it plays, volume (the font's voices differ in loudness).
LEADS: dict[str, tuple[int, int, int]] = {
    "warm pad": (89, 67, 100),
    "glass bells": (98, 79, 120),
    "bowed synth": (92, 70, 104),
    "choir": (52, 67, 104),
    "nylon guitar": (24, 69, 112),
    "flute": (73, 80, 98),
    "vibraphone": (11, 73, 108),
    "muted trumpet": (59, 71, 98),
    "string quartet": (40, 77, 98),
    "cello": (42, 55, 112),
    "piano": (0, 74, 104),
    "clarinet": (71, 70, 86),
    "organ": (17, 67, 94),
    "melodica": (22, 72, 116),
    "muted guitar": (28, 64, 118),
    "trombone": (57, 56, 104),
    "steel-string guitar": (25, 69, 116),
    "fiddle": (110, 76, 98),
    "banjo": (105, 67, 110),
    "accordion": (21, 72, 96),
    "electric piano": (4, 71, 108),
    "synth stab": (63, 67, 92),
    "saw lead": (81, 74, 98),
    "marimba": (12, 72, 118),
    "tenor sax": (66, 63, 106),
    "trumpet": (56, 71, 98),
    "jazz guitar": (26, 67, 118),
    "overdriven guitar": (29, 69, 96),
    "clean guitar": (27, 69, 112),
    "rock organ": (18, 70, 92),
    "distorted guitar": (30, 67, 92),
    "drawbar organ": (16, 70, 92),
    "brass section": (61, 67, 100),
    "clavinet": (7, 64, 110),
    "square lead": (80, 74, 80),
    "poly synth": (90, 71, 92),
    "synth brass": (62, 67, 92),
}

STYLES: dict[str, Style] = {
    "ambient": Style(
        *(62.0, 7.0, (48, 78), 0.5, 0.5, 18.0, 0.92, 4.4),
        bright=("Iadd9 IVmaj7", "Imaj7 iii7 IVadd9 Iadd9", "IVmaj9 Iadd9", "Isus2 Vsus4 IVadd9"),
        even=("i9 IV", "Isus2 bVIImaj7", "i11 bVIImaj7", "Isus2 v7 IVadd9"),
        dark=("iadd9 bVImaj7", "i9 iv9", "iadd9 v7 bVImaj7 iv7", "bVImaj7 iadd9"),
    ),
    "bossa nova": Style(
        *(128.0, 11.0, (104, 152), 0.5, 0.5, 9.0, 0.42, 9.0),
        bright=("Imaj9 VI13 ii9 V13", "Imaj9 II9 ii9 V13", "I69 IVmaj9 iii7 ii9", "Imaj7 IV69"),
        even=("ii9 V13 Imaj9 vi9", "i9 IV13 bVIImaj9 bIIImaj7", "Imaj9 iv6 iii7 VI7b9"),
        dark=("i9 iv9 iiø V7b9", "i6 iiø V7b9 i9", "i9 bVImaj7 iiø V7b9"),
    ),
    "chamber": Style(
        *(78.0, 11.0, (54, 108), 0.5, 0.5, 16.0, 0.72, 2.0),
        bright=("I V vi iii IV I ii V", "I IV V I", "I vi ii V", "I iii IV V"),
        even=("vi IV I V", "i bVII bVI bVII", "I iii vi IV", "i bIII iv v"),
        dark=("i iv V i", "i bVI iv V", "i V bVI bIII iv i iiø V", "i v bVI iv"),
    ),
    "dub": Style(
        *(71.0, 5.0, (60, 84), 0.55, 0.25, 7.0, 0.66, 9.0),
        bright=("I IV", "I ii7", "I vi IV V"),
        even=("i7 IV", "i bVII", "i7 v7"),
        dark=("i iv", "i7 bVI", "i iv7 i v7"),
    ),
    "folk": Style(
        *(108.0, 12.0, (82, 142), 0.52, 0.5, 11.0, 0.38, 3.0),
        bright=("I V vi IV", "I IV I V", "I IV V I", "I iii IV V"),
        even=("vi IV I V", "i bVII i bVII", "I bVII IV I", "I ii IV I"),
        dark=("i bVII bVI bVII", "i iv i v", "i bIII bVII i", "i bVI bIII bVII"),
    ),
    "house": Style(
        *(123.0, 4.5, (114, 134), 0.54, 0.25, 2.5, 0.45, 9.0),
        bright=("IVmaj9 iii7 vi9 V", "Imaj9 vi9 IVmaj9 V11", "IVmaj7 V vi7 Imaj7"),
        even=("ii9 V9 Imaj9 vi9", "i9 IV9", "i9 bVIImaj7", "vi9 IVmaj9"),
        dark=("i9 bVImaj9", "i9 iv9 bVImaj7 v7", "i9 v7 iv9 v7"),
    ),
    "jazz": Style(
        *(148.0, 22.0, (96, 212), 0.655, 0.5, 8.0, 0.4, 2.1),
        bright=("Imaj9 vi9 ii9 V13", "ii9 V13 Imaj9 VI7b9", "I69 IV13 iii7 VI7b9"),
        even=("I13 IV13 I13 V13", "ii9 V13 iii7 VI7b9", "i9 IV13 i9 IV13"),
        dark=("i6 iiø V7b9 i9", "iiø V7b9 i9 iv9", "i9 bVImaj7 iiø V7b9"),
    ),
    "rock": Style(
        *(132.0, 13.0, (104, 172), 0.5, 0.5, 5.0, 0.34, 9.0),
        bright=("I V vi IV", "I IV V IV", "I bVII IV I"),
        even=("I bVII IV I", "vi IV I V", "i bIII bVII IV"),
        dark=("i bVI bVII i", "i bVI bIII bVII", "i bII i bVII", "i iv bVI v"),
    ),
    "soul": Style(
        *(91.0, 7.0, (74, 112), 0.56, 0.25, 9.0, 0.36, 2.9),
        bright=("Imaj9 vi9 ii9 V11", "Imaj9 iii7 IVmaj9 V11", "IVmaj9 iii7 ii9 Imaj9"),
        even=("ii9 V13 ii9 V13", "i9 IV13", "IVmaj9 iii7 vi9 Imaj7"),
        dark=("i9 iv9 bVImaj9 v7", "i9 bVImaj7", "i9 v7 iv9 i9"),
    ),
    "synth-pop": Style(
        *(119.0, 9.0, (98, 144), 0.5, 0.25, 2.0, 0.5, 9.0),
        bright=("I V vi IV", "IV I V vi", "I iii IV V", "vi IV I V"),
        even=("vi IV I V", "i bVII IV bVII", "IV V vi I"),
        dark=("i bVI bIII bVII", "i bVI iv v", "i iv bVI bVII"),
    ),
}


def parse_chord(symbol: str) -> tuple[int, tuple[int, ...]]:
    """Read a chord symbol with a Roman numeral: semitones of its root above the tonic, intervals.

    Parameters
    ----------
    symbol
        ``b`` or ``#`` (optional), numeral (lower case is minor), suffix: ``"bVImaj7"``, ``"ii9"``.

    Returns
    -------
    (root in 0–11, intervals in semitones above the root)

    Raises
    ------
    ValueError
        If the numeral or the suffix is unknown.

    Examples
    --------
    >>> parse_chord("bVImaj7")
    (8, (0, 4, 7, 11))
    >>> parse_chord("ii9")
    (2, (0, 3, 7, 10, 14))
    """
    match = re.fullmatch(r"([b#]?)([ivIV]+)(.*)", symbol)
    if match is None or match[2].lower() not in NUMERALS:
        raise ValueError(f"chord: {symbol!r} has no Roman numeral between i and vii")
    shift = {"b": -1, "#": 1, "": 0}[match[1]]
    minor = match[2].islower() and not match[3].startswith(("ø", "sus"))
    suffix = ("m" if minor else "") + match[3]
    if suffix not in CHORDS:
        raise ValueError(f"chord: {symbol!r} ends in {match[3]!r}; known are {sorted(CHORDS)}")
    return (NUMERALS[match[2].lower()] + shift) % 12, CHORDS[suffix]
