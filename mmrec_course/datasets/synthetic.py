"""A synthetic catalogue: tracks with latent facts, users with tastes, and the ratings that follow.

Users respond to the facts, from which `tools/mosaic` draws and plays Mosaic's media.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Seed = int | np.random.Generator

SOUND = ("tempo", "energy", "brightness", "valence", "acoustic")
LOOK = ("hue_cos", "hue_sin", "lightness", "vividness", "ornament")
MOTIFS = ("rings", "waves", "peaks", "grid", "leaves", "rays", "scatter", "ribbons")
THEMES = ("sea", "city night", "road", "winter", "forest", "space",
          "romance", "farewell", "childhood", "machines", "feast", "ghosts")  # fmt: skip
# Genre → means of the five sound facts, in standard deviations, and the instruments that may lead.
GENRES: dict[str, tuple[tuple[float, ...], tuple[str, ...]]] = {
    "ambient": ((-1.4, -1.5, -0.2, 0.0, -0.5), ("warm pad", "glass bells", "bowed synth", "choir")),
    "bossa nova": ((0.1, -0.5, 0.0, 0.7, 1.1),
                   ("nylon guitar", "flute", "vibraphone", "muted trumpet")),
    "chamber": ((-0.6, -0.8, 0.1, -0.3, 1.5), ("string quartet", "cello", "piano", "clarinet")),
    "dub": ((-0.6, 0.0, -1.2, -0.2, -0.4), ("organ", "melodica", "muted guitar", "trombone")),
    "folk": ((0.2, -0.2, 0.6, 0.2, 1.3), ("steel-string guitar", "fiddle", "banjo", "accordion")),
    "house": ((0.7, 1.0, 0.4, 0.3, -1.3), ("electric piano", "synth stab", "saw lead", "marimba")),
    "jazz": ((0.5, 0.0, -0.3, 0.2, 0.9), ("tenor sax", "trumpet", "piano", "jazz guitar")),
    "rock": ((0.6, 1.3, 0.6, -0.1, -0.3),
             ("overdriven guitar", "clean guitar", "rock organ", "distorted guitar")),
    "soul": ((-0.1, 0.4, -0.2, 0.6, 0.2),
             ("electric piano", "drawbar organ", "brass section", "clavinet")),
    "synth-pop": ((0.5, 0.7, 0.9, 0.4, -1.4),
                  ("saw lead", "square lead", "poly synth", "synth brass")),
}  # fmt: skip
SCENES = ("scene_0", "scene_1", "scene_2", "scene_3")
PARTS = ("sound", "words", "looks", "scene")
# A rating is the number of these that the (noisy) utility exceeds, plus one.
RATING_STEPS = (-0.6, 0.8, 2.1, 3.4)
N_CIRCLES = 16
START = pd.Timestamp("2023-01-01")


@dataclass(frozen=True)
class World:
    """A synthetic catalogue with its ground truth, most of which no model may see."""

    tracks: pd.DataFrame  # (n_items, …) facts of draw_tracks, with item_id
    user_ids: NDArray[np.str_]  # (n_users,)
    attention: Floats  # (n_users, 3) weights of sound, words and looks; rows sum to 1
    parts: Floats  # (4, n_users, n_items) fit of sound, words, looks, scene; rows standardised
    utility: Floats  # (n_users, n_items) how much a user would like a track
    ratings: pd.DataFrame  # user_id, item_id, rating, timestamp


def make_world(
    tracks: pd.DataFrame | None = None,
    *,
    n_users: int = 600,
    n_ratings: int = 25_000,
    media_signal: bool = True,
    rng: int = 0,
) -> World:
    """Make tracks if not given, users and ratings; media_signal=False is the negative control."""
    generator = np.random.default_rng(rng)
    if tracks is None:
        tracks = draw_tracks(rng=generator)
        tracks.insert(0, "item_id", generator.permutation(_ids("t", len(tracks))))
    if not media_signal:
        # Tracks of one artist share a look and a scene: unless the latent facts are permuted,
        # a model could predict them from the artist that it recognises.
        latent = [*SCENES, "quality", "fame"]
        permuted = tracks[latent].to_numpy()[generator.permutation(len(tracks))]
        tracks = tracks.assign(**dict(zip(latent, permuted.T, strict=True)))
    taste = simulate_listeners(tracks, n_users, media_signal=media_signal, rng=generator)
    ratings = simulate_ratings(tracks, taste[-1], n_ratings, rng=generator)
    return World(tracks, _ids("u", n_users), *taste, ratings)


def draw_tracks(n_tracks: int = 480, *, n_artists: int = 160, rng: Seed = 0) -> pd.DataFrame:
    """Draw the latent facts of a catalogue, one row for each track.

    An artist has a genre, a sound, a look, favourite themes, a scene and a fame; the tracks vary
    around these. Facts have mean about 0 and standard deviation about 1; hue is an angle.
    """
    rng = np.random.default_rng(rng)
    genres = np.array(list(GENRES))
    artist_genre = rng.permutation(np.resize(np.arange(len(genres)), n_artists))
    share = rng.dirichlet(np.full(n_artists, 1.6))
    artist = np.repeat(np.arange(n_artists), 1 + rng.multinomial(n_tracks - n_artists, share))
    genre = artist_genre[artist]

    def around_artist(between: float, within: float, *shape: int, mean: Any = 0.0) -> Floats:
        centre: Floats = mean + between * rng.standard_normal((n_artists, *shape))[artist]
        return centre + within * rng.standard_normal((n_tracks, *shape))

    def artist_habit(probability: float, n_levels: int) -> NDArray[np.int_]:
        usual = rng.random(n_tracks) < probability
        of_artist = rng.integers(n_levels, size=n_artists)[artist]
        return np.where(usual, of_artist, rng.integers(n_levels, size=n_tracks))

    # The order of the draws is part of the data: another order gives another catalogue.
    means = np.array([sound for sound, _ in GENRES.values()])
    sound = around_artist(0.45, 0.55, len(SOUND), mean=means[genre])
    hue = rng.uniform(0, 2 * np.pi, n_artists)[artist] + 0.55 * rng.standard_normal(n_tracks)
    hue %= 2 * np.pi
    look = around_artist(0.65, 0.75, 3)
    motif, lead = artist_habit(0.55, len(MOTIFS)), artist_habit(0.6, 4)
    # Each artist returns to a few themes; a track has one, and often a second beside it.
    favourite = rng.dirichlet(np.full(len(THEMES), 0.35), n_artists) * 0.8 + 0.2 / len(THEMES)
    themes = np.array([rng.choice(len(THEMES), 2, replace=False, p=favourite[a]) for a in artist])
    second = np.where(rng.random(n_tracks) < 0.6, themes[:, 1], -1)
    scene = around_artist(0.8, 0.6, len(SCENES))
    quality, fame = around_artist(0.5, 0.85), around_artist(0.5, 0.8)
    is_new = rng.random(n_tracks) < 0.45
    day = np.where(is_new, rng.uniform(0, 700, n_tracks), -rng.gamma(2, 500, n_tracks))

    table = pd.DataFrame({"artist_id": artist, "genre": genres[genre]})
    table["lead"] = [GENRES[g][1][j] for g, j in zip(table["genre"], lead, strict=True)]
    table[list(SOUND)] = sound
    table[list(LOOK)] = np.column_stack([np.cos(hue), np.sin(hue), look])
    table["motif"] = np.array(MOTIFS)[motif]
    table["theme"] = np.array(THEMES)[themes[:, 0]]
    table["second_theme"] = [THEMES[j] if j >= 0 else pd.NA for j in second]
    table[list(SCENES)] = scene
    table["quality"], table["fame"] = quality, fame
    table["released"] = START + pd.to_timedelta(np.floor(day), unit="D")
    return table


def simulate_listeners(
    tracks: pd.DataFrame, n_users: int, *, media_signal: bool = True, rng: Seed = 0
) -> tuple[Floats, Floats, Floats]:
    """Draw the users' tastes and compute the utility of every track for every user.

    A user's taste vector is that of one of 16 circles of friends plus an own part. With
    attention a (rows sum to 1) and standardised parts s_p,

        utility = 2.6 · Σ_p a_p · s_p (sound, words, looks) + 0.6 · s_scene + 0.55 · quality,

    and without media_signal, 1.7 · s_scene + 0.55 · quality. Returns attention, parts, utility.
    """
    rng = np.random.default_rng(rng)
    facts = _facts(tracks)
    circle = rng.integers(N_CIRCLES, size=n_users)
    attention = rng.dirichlet((3.0, 3.0, 3.0), n_users)
    parts = np.empty((len(PARTS), n_users, len(tracks)))
    for part, name in zip(parts, PARTS, strict=True):
        x = facts[name]
        taste = rng.standard_normal((N_CIRCLES, x.shape[1]))[circle]
        taste += 1.2 * rng.standard_normal((n_users, x.shape[1]))
        score = taste @ (x - x.mean(axis=0)).T
        part[:] = score / score.std(axis=1, keepdims=True)
    utility = 1.7 * parts[3]
    if media_signal:
        utility = 2.6 * np.einsum("up,pui->ui", attention, parts[:3]) + 0.6 * parts[3]
    return attention, parts, utility + 0.55 * tracks["quality"].to_numpy()


def simulate_ratings(
    tracks: pd.DataFrame, utility: Floats, n_ratings: int, *, rng: Seed = 0
) -> pd.DataFrame:
    """Let users visit the shop over two years and rate the tracks that they take.

    The shop sorts its front page by sales so far and promotes new releases. At time t, a user takes
    track i, not yet rated, with probability proportional to

        position_i(t)^-0.2 · exp(0.3 · fame_i + utility_ui) · novelty_i(t),

    so what gets rated depends on popularity, position and taste (missing not at random). The
    rating is 1 plus the number of ``RATING_STEPS`` that utility plus the mood of the day exceeds.
    """
    rng = np.random.default_rng(rng)
    n_users, n_items = utility.shape
    fewest, most = 12 * n_users, n_users * n_items // 2
    if not fewest <= n_ratings <= most:
        raise ValueError(f"n_ratings: {n_ratings} is outside {fewest}–{most} of {n_users} users")
    user, when = _visits(n_users, n_items, n_ratings, rng)
    released = ((pd.to_datetime(tracks["released"]) - START) / pd.Timedelta(days=1)).to_numpy()
    pull = np.exp(0.3 * tracks["fame"].to_numpy() + utility)  # (n_users, n_items)
    sales = np.exp(0.5 * tracks["fame"].to_numpy())
    item = np.empty(len(user), int)
    uniform = rng.random(len(user))
    next_release = -np.inf
    for n, (u, t) in enumerate(zip(user, when, strict=True)):
        if n % 50 == 0:  # the shop re-sorts its front page now and then, not at every sale
            position = 1 + np.argsort(np.argsort(-sales * (released <= t), kind="stable"))
            shown = position**-0.2 * (1 + 2 * np.exp(-np.maximum(t - released, 0) / 45))
        if n % 50 == 0 or t >= next_release:
            on_page = shown * (released <= t)
            next_release = np.min(released, where=released > t, initial=np.inf)
        weight = (on_page * pull[u]).cumsum()
        i = weight.searchsorted(uniform[n] * weight[-1], side="right")
        item[n] = i
        pull[u, i] = 0.0  # nobody takes a track twice
        sales[i] += 1
    felt = utility[user, item] + 0.6 * rng.standard_normal(len(user))
    table = pd.DataFrame({"user_id": _ids("u", n_users)[user]})
    table["item_id"] = tracks["item_id"].to_numpy()[item]
    table["rating"] = 1 + np.searchsorted(RATING_STEPS, felt)
    table["timestamp"] = (START + pd.to_timedelta(when, unit="D")).floor("s")
    return table


def _visits(
    n_users: int, n_items: int, n_ratings: int, rng: np.random.Generator
) -> tuple[NDArray[np.int_], Floats]:
    """Row of the user and time in days of each rating, in time order."""
    days = 731.0
    activity = np.exp(0.75 * rng.standard_normal(n_users))
    share = activity / activity.sum()
    most = n_items // 2 - 12
    count = 12 + np.minimum(rng.multinomial(n_ratings - 12 * n_users, share), most)
    while (short := n_ratings - count.sum()) > 0:
        room = (count < 12 + most) * share
        count = np.minimum(count + rng.multinomial(short, room / room.sum()), 12 + most)
    # Everyone joins at some time and rates in sittings until the end.
    joined = rng.beta(1.0, 2.2, size=n_users) * 0.85 * days
    user = np.repeat(np.arange(n_users), count)
    sitting = np.floor(rng.random(len(user)) * np.sqrt(count[user]) * 1.5).astype(int)
    sitting_time = rng.random((n_users, sitting.max() + 1))
    when = joined[user] + (days - joined[user]) * sitting_time[user, sitting]
    when = np.minimum(when + rng.random(len(user)) * 1.5 / 24, days - 1e-3)
    order = np.argsort(when, kind="stable")
    return user[order], when[order]


def _facts(tracks: pd.DataFrame) -> dict[str, Floats]:
    """Facts as numbers: what can be heard, read, seen, and what none of them shows."""
    second = tracks["second_theme"].fillna("")
    look = tracks[list(LOOK)].to_numpy() * [1.4, 1.4, 1, 1, 0.7]
    genre = 1.2 * _one_hot(tracks["genre"], tuple(GENRES))
    return {
        "sound": np.hstack([genre, 0.7 * tracks[list(SOUND)].to_numpy()]),
        "words": _one_hot(tracks["theme"], THEMES) + 0.5 * _one_hot(second, THEMES),
        "looks": np.hstack([look, _one_hot(tracks["motif"], MOTIFS)]),
        "scene": tracks[list(SCENES)].to_numpy(),
    }


def _one_hot(values: pd.Series[str], levels: tuple[str, ...]) -> Floats:
    return np.asarray(values.to_numpy()[:, None] == np.array(levels), dtype=float)


def _ids(letter: str, n: int) -> NDArray[np.str_]:
    """Return "u001", "u002" and so on."""
    return np.array([f"{letter}{j:03d}" for j in range(1, n + 1)])
