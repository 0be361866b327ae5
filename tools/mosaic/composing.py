"""A blank score, harmony by mood, and a band that fills the score bar by bar.

In: the facts of one track. Out: a ``Score``, note events in beats plus how each part is set up.
What each genre plays is written in ``arranging.py``; how a score becomes sound in ``music.py``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmrec_course.datasets.synthetic import GENRES, SOUND
from mosaic.styles import SCALES, Style, parse_chord

__all__ = ["voice_chord"]


@dataclass(frozen=True)
class Note:
    """One note: the part that plays it, start and length in beats, MIDI pitch and velocity."""

    part: str
    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Part:
    """How one player is set up: GM bank and programme, mix, and a low-pass offset in cents."""

    name: str
    program: int
    bank: int = 0
    volume: int = 90
    pan: int = 64
    reverb: int = 40
    chorus: int = 0
    cutoff: int = 0
    drums: bool = False


@dataclass(frozen=True)
class Score:
    """A piece ready to be written as MIDI, and which seconds of it become the clip."""

    bpm: float
    parts: tuple[Part, ...]
    notes: tuple[Note, ...]
    controls: tuple[tuple[float, str, int, int], ...]  # beat, part, controller, value
    start: float  # seconds
    duration: float  # seconds
    room: float  # size of the reverb, 0–1


@dataclass(frozen=True)
class Chord:
    """A chord of the piece: where it starts and ends (beats), its root (pitch class), intervals."""

    start: float
    end: float
    root: int
    intervals: tuple[int, ...]

    @property
    def tones(self) -> tuple[int, ...]:
        """Pitch classes, root first."""
        return tuple((self.root + step) % 12 for step in self.intervals)


def voice_chord(
    tones: Sequence[int], centre: float, previous: Sequence[int] | None = None
) -> list[int]:
    """Place pitch classes around a centre so that the voices move little from the chord before.

    Parameters
    ----------
    tones
        Pitch classes, 0–11.
    centre
        MIDI pitch that the voicing should lie around.
    previous
        MIDI pitches of the chord before, if any.

    Returns
    -------
    list of MIDI pitches, low to high, one for each distinct pitch class.
    """
    classes = sorted(set(tones))
    best, best_cost = list(classes), float("inf")
    for turn in range(len(classes)):
        rotated = classes[turn:] + [c + 12 for c in classes[:turn]]
        for octave in range(1, 9):
            pitches = [c + 12 * octave for c in rotated]
            cost = 0.8 * abs(float(np.mean(pitches)) - centre)
            if previous:
                moves = [min(abs(p - q) for q in previous) for p in pitches]
                cost += float(np.mean(moves))
            if cost < best_cost:
                best, best_cost = pitches, cost
    return best


def nearest(tone: int, centre: float) -> int:
    """MIDI pitch of a pitch class that lies nearest to a centre (the lower one where tied)."""
    return int(tone + 12 * np.ceil((centre - 6 - tone) / 12))


class Band:
    """Fills a score: knows tempo, chords and moods of one track, and the habits of its artist.

    Arrangements call its methods; ``score`` hands back the finished piece. Beats count from 0,
    and the clip begins with bar 1, so that bar 0 is heard only through what it leaves ringing.
    """

    def __init__(
        self, facts: Mapping[str, Any], style: Style, *, seed: int, meters: Sequence[int] = (4,)
    ):
        self.rng = np.random.default_rng(seed)
        artist = np.random.default_rng(zlib.crc32(f"artist {facts['artist_id']}".encode()))
        self._habits = artist.random(12)
        self._contour = artist.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3], 12)
        values = {name: float(np.clip(facts[name], -2.5, 2.5)) for name in SOUND}
        self.energy, self.brightness = values["energy"], values["brightness"]
        self.valence, self.acoustic = values["valence"], values["acoustic"]
        means = dict(zip(SOUND, GENRES[facts["genre"]][0], strict=True))
        self.drive = self.energy - means["energy"]  # energy beside what the genre is used to
        self.lead = str(facts["lead"])

        self.style = style
        self.meter = int(meters[int(artist.random() * len(meters))])
        bpm = style.bpm + style.bpm_slope * (values["tempo"] - means["tempo"])
        self.bpm = float(np.clip(bpm + self.rng.normal(0, 1.5), *style.bpm_limits))
        self.beat_seconds = 60 / self.bpm
        wanted = self.rng.uniform(5.2, 5.9)
        self.clip_beats = int(np.clip(round(wanted / self.beat_seconds), 4, 5.98 * self.bpm / 60))
        self.n_bars = 1 + int(np.ceil((self.clip_beats + 2) / self.meter))
        self.end = float(self.n_bars * self.meter)
        self.tonic = (int(artist.integers(12)) + int(self.rng.choice([0, 0, 0, 5, 7, 2]))) % 12
        self.scale, self.chords = self._harmony()

        self._parts: dict[str, Part] = {}
        self._notes: list[Note] = []
        self._controls: list[tuple[float, str, int, int]] = []

    def _harmony(self) -> tuple[tuple[int, ...], list[Chord]]:
        mood = self.valence + self.rng.normal(0, 0.25)
        name = "bright" if mood > 0.4 else "dark" if mood < -0.4 else "even"
        options = getattr(self.style, name)
        symbols = options[int(self._habits[0] * len(options))]
        if self.chance(0.55):
            symbols = self.rng.choice(options)
        parsed = [parse_chord(symbol) for symbol in symbols.split()]
        minor = 3 in parsed[0][1] and parsed[0][0] == 0
        if name == "bright" and not minor:
            scale = SCALES["lydian" if mood > 1.6 else "ionian"]
        elif minor:
            scale = SCALES["aeolian" if name == "dark" else "dorian"]
        else:
            scale = SCALES["aeolian" if name == "dark" else "ionian"]
        long_bar = self.meter == 4 and self.meter * self.beat_seconds > self.style.chord_seconds
        beats = 2 if long_bar else self.meter
        # Bar 0 holds the end of the progression, so that the clip opens on its first chord.
        offset = -(self.meter // beats)
        chords = []
        for k in range(int(self.end / beats)):
            root, intervals = parsed[(k + offset) % len(parsed)]
            root = (root + self.tonic) % 12
            chords.append(Chord(k * beats, (k + 1) * beats, root, intervals))
        return tuple((self.tonic + step) % 12 for step in scale), chords

    # Choices

    def chance(self, p: float) -> bool:
        """True with probability p, by the track's own generator."""
        return bool(self.rng.random() < p)

    def habit(self, index: int, options: Sequence[Any]) -> Any:
        """What this artist usually picks among options; one track in four departs from it."""
        if self.chance(0.25):
            return options[int(self.rng.integers(len(options)))]
        return options[int(self._habits[index] * len(options))]

    def chord_at(self, beat: float) -> Chord:
        """The chord that sounds at a beat."""
        index = int(beat // (self.chords[0].end - self.chords[0].start))
        return self.chords[min(max(index, 0), len(self.chords) - 1)]

    # Players

    def part(self, name: str, program: int, *, cutoff: int = 0, **settings: Any) -> str:
        """Seat a player; brightness opens or closes its filter, a little unevenly."""
        shade = 900 * self.brightness - 700 + self.rng.normal(0, 400)
        self._parts[name] = Part(
            name, program, cutoff=int(np.clip(cutoff + shade, -4000, 1200)), **settings
        )
        return name

    def kit(self, program: int, *, volume: int = 100, reverb: int = 30, cutoff: int = 0) -> None:
        """Seat the drummer."""
        self.part(
            "drums", program, volume=volume, reverb=reverb, cutoff=cutoff // 2, drums=True, bank=128
        )

    def control(self, part: str, beat: float, controller: int, value: float) -> None:
        """Move a MIDI controller at a beat."""
        self._controls.append((max(0.0, beat), part, controller, int(np.clip(value, 0, 127))))

    def play(self, part: str, beat: float, length: float, pitch: float, accent: float = 0) -> None:
        """Write one note, with swing, loose timing and a velocity that follows energy."""
        if not 0 <= beat < self.end:
            return
        start = self._swung(beat) + self.rng.normal(0, self.style.looseness / 1000) * (
            self.bpm / 60
        )
        velocity = 78 + 9 * self.energy + accent + self.rng.normal(0, 4)
        pitch = int(pitch)
        while pitch > 108:
            pitch -= 12
        while pitch < 24:
            pitch += 12
        self._notes.append(
            Note(part, max(0.0, start), length, pitch, int(np.clip(velocity, 18, 124)))
        )

    def _swung(self, beat: float) -> float:
        unit, share = self.style.swing_unit, self.style.swing
        pair, inside = divmod(beat, 2 * unit)
        if inside < unit:
            moved = inside * 2 * share
        else:
            moved = 2 * unit * share + (inside - unit) * 2 * (1 - share)
        return pair * 2 * unit + moved

    # Figures

    def onsets(self, pattern: str) -> list[tuple[float, float, str]]:
        """Beat, length and sign of every note of a pattern that repeats to the end.

        A pattern spans one bar, or two bars where it holds a ``|``. ``.`` is a rest, ``-`` holds.
        """
        cells = pattern.replace("|", "")
        span = self.meter * (1 + pattern.count("|"))
        step = span / len(cells)
        found = []
        for loop in range(int(np.ceil(self.end / span))):
            for k, sign in enumerate(cells):
                if sign in ".-":
                    continue
                held = 1
                while k + held < len(cells) and cells[k + held] == "-":
                    held += 1
                found.append((loop * span + k * step, held * step, sign))
        return found

    def hits(self, drum: int, pattern: str, accent: float = 0, chance: float = 1.0) -> None:
        """Write a drum pattern: ``X`` accent, ``x`` stroke, ``o`` ghost stroke."""
        levels = {"X": 14, "x": 0, "o": -34}
        for beat, _, sign in self.onsets(pattern):
            if sign == "X" or chance >= 1 or self.chance(chance):
                self.play("drums", beat, 0.2, drum, accent + levels[sign])

    def bass(self, part: str, pattern: str, *, low: int = 34, gate: float = 0.9) -> None:
        """Write a bass line: ``R`` root, ``8`` octave, ``5``, ``3``, ``7``, ``a`` leads on."""
        for beat, length, sign in self.onsets(pattern):
            chord = self.chord_at(beat)
            root = nearest(chord.root, low + 6)
            third = chord.intervals[1] if chord.intervals[1] < 6 else 12
            seventh = chord.intervals[3] if len(chord.intervals) > 3 else 12
            goal = nearest(self.chord_at(beat + length).root, root)
            pitch = {
                "R": root,
                "8": root + 12,
                "5": root + (6 if 6 in chord.intervals else 7),
                "3": root + third,
                "7": root + min(seventh, 12),
                "a": goal + int(self.rng.choice([-1, -2, 1])),
            }[sign]
            self.play(part, beat, length * gate, pitch, 6 if beat % self.meter == 0 else 0)

    def comp(
        self,
        part: str,
        pattern: str,
        *,
        centre: float,
        gate: float = 0.9,
        accent: float = 0,
        strum: float = 0.0,
        voicing: Callable[[Chord], Sequence[int]] | None = None,
    ) -> None:
        """Write chords on a pattern; ``strum`` spreads a chord over so many seconds.

        ``x`` and ``X`` strum downwards, ``u`` upwards and lighter, ``o`` is a light touch.
        """
        voiced: dict[float, list[int]] = {}
        before: list[int] | None = None
        for chord in self.chords:
            tones = voicing(chord) if voicing else chord.tones
            rooted = voicing is not None and max(tones) > 11
            before = list(tones) if rooted else voice_chord(tones, centre, before)
            voiced[chord.start] = before
        for beat, length, sign in self.onsets(pattern):
            pitches = voiced[self.chord_at(beat).start]
            order = pitches[::-1] if sign == "u" else pitches
            level = accent + {"X": 8, "x": 0, "u": -10, "o": -18}[sign]
            gap = strum / self.beat_seconds / max(1, len(order) - 1)
            for k, pitch in enumerate(order):
                self.play(part, beat + k * gap, length * gate, pitch, level)

    def arpeggio(
        self, part: str, pattern: str, *, centre: float, gate: float = 0.9, accent: float = 0
    ) -> None:
        """Write broken chords: digits name the voice, low to high, going on an octave higher."""
        before: list[int] | None = None
        voiced = {}
        for chord in self.chords:
            before = voice_chord(chord.tones[:4], centre, before)
            voiced[chord.start] = before
        for beat, length, sign in self.onsets(pattern):
            pitches = voiced[self.chord_at(beat).start]
            octave, voice = divmod(int(sign), len(pitches))
            lift = 5 if beat % 1 == 0 else 0
            self.play(part, beat, length * gate, pitches[voice] + 12 * octave, accent + lift)

    def melody(
        self,
        part: str,
        rhythms: Sequence[str],
        *,
        centre: float,
        accent: float = 8,
        gate: float = 0.92,
        rest: float = 0.06,
        leap: float = 1.0,
    ) -> list[Note]:
        """Write a tune from the artist's contour: chord tones on the beat, safe notes between.

        ``rhythms`` are two-bar patterns; high valence lets the line climb, low lets it fall.
        Returns the notes as written, for echoes and second voices.
        """
        main, other = self.habit(1, rhythms), str(self.rng.choice(rhythms))
        contour = [int(c) for c in self._contour]
        for k in range(len(contour)):
            if self.chance(0.25):
                contour[k] = int(self.rng.integers(-2, 3))
        span = 2 * self.meter
        first, pitch = len(self._notes), nearest(self.chords[0].root, centre)
        events = [e for e in self.onsets(main) if e[0] % (2 * span) < span or e[0] < self.meter]
        events += [e for e in self.onsets(other) if e[0] % (2 * span) >= span]
        count = 0
        for beat, length, _ in sorted(events):
            if beat % span == 0:
                count = 0  # the motif returns with every phrase
            if self.chance(rest) and beat % self.meter != 0:
                continue
            pitch = self._step(pitch, beat, length, leap * contour[count % 12], centre)
            count += 1
            lift = 4 if beat % 1 == 0 else 0
            self.play(part, beat, length * gate, pitch, accent + lift)
        return self._notes[first:]

    def _step(self, pitch: int, beat: float, length: float, move: float, centre: float) -> int:
        chord = self.chord_at(beat)
        tones = set(chord.tones)
        clash = {(t + 1) % 12 for t in tones} | {(t - 1) % 12 for t in tones}
        safe = tones | (set(self.scale) - clash)
        allowed = tones if length >= 1 or beat % 2 == 0 else safe
        pull = 0.12 * (centre + 2 * self.valence - pitch)
        target = pitch + 1.7 * move + pull + 0.3 * self.valence
        options = [p for p in range(int(centre) - 10, int(centre) + 13) if p % 12 in allowed]
        return min(options, key=lambda p: (abs(p - target), p))

    def echo(
        self, part: str, notes: Sequence[Note], *, delay: float, fade: float, times: int
    ) -> None:
        """Repeat notes on another part, each time later (beats) and softer (velocity)."""
        for note in notes:
            for k in range(1, times + 1):
                start, velocity = note.start + k * delay, int(note.velocity * fade**k)
                if start < self.end and velocity > 12:
                    self._notes.append(Note(part, start, note.length, note.pitch, velocity))

    def score(self) -> Score:
        """Hand back the piece; the clip starts a breath before the downbeat of bar 1."""
        notes = sorted(self._notes, key=lambda n: (n.start, n.part, n.pitch))
        return Score(
            bpm=self.bpm,
            parts=tuple(self._parts.values()),
            notes=tuple(notes),
            controls=tuple(sorted(self._controls)),
            start=self.meter * self.beat_seconds - 0.03,
            duration=float(np.clip(self.clip_beats * self.beat_seconds + 0.05, 5.0, 6.0)),
            room=float(np.clip(self.style.room + self.rng.normal(0, 0.06), 0.1, 0.95)),
        )
