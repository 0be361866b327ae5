"""What the ten genres play: grooves, bass lines, comping, textures, and who takes the tune.

In: the facts of one track and a seed. Out: a ``Score``. Patterns are strings that span a bar
(two bars with a ``|``): ``x`` plays, ``X`` accents, ``o`` touches, ``u`` strums upwards, ``-``
holds, ``.`` rests; basses spell R (root), 3, 5, 7, 8 and a (approach), arpeggios name voices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mosaic.composing import Band, Chord, Score, nearest
from mosaic.styles import LEADS, STYLES

__all__ = ["compose"]

KICK, RIM, SNARE, CLAP, SNARE_2 = 36, 37, 38, 39, 40
HAT, PEDAL, OPEN_HAT, CRASH, RIDE, BELL, TAMBOURINE = 42, 44, 46, 49, 51, 53, 54
CONGA_MUTE, CONGA_OPEN, CONGA_LOW, CABASA, SHAKER = 62, 63, 64, 69, 82
TOM_HIGH, TOM_MID, TOM_LOW = 50, 47, 43


def compose(facts: Mapping[str, Any], *, seed: int) -> Score:
    """Compose the music of one track from its facts.

    Genre sets groove and instruments, lead who has the tune; valence chooses harmony, energy
    density and force, brightness register, filter and cymbals, acoustic the make of the
    instruments. Tracks of one artist share key, motif, pattern habits and metre, loosely.

    Parameters
    ----------
    facts
        A mapping or row: artist_id, genre, lead, tempo, energy, brightness, valence, acoustic
        (the five in units of their spread; clipped at ±2.5).
    seed
        Whole number ≥ 0 for everything that the facts leave open.

    Returns
    -------
    Score whose clip lasts 5–6 s; the same for the same facts and seed.

    Raises
    ------
    ValueError
        If genre or lead is unknown.
    """
    genre, lead = str(facts["genre"]), str(facts["lead"])
    if genre not in ARRANGEMENTS:
        raise ValueError(f"genre: {genre!r} has no arrangement; known are {sorted(ARRANGEMENTS)}")
    if lead not in LEADS:
        raise ValueError(f"lead: {lead!r} has no programme; known are {sorted(LEADS)}")
    meters = {"folk": (4, 4, 4, 3), "chamber": (4, 4, 3)}.get(genre, (4,))
    band = Band(facts, STYLES[genre], seed=seed, meters=meters)
    ARRANGEMENTS[genre](band)
    return band.score()


def _seat_lead(band: Band, **settings: Any) -> int:
    """Seat the lead and return the pitch it plays around; brightness lifts its register."""
    program, centre, volume = LEADS[band.lead]
    settings = {"volume": volume, "pan": 64 + int(band.rng.integers(-12, 13)), **settings}
    band.part("lead", program, **settings)
    return centre + round(2.2 * band.brightness)


def _shell(chord: Chord) -> list[int]:
    """Third, seventh and tensions: what a pianist plays when a bass has the root."""
    return [(chord.root + step) % 12 for step in chord.intervals if step not in (0, 7)]


def _upper(chord: Chord) -> list[int]:
    """Everything but the root."""
    return [(chord.root + step) % 12 for step in chord.intervals[1:]]


def _guitar(chord: Chord) -> list[int]:
    """Six-string spacing: root, fifth, octave, third, fifth, octave."""
    root = nearest(chord.root, 45)
    third, fifth = chord.intervals[1], 6 if 6 in chord.intervals else 7
    return [root, root + fifth, root + 12, root + 12 + third, root + 12 + fifth, root + 24]


def _power(chord: Chord) -> list[int]:
    root = nearest(chord.root, 44)
    return [root, root + 7, root + 12]


# House: four on the floor


def _house(band: Band) -> None:
    band.kit(25 if band.acoustic < -1.5 else band.habit(2, (24, 25, 24)), volume=98)
    band.hits(KICK, "X...X...X...X...", 18)
    if band.drive > -1.2:
        band.hits(band.habit(3, (CLAP, SNARE_2, CLAP)), "....x.......x...", 4)
    open_hat = OPEN_HAT if band.brightness > -0.6 else HAT
    band.hits(open_hat, "..X...X...X...X.", -14 + 5 * band.brightness)
    band.hits(HAT, "xoxoxoxoxoxoxoxo", -26 + 4 * band.brightness, chance=0.6 + 0.2 * band.drive)
    if band.chance(0.5):
        band.hits(SHAKER, "oxoXoxoXoxoXoxoX", -22)
    if band.acoustic > -1.0:
        band.hits(CONGA_OPEN, band.habit(4, ("...x..x....x.xx.", "..x..x.x..x..x..")), -16)
    bass = band.part("bass", band.habit(5, (38, 39, 38)), volume=124, reverb=0, cutoff=-700)
    lines = ("..R...R...R...R.", "..RR..8...RR..8.", "R..R..R..R..8.R.", ".RRR.RRR.RRR.R8R")
    band.bass(bass, band.habit(6, lines[:3] if band.drive < 0.6 else lines), low=33, gate=0.8)
    pad = band.part("pad", 50 if band.chance(0.6) else 89, volume=80, reverb=60, chorus=50)
    band.comp(pad, "x---------------", centre=62, accent=-22)
    for beat in range(int(band.end)):  # the kick ducks the pad: house's breathing
        for step, value in ((0, 40), (0.25, 70), (0.5, 105), (0.75, 127)):
            band.control(pad, beat + step, 11, value)
    stabs = ("x..x..x...x..x..", "..x..x..x..x..x.", "x..x..x..x..x...", "..x...x..x....x.")
    centre = _seat_lead(band, reverb=55, chorus=25)
    if band.lead in ("electric piano", "synth stab"):
        band.comp("lead", band.habit(7, stabs), centre=centre - 4, gate=0.55, accent=6)
    else:
        keys = band.part("keys", 4 if band.acoustic > -1.2 else 62, volume=102, reverb=45, pan=50)
        band.comp(keys, band.habit(7, stabs), centre=64, gate=0.5, accent=-6)
        hooks = ("x.x..x.x..x.x...|x.x..x.x..x..xx.", "x..x..x.x..x..x.|x..x..x.x---....")
        band.melody("lead", hooks, centre=centre, gate=0.6, leap=0.8, accent=4)


# Dub: the one drop


def _dub(band: Band) -> None:
    band.kit(band.habit(2, (8, 0, 16)), volume=108, reverb=70, cutoff=-300)
    steppers = band.drive > 0.7
    band.hits(KICK, "X...X...X...X..." if steppers else "........X.......", 14)
    band.hits(RIM if band.energy < -0.3 else SNARE, "........X.......", -2)
    band.hits(HAT, band.habit(3, ("x.x.x.x.x.x.x.x.", "..x...x...x...x.", "x.xxx.xxx.xxx.xx")), -20)
    if band.brightness > -0.8:
        band.hits(OPEN_HAT, "..............x.", -24)
    if band.chance(0.6):  # a rim shot thrown into the echo
        thrown = band.meter + float(band.rng.choice([1.5, 2.75, 3.5]))
        for k in range(5):
            band.play("drums", thrown + 0.75 * k, 0.2, RIM, 4 - 12 * k)
    bass = band.part("bass", 33, volume=127, reverb=0, cutoff=-1400)
    lines = (
        "R-.R-.5-8-.5-.R.|R-.R-.5-3-.R-...",
        "..R-R-..5-.5R-..|..R-R-..8-.75-..",
        "R-R-..3-5-..R-..|R-R-..8-5-3-....",
        "R--.R-3-5--.....|R--.R-7-5-..a-..",
    )
    band.bass(bass, band.habit(4, lines), low=30)
    # The drums leave the one empty; a clip must not open on nothing.
    band.play(bass, band.meter, 0.5, nearest(band.chord_at(band.meter).root, 36), 4)
    skank = band.part("skank", 28 if band.acoustic < 0 else 0, volume=120, reverb=55, pan=46)
    chops = ("..x...x...x...x.", "..xx..x...xx..x.", "..x...x...x...xx")
    band.comp(skank, band.habit(5, chops), centre=64, gate=0.35, accent=-2)
    if band.lead != "organ":
        bubble = band.part("bubble", 16, volume=84, reverb=30, pan=84, cutoff=-900)
        band.comp(bubble, ".x.x.x.x.x.x.x.x", centre=57, gate=0.4, accent=-14)
    centre = _seat_lead(band, reverb=75, cutoff=-500)
    program, _, volume = LEADS[band.lead]
    band.part("echo", program, volume=min(volume + 6, 127), reverb=110, pan=92, cutoff=-1700)
    phrases = ("x.x.x--.........|....x.x---......", "....x.xx--......|x--.x...........")
    if band.lead == "muted guitar":
        phrases = ("x.xxx.x.........|x.xxx.x.x.......", "....x.xxx.......|x.x.x...........")
    notes = band.melody("lead", phrases, centre=centre, accent=8, rest=0.02)
    band.echo("echo", notes, delay=0.75, fade=0.66, times=5)


# Bossa nova: the clave on the rim, a syncopated guitar


def _bossa(band: Band) -> None:
    band.kit(40 if band.energy < -0.3 else 32, volume=114, reverb=35)
    clave = band.habit(2, ("x..x..x.|..x..x..", "..x..x..|x..x..x.", "x..x..x.|..x.x..."))
    band.hits(RIM, clave, -6)
    band.hits(KICK, "x..xx..x", -22)
    shaken = SHAKER if band.acoustic > 0.6 else HAT
    band.hits(shaken, "xoxoxoxo" if band.drive < 0.4 else "xoxxxoxx", -20 + 4 * band.brightness)
    if band.energy > 0 or band.chance(0.2):
        band.hits(CONGA_OPEN, "......xx|...x..xx", -20)
    bass = band.part("bass", 32 if band.acoustic > 0 else 35, volume=112, reverb=20, cutoff=-300)
    lines = ("R--55--R", "R--55--5", "R--.5--.", "R--R5--5")
    band.bass(bass, band.habit(3, lines), low=34)
    program = 24 if band.acoustic > 0.2 else 4
    guitar = band.part("guitar", program, volume=100, reverb=35, pan=50)
    batida = (
        "x.x..x.x|.x..x.x.",
        "x..x..x.|.x.x..x.",
        "x.x..x..|x.x..x.x",
        ".x.x..x.|x..x.x..",
    )
    band.comp(guitar, band.habit(4, batida), centre=61, gate=0.8, strum=0.012, voicing=_upper)
    if band.drive > 0.8 or band.acoustic < 0.3:
        strings = band.part("strings", 49, volume=56, reverb=70, pan=80)
        band.comp(strings, "x-------", centre=67, accent=-24)
    centre = _seat_lead(band, reverb=50)
    tunes = (
        "x--x--x.|.x-x----",
        ".x-x-x--|x---.xx-",
        "x---.x-x|-x--x---",
        "..x-x-xx|x-----..",
    )
    band.melody("lead", tunes, centre=centre, accent=10)


# Jazz: ride, walking bass, shells


def _jazz(band: Band) -> None:
    soft = band.energy < -0.3
    band.kit(40 if soft and band.chance(0.7) else 32, volume=118, reverb=35)
    band.hits(RIDE, "x.xxx.xx", -12 + 4 * band.brightness)
    band.hits(PEDAL, "..x...x.", -14)
    band.hits(KICK, "x.x.x.x.", -40)
    band.hits(SNARE, "...o...o|.o..o..x", -22, chance=0.45 + 0.15 * band.drive)
    if band.energy > 0.6:
        band.hits(CRASH, "x.......|........", -22)
    bass = band.part("bass", 32, volume=118, reverb=22, pan=60)
    walks = ("R35a", "R53a", "R5Ra", "R38a", "R75a")
    for k, chord in enumerate(band.chords):
        walk = str(band.rng.choice(walks)) if k else "R35a"
        _walk(band, bass, chord, walk)
    # A piano leads with its own left hand; beside a guitar sits a piano.
    program = {"piano": 0, "jazz guitar": 0}.get(band.lead, band.habit(2, (0, 0, 26)))
    comp = band.part("comp", program, volume=112, reverb=35, pan=44)
    charts = ("x..x....|...x..x.", "...x..x.|x..x....", "x..x..x.|..x.....", ".x..x...|...x...x")
    band.comp(comp, band.habit(3, charts), centre=60, gate=0.6, accent=-6, voicing=_shell)
    centre = _seat_lead(band, reverb=45)
    lines = (
        "xxxxx.x.|.xxxx-..",
        ".xxx.xxx|x-.xx.x-",
        "x-.xx-..|.xxxxxx-",
        "x.xxx--.|xx.xx---",
    )
    calm = ("x---.xx-|x-----..", ".x-x--x-|x---....")
    band.melody("lead", lines if band.drive > -0.7 else calm, centre=centre, accent=10, rest=0.1)


def _walk(band: Band, bass: str, chord: Chord, walk: str) -> None:
    root = nearest(chord.root, 38)
    following = band.chord_at(chord.end)
    tones = {
        "R": root,
        "3": root + (chord.intervals[1] if chord.intervals[1] < 6 else 4),
        "5": root + (6 if 6 in chord.intervals else 7),
        "7": root - (2 if 10 in chord.intervals else 1),
        "8": root + 12,
        "a": nearest(following.root, root) + int(band.rng.choice([-1, 1, 2])),
    }
    signs = walk if chord.end - chord.start > 2 else walk[0] + walk[-1]
    for k, sign in enumerate(signs):
        band.play(bass, chord.start + k, 0.92, tones[sign], 2)
        if band.chance(0.08 + 0.04 * band.drive):
            band.play(bass, chord.start + k + 0.5, 0.3, tones[sign], -22)


# Chamber: no drums, voices that lead


def _chamber(band: Band) -> None:
    three = band.meter == 3
    centre = _seat_lead(band, reverb=70, pan=58)
    quick = band.energy > -0.3
    tunes: tuple[str, ...] = (
        "x---x-x-|x-x-x---",
        "x-xxx---|x---x-x-",
        "x-----xx|x---x---",
        "x-x-x-xx|x-xxx---",
    )
    if three:
        tunes = ("x---x-|x-x-x-", "x-x-x-|x---xx", "x----x|x-xxx-")
    if band.lead == "string quartet":
        _quartet(band, quick, three)
        band.melody("lead", tunes, centre=centre, accent=6, gate=0.98, leap=0.9)
        return
    if band.lead != "cello":
        low = band.part("low", 42, volume=96, reverb=65, pan=78)
        band.bass(low, "R-----" if three else "R---5---", low=38, gate=1.0)
    else:
        double = band.part("double bass", 43, volume=92, reverb=60)
        band.bass(double, "R-----", low=32)
    figures = ("02121212", "01232123", "0-2-1-2-") if not three else ("021212", "012321", "0-2-1-")
    textures = ("piano", "pizzicato", "strings", "harp")
    texture = band.habit(4, textures)
    if band.lead == "piano" or band.acoustic < 0.4:
        texture = "strings"
    if texture == "strings":
        strings = band.part("strings", 48 if quick else 49, volume=96, reverb=75, pan=46)
        band.comp(strings, "x-----" if three else "x---x---", centre=61, gate=1.0, accent=-10)
    else:
        program = {"piano": 0, "pizzicato": 45, "harp": 46}[texture]
        other = band.part("figure", program, volume=116, reverb=60, pan=46)
        band.arpeggio(other, band.habit(5, figures), centre=60, accent=-10)
    if band.lead == "piano":
        left = band.part("left hand", 0, volume=92, reverb=65, pan=52)
        band.arpeggio(left, band.habit(5, figures), centre=55, accent=-12)
    band.melody("lead", tunes, centre=centre, accent=8, gate=1.0, leap=0.9)


def _quartet(band: Band, quick: bool, three: bool) -> None:
    for name, program, at, pan in (("second", 40, 67, 52), ("viola", 41, 60, 74)):
        band.part(name, program, volume=90, reverb=70, pan=pan)
        pattern = "xxxxxxxx" if quick else "x---x---"
        if three:
            pattern = "xxxxxx" if quick else "x-----"
        voice = 1 if name == "second" else 0
        previous = at
        for beat, length, _ in band.onsets(pattern):
            tones = band.chord_at(beat).tones[voice : voice + 2]
            previous = min(
                (nearest(t, (previous + at) / 2) for t in tones), key=lambda p: abs(p - previous)
            )
            band.play(name, beat, length * (0.7 if quick else 1.0), previous, -8)
    band.part("cello", 42, volume=104, reverb=65, pan=88)
    band.bass("cello", "R-----" if three else "R---R-5-", low=40, gate=0.98)


# Folk: steel strings, strummed or picked


def _folk(band: Band) -> None:
    three, strummed = band.meter == 3, band.drive > band.rng.normal(0, 0.5)
    guitar = band.part("guitar", 25, volume=108, reverb=30, pan=52)
    if strummed:
        strums = ("X.xuXuxu", "X.xu.uxu", "X..uX.xu") if not three else ("X.xux.", "X.x.xu")
        band.comp(
            guitar,
            band.habit(2, strums),
            centre=60,
            gate=1.2,
            strum=0.022,
            voicing=_guitar,
            accent=-8,
        )
    else:
        picks = ("03142513", "0.324.35", "02351423") if not three else ("032435", "0.3.45")
        strings = {c.start: _guitar(c) for c in band.chords}
        for beat, _, sign in band.onsets(band.habit(3, picks)):
            pitch = strings[band.chord_at(beat).start][int(sign)]
            band.play(guitar, beat, 1.6, pitch, 4 if sign == "0" else -8)
    if band.habit(4, (1, 1, 0)) or band.drive > 0.3:
        bass = band.part("bass", 32, volume=104, reverb=20, pan=66)
        band.bass(
            bass, "R-.5.." if three else band.habit(5, ("R---5---", "R--R5-.a", "R-5-R-5-")), low=35
        )
    if band.drive > -0.2:
        band.kit(40 if band.energy < 0.5 else 0, volume=84, reverb=30)
        band.hits(KICK, "x....." if three else "x...x...", -8)
        clap = TAMBOURINE if band.brightness > 0.3 else SNARE
        band.hits(clap, "..x.x." if three else "..x...x.", -16)
        if band.drive > 0.4:
            band.hits(SHAKER, "xoxoxo" if three else "xoxoxoxo", -24)
    if band.acoustic < 0.3:
        pad = band.part("pad", 51, volume=54, reverb=60)
        band.comp(pad, "x-----", centre=62, accent=-20)
    centre = _seat_lead(band, reverb=38, pan=74)
    reel: tuple[str, ...] = ("x.xxxxxx|x.xxx-x.", "xxxxx.xx|x-x.x---", "x-xxx-xx|x-xxx---")
    air: tuple[str, ...] = ("x---x-x-|x---x---", "x--xx---|x-x-x---", "x-x---xx|x-----..")
    if three:
        reel, air = ("xxxxxx|x-xxx-", "x-xxxx|x-x-x-"), ("x---x-|x----.", "x-x-xx|x---x-")
    tunes = reel if band.drive > -0.1 else air
    if band.lead == "banjo":
        rolls: tuple[str, ...] = (
            ("0213021302130213", "0123201301232013") if not three else ("021302130213",)
        )
        band.arpeggio("lead", band.habit(6, rolls), centre=centre - 2, gate=1.3, accent=6)
        return
    band.melody("lead", tunes, centre=centre, accent=8, gate=1.0 if band.lead == "fiddle" else 0.92)


# Rock: power chords and a driving kit


def _rock(band: Band) -> None:
    band.kit(band.habit(2, (16, 8, 16)), volume=102, reverb=38)
    kicks = ("X....X..X.X.....", "X..X..X...X.....", "X.....X.X.X...X.", "X.X...X.X.X...X.")
    band.hits(KICK, band.habit(3, kicks[:2] if band.drive < 0 else kicks), 14)
    band.hits(SNARE, "....X.......X...", 16)
    cymbal = RIDE if band.brightness < -0.3 else OPEN_HAT if band.drive > 0.2 else HAT
    band.hits(cymbal, "X.x.X.x.X.x.X.x.", -12 + 4 * band.brightness)
    band.play("drums", band.meter, 1, CRASH, 8)
    if band.drive > 0.5:
        band.hits(CRASH, "x...............|................", 0)
    _fill(band, (SNARE, TOM_HIGH, TOM_MID, TOM_LOW))
    bass = band.part("bass", 34, volume=112, reverb=10, cutoff=-200)
    lines = ("R.R.R.R.R.R.R.R.", "R.R.R.R.R.R.5.a.", "R-----R-R---R.a.", "R.RRR.RRR.RRR.8.")
    band.bass(bass, band.habit(4, lines), low=30, gate=0.95)
    soft = band.drive < -0.6 or band.acoustic > 0.5
    riffs = ("X.xxx.xxX.xxx.xx", "X---x-x-X-x---x-", "X--x--x-X--x--x-", "X-x-x-X-x-x-X-x-")
    for side, pan in (("left", 14), ("right", 114)):  # double tracking: two takes, never the same
        program = (25 if band.acoustic > 0.5 else 27) if soft else (29, 30)[side == "right"]
        if not soft and band.lead != "overdriven guitar" and band.drive > 0:
            program = 30
        guitar = band.part(side, program, volume=100, reverb=28, pan=pan)
        if soft:
            band.comp(guitar, "X...x.u.X.u.x.u.", centre=55, strum=0.02, voicing=_guitar, accent=-8)
        else:
            band.comp(guitar, band.habit(5, riffs), centre=48, voicing=_power, gate=0.93)
    centre = _seat_lead(band, reverb=50)
    if band.lead == "clean guitar":
        band.arpeggio("lead", band.habit(6, ("0213021302130213", "0.2.1.3.2.1.2.3.")), centre=66)
        return
    if band.lead == "rock organ":
        organ = band.part("organ", 18, volume=74, reverb=40, pan=80)
        band.comp(organ, "x---------------", centre=64, accent=-8)
    tunes = (
        "x-x-x-x---x-x-x-|x---x-x-x-------",
        "x---x-x-x---x-x-|x-xxx-x-x---....",
        "..x-x-x-x-----x-|x-x-----x-x-x---",
    )
    band.melody("lead", tunes, centre=centre, accent=12, gate=0.97)


def _fill(band: Band, drums: tuple[int, ...]) -> None:
    """Roll down the toms over the last two beats of the clip, more often with energy."""
    if not band.chance(0.35 + 0.2 * band.drive):
        return
    begin = float(band.meter + band.clip_beats - 2)
    for k in range(8):
        if k % 2 == 0 or band.chance(0.6):
            band.play("drums", begin + k / 4, 0.2, drums[k * len(drums) // 8], 6 + k)


# Soul: ninth chords, a bass that leans, ghost notes


def _soul(band: Band) -> None:
    band.kit(band.habit(2, (0, 8, 40)) if band.energy < 0.6 else 8, volume=116, reverb=34)
    kicks = ("X......xX.x.....", "X..x....x.x.....", "X.....x...x..x..", "X..x...x.xx.....")
    band.hits(KICK, band.habit(3, kicks), 8)
    band.hits(SNARE, "....X.......X...", 10)
    band.hits(SNARE, ".o.....o.o.....o", -6, chance=0.6 + 0.15 * band.drive)
    band.hits(HAT, "x.x.x.x.x.x.x.x." if band.drive < 0.2 else "xoxoxoxoxoxoxoxo", -16)
    if band.brightness > -0.3 and band.chance(0.6):
        band.hits(TAMBOURINE, "....x.......x...", -10)
    bass = band.part("bass", band.habit(4, (33, 33, 36)), volume=116, reverb=10, cutoff=-500)
    lines = (
        "R--.R-.8..5.R.a.",
        "R-.R..5.8.7.5..a",
        "R...R.R8..7.5.a.",
        "R--R..R.5-.5..a.",
    )
    band.bass(bass, band.habit(5, lines), low=30, gate=0.85)
    stabs = ("x-----.x--.x----", "x--x------x-----", "..x---.x--....x-", "x-----x-..x--x--")
    chop = band.part("chop", 28 if band.acoustic > -0.5 else 27, volume=106, reverb=22, pan=92)
    band.comp(chop, "....x.......x...", centre=69, gate=0.3, accent=-8)
    centre = _seat_lead(band, reverb=40, chorus=20)
    if band.lead != "electric piano":
        keys = band.part("keys", 4, volume=92, reverb=40, chorus=40, pan=50)
        band.comp(keys, band.habit(6, stabs), centre=61, accent=-8, voicing=_upper)
    if band.lead == "electric piano":
        band.comp("lead", band.habit(6, stabs), centre=62, voicing=_upper, strum=0.01, accent=-8)
    elif band.lead == "clavinet":
        band.arpeggio("lead", "0.12.0.20.1.20.1", centre=60, gate=0.5, accent=6)
        return
    elif band.lead == "brass section":
        punches = ("......x.x---....|....x.xx--......", "x--x--......x-x-|x---........x.x.")
        band.comp("lead", band.habit(7, punches), centre=centre, accent=8, gate=0.85)
        return
    if band.drive > 0.3 or band.acoustic < -0.2:
        strings = band.part("strings", 49, volume=58, reverb=60, pan=82)
        band.comp(strings, "x---------------", centre=69, accent=-18)
    tunes = (
        "..x-x-x---x-x---|x---..x-x-------",
        "x--x--x-x---....|..x-xxx-x---....",
        "....x-xxx---x-x-|x-------........",
    )
    band.melody("lead", tunes, centre=centre, accent=10)


# Synth-pop: arpeggios and gated drums


def _synth_pop(band: Band) -> None:
    band.kit(24 if band.acoustic < -0.8 or band.chance(0.6) else 16, volume=110, reverb=72)
    kicks = ("X.......X.......", "X...X...X...X...", "X.....X.X.......", "X.......X.X.....")
    band.hits(KICK, band.habit(2, kicks), 12)
    band.hits(SNARE_2, "....X.......X...", 14)
    band.hits(SNARE, "....x.......x...", 4)
    if band.chance(0.4):
        band.hits(CLAP, "....x.......x...", -6)
    sixteenths = "xoxoxoxoxoxoxoxo" if band.drive > -0.2 else "x.x.x.x.x.x.x.x."
    band.hits(HAT, sixteenths, -20 + 4 * band.brightness)
    _fill(band, (TOM_HIGH, TOM_MID, TOM_LOW, TOM_LOW))
    bass = band.part("bass", band.habit(3, (38, 39, 38)), volume=100, reverb=5, cutoff=-500)
    lines = ("R.8.R.8.R.8.R.8.", "R.RRR.RRR.RRR.RR", "R.R.8.R.R.R.8.R.", "RR8RRR8RRR8RRR8R")
    band.bass(bass, band.habit(4, lines), low=33, gate=0.7)
    pads = (51, 50, 90, 95) if band.acoustic < 0 else (48, 50)
    pad = band.part("pad", band.habit(5, pads), volume=66, reverb=65, chorus=70)
    band.comp(pad, "x---------------", centre=63, accent=-16)
    runs = ("0123210123210123", "0.1.2.3.2.1.2.3.", "0213021302130213", "0124302401243024")
    arp = band.part("arp", band.habit(6, (81, 80, 90, 87)), volume=96, reverb=50, chorus=30, pan=88)
    band.arpeggio(arp, band.habit(7, runs), centre=69 + 2 * band.brightness, gate=0.5, accent=-8)
    centre = _seat_lead(band, reverb=60, chorus=50)
    tunes = (
        "x---x-x-x-x-----|x---x-x-x-------",
        "x-x-x---x-x-x---|x-x-x-x-x-------",
        "..x-x-x-x-----x-|x---x---x-------",
        "x--x--x-x--x--x-|x--x--x-x-------",
    )
    if band.lead == "synth brass":
        riffs = ("x--x--x---x-x---|x--x--x-x-------", "x---x-x-....x-x-|x---x-x-x---....")
        band.comp("lead", band.habit(8, riffs), centre=centre, accent=4, gate=0.85)
        return
    band.melody("lead", tunes, centre=centre, accent=8)


# Ambient: slow pads, no pulse to speak of


def _ambient(band: Band) -> None:
    pads = (89, 94, 95, 50) if band.acoustic < 0.2 else (49, 52, 89, 92)
    for k, (name, at, pan) in enumerate((("pad", 60, 40), ("veil", 67, 90))):
        part = band.part(
            name, band.habit(2 + k, pads), volume=88 - 14 * k, reverb=95, chorus=60, pan=pan
        )
        band.comp(part, "x-------", centre=at + band.brightness, gate=1.25, accent=-6)
        phase = float(band.rng.uniform(0, band.meter))
        for step in range(int(band.end * 4)):  # slow swells, the two pads out of step
            triangle = abs(((step / 4 + phase) / band.meter) % 2 - 1)
            band.control(part, step / 4, 11, 70 + 57 * (triangle if k else 1 - triangle))
    drone = band.part(
        "drone", 43 if band.acoustic > 0.3 else 38, volume=90, reverb=80, cutoff=-1800
    )
    band.bass(drone, "R-------", low=34, gate=1.2)
    if band.energy > -1.0:
        pulse = band.part("pulse", band.habit(4, (88, 102, 98, 46)), volume=64, reverb=100, pan=80)
        figure = band.habit(5, ("0.1.2.1.", "0.2.1.3.", "02130213"))
        band.arpeggio(pulse, figure, centre=72, gate=1.4, accent=-16)
    if band.acoustic > -0.2:
        piano = band.part("piano", 0, volume=110, reverb=100, pan=58)
        band.melody(
            piano, ("..x---x-|x-----..", "x-----x-|..x---.."), centre=72, accent=4, gate=1.5
        )
    centre = _seat_lead(band, reverb=105, chorus=30)
    slow = ("x-----x-|x---x---", "x---x---|x-------", "..x---x-|x-------")
    gate = 1.8 if band.lead == "glass bells" else 1.15
    if band.lead == "glass bells":
        slow = ("x-x-..x-|..x-x-..", "x..x..x-|..x...x-", ".x-x-x..|x---..x-")
    band.melody("lead", slow, centre=centre, accent=2, gate=gate, leap=1.2)


ARRANGEMENTS: dict[str, Callable[[Band], None]] = {
    "ambient": _ambient,
    "bossa nova": _bossa,
    "chamber": _chamber,
    "dub": _dub,
    "folk": _folk,
    "house": _house,
    "jazz": _jazz,
    "rock": _rock,
    "soul": _soul,
    "synth-pop": _synth_pop,
}
