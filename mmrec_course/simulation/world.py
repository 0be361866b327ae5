"""A made-up world: tracks with latent facts, listeners with tastes, and the ratings that follow.

In: a seed and sizes. Out: tables of facts, arrays of tastes, a ratings DataFrame.
Nothing here sees a picture, a word or a sound: media are made from the same facts elsewhere
in this room, and listeners judge the facts, never the features that a lesson extracts.

Notebook: 01_the_catalogue
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.features.block import FeatureBlock

__all__ = [
    "GENRES",
    "LOOK",
    "MOTIFS",
    "SOUND",
    "THEMES",
    "VOICES",
    "World",
    "draw_tracks",
    "fact_blocks",
    "make_world",
    "simulate_listeners",
    "simulate_ratings",
]

Floats = NDArray[np.float64]

SOUND = ("tempo", "energy", "brightness", "valence", "acoustic")
LOOK = ("hue_cos", "hue_sin", "lightness", "vividness", "ornament")
MOTIFS = ("rings", "waves", "peaks", "grid", "leaves", "rays", "scatter", "ribbons")
THEMES = (
    "sea",
    "city night",
    "road",
    "winter",
    "forest",
    "space",
    "romance",
    "farewell",
    "childhood",
    "machines",
    "feast",
    "ghosts",
)
VOICES = (
    "shop clerk",
    "critic",
    "radio host",
    "poet",
    "liner notes",
    "enthusiast",
    "deadpan",
    "letter from the artist",
)
# Genre → mean of the five sound facts (in units of their spread) and the instruments that may lead.
GENRES: dict[str, tuple[tuple[float, ...], tuple[str, ...]]] = {
    "ambient": ((-1.4, -1.5, -0.2, 0.0, -0.5), ("warm pad", "glass bells", "bowed synth", "choir")),
    "bossa nova": (
        (0.1, -0.5, 0.0, 0.7, 1.1),
        ("nylon guitar", "flute", "vibraphone", "muted trumpet"),
    ),
    "chamber": ((-0.6, -0.8, 0.1, -0.3, 1.5), ("string quartet", "cello", "piano", "clarinet")),
    "dub": ((-0.6, 0.0, -1.2, -0.2, -0.4), ("organ", "melodica", "muted guitar", "trombone")),
    "folk": ((0.2, -0.2, 0.6, 0.2, 1.3), ("steel-string guitar", "fiddle", "banjo", "accordion")),
    "house": ((0.7, 1.0, 0.4, 0.3, -1.3), ("electric piano", "synth stab", "saw lead", "marimba")),
    "jazz": ((0.5, 0.0, -0.3, 0.2, 0.9), ("tenor sax", "trumpet", "piano", "jazz guitar")),
    "rock": (
        (0.6, 1.3, 0.6, -0.1, -0.3),
        ("overdriven guitar", "clean guitar", "rock organ", "distorted guitar"),
    ),
    "soul": (
        (-0.1, 0.4, -0.2, 0.6, 0.2),
        ("electric piano", "drawbar organ", "brass section", "clavinet"),
    ),
    "synth-pop": (
        (0.5, 0.7, 0.9, 0.4, -1.4),
        ("saw lead", "square lead", "poly synth", "synth brass"),
    ),
}
N_SCENES = 4
PARTS = ("sound", "words", "looks", "scene")
# A rating is the number of these that the (noisy) utility exceeds, plus one.
RATING_STEPS = (-0.6, 0.8, 2.1, 3.4)


def draw_tracks(
    n_tracks: int = 480, *, n_artists: int = 160, rng: int | np.random.Generator = 0
) -> pd.DataFrame:
    """Draw the latent facts of a catalogue, one row a track.

    Artists have a genre, a sound, a look, favourite themes, a scene and a fame; their tracks
    vary around these. Sound facts and the last three look facts have mean about 0 and standard
    deviation about 1; hue is an angle, given as its cosine and sine.

    Parameters
    ----------
    n_tracks, n_artists
        Sizes; every artist has at least one track.
    rng
        Seed or generator.

    Returns
    -------
    DataFrame (n_tracks, …) with columns artist_id, genre, lead, the five of ``SOUND``, the five
    of ``LOOK``, motif, theme, second_theme, scene_0 …, quality, fame, released.

    Notebook: 01_the_catalogue
    """
    if not 1 <= n_artists <= n_tracks:
        raise ValueError(f"n_artists: {n_artists} is not between 1 and n_tracks = {n_tracks}")
    rng = np.random.default_rng(rng)
    genres = list(GENRES)
    artist_genre = rng.permutation(np.resize(np.arange(len(genres)), n_artists))
    share = rng.dirichlet(np.full(n_artists, 1.6))
    extra = rng.multinomial(n_tracks - n_artists, share)
    artist = np.repeat(np.arange(n_artists), 1 + extra)
    genre = artist_genre[artist]

    means = np.array([GENRES[g][0] for g in genres])
    sound = (
        means[genre]
        + 0.45 * rng.standard_normal((n_artists, len(SOUND)))[artist]
        + 0.55 * rng.standard_normal((n_tracks, len(SOUND)))
    )
    hue = rng.uniform(0, 2 * np.pi, n_artists)[artist] + 0.55 * rng.standard_normal(n_tracks)
    hue = hue % (2 * np.pi)
    look = 0.65 * rng.standard_normal((n_artists, 3))[artist]
    look = look + 0.75 * rng.standard_normal((n_tracks, 3))
    motif = np.where(
        rng.random(n_tracks) < 0.55,
        rng.integers(len(MOTIFS), size=n_artists)[artist],
        rng.integers(len(MOTIFS), size=n_tracks),
    )
    lead = np.where(
        rng.random(n_tracks) < 0.6,
        rng.integers(4, size=n_artists)[artist],
        rng.integers(4, size=n_tracks),
    )
    # Each artist returns to a few themes; a track has one, and often a second beside it.
    appetite = rng.dirichlet(np.full(len(THEMES), 0.35), n_artists) * 0.8 + 0.2 / len(THEMES)
    chosen = np.array([rng.choice(len(THEMES), 2, replace=False, p=appetite[a]) for a in artist])
    second = np.where(rng.random(n_tracks) < 0.6, chosen[:, 1], -1)

    scene = 0.8 * rng.standard_normal((n_artists, N_SCENES))[artist]
    scene = scene + 0.6 * rng.standard_normal((n_tracks, N_SCENES))
    quality = 0.5 * rng.standard_normal(n_artists)[artist] + 0.85 * rng.standard_normal(n_tracks)
    fame = 0.5 * rng.standard_normal(n_artists)[artist] + 0.8 * rng.standard_normal(n_tracks)
    is_new = rng.random(n_tracks) < 0.45
    day = np.where(is_new, rng.uniform(0, 700, n_tracks), -rng.gamma(2, 500, n_tracks))
    released = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.floor(day), unit="D")

    table = pd.DataFrame({"artist_id": artist, "genre": np.array(genres)[genre]})
    table["lead"] = [GENRES[g][1][j] for g, j in zip(table["genre"], lead, strict=True)]
    table[list(SOUND)] = sound
    table[list(LOOK)] = np.column_stack([np.cos(hue), np.sin(hue), look])
    table["motif"] = np.array(MOTIFS)[motif]
    table["theme"] = np.array(THEMES)[chosen[:, 0]]
    table["second_theme"] = [THEMES[j] if j >= 0 else pd.NA for j in second]
    table[[f"scene_{j}" for j in range(N_SCENES)]] = scene
    table["quality"], table["fame"], table["released"] = quality, fame, released
    return table


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that is true in a made-up shop, most of it hidden from its models.

    Attributes
    ----------
    tracks
        Facts (n_items, …) of :func:`draw_tracks`, with item_id.
    user_ids
        (n_users,) strings.
    attention
        (n_users, 3), rows sum to 1: how much a listener cares about sound, words, looks.
    parts
        (4, n_users, n_items): what sound, words, looks and scene are worth to whom; each row has
        mean 0 and standard deviation 1 over the items.
    utility
        (n_users, n_items): how much a listener would like a track, without the noise of the day.
    ratings
        DataFrame user_id, item_id, rating, timestamp.

    Notebook: 01_the_catalogue
    """

    tracks: pd.DataFrame
    user_ids: NDArray[np.str_]
    attention: Floats
    parts: Floats
    utility: Floats
    ratings: pd.DataFrame


def _one_hot(values: pd.Series[str], levels: tuple[str, ...]) -> Floats:
    return np.asarray(values.to_numpy()[:, None] == np.array(levels), dtype=float)


def _facts(tracks: pd.DataFrame) -> dict[str, Floats]:
    """Facts as numbers: what can be heard, read, seen, and what none of them shows."""
    second = tracks["second_theme"].fillna("")
    look = tracks[list(LOOK)].to_numpy() * [1.4, 1.4, 1, 1, 0.7]
    return {
        "sound": np.hstack(
            [1.2 * _one_hot(tracks["genre"], tuple(GENRES)), 0.7 * tracks[list(SOUND)].to_numpy()]
        ),
        "words": _one_hot(tracks["theme"], THEMES) + 0.5 * _one_hot(second, THEMES),
        "looks": np.hstack([look, _one_hot(tracks["motif"], MOTIFS)]),
        "scene": tracks[[f"scene_{j}" for j in range(N_SCENES)]].to_numpy(),
    }


def simulate_listeners(
    tracks: pd.DataFrame,
    n_users: int = 600,
    *,
    n_circles: int = 16,
    media_signal: bool = True,
    rng: int | np.random.Generator = 0,
) -> tuple[Floats, Floats, Floats]:
    """Draw tastes and work out what every track is worth to every listener.

    A listener's taste vector is that of a circle of friends plus an own part. With attention
    a (rows sum to 1) and standardised parts s_p,

        utility = 2.6 · Σ_p a_p · s_p (sound, words, looks) + 0.6 · s_scene + 0.55 · quality.

    Parameters
    ----------
    tracks
        Facts from :func:`draw_tracks`.
    n_users, n_circles
        Sizes.
    media_signal
        False makes the negative control: the three parts that media show count nothing, the
        hidden scene takes their place.
    rng
        Seed or generator.

    Returns
    -------
    attention (n_users, 3), parts (4, n_users, n_items), utility (n_users, n_items).

    Notebook: 01_the_catalogue
    """
    rng = np.random.default_rng(rng)
    facts = _facts(tracks)
    circle = rng.integers(n_circles, size=n_users)
    attention = rng.dirichlet((3.0, 3.0, 3.0), n_users)
    parts = []
    for name in PARTS:
        x = facts[name]
        taste = rng.standard_normal((n_circles, x.shape[1]))[circle]
        taste = taste + 1.2 * rng.standard_normal((n_users, x.shape[1]))
        score = taste @ (x - x.mean(axis=0)).T
        parts.append(score / score.std(axis=1, keepdims=True))
    stacked = np.stack(parts)
    quality = tracks["quality"].to_numpy()
    if media_signal:
        shown = np.einsum("up,pui->ui", attention, stacked[:3])
        utility = 2.6 * shown + 0.6 * stacked[3] + 0.55 * quality
    else:
        utility = 1.7 * stacked[3] + 0.55 * quality
    return attention, stacked, utility


def simulate_ratings(
    tracks: pd.DataFrame,
    utility: Floats,
    n_ratings: int = 25_000,
    *,
    noise: float = 0.6,
    rng: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Let listeners visit the shop over two years and rate what they come across.

    The shop sorts its shelves by sales so far and lifts new releases. A visitor takes track i,
    not yet rated, at time t with probability proportional to

        position_i(t)^-0.2 · exp(0.3 · fame_i + utility_ui) · novelty_i(t),

    so that what gets rated depends on popularity, position and taste (missing not at random).
    The rating is 1 plus the number of ``RATING_STEPS`` that utility + noise exceeds.

    Parameters
    ----------
    tracks
        Facts, with item_id, fame and released.
    utility
        (n_users, n_items).
    n_ratings
        How many ratings in all; at least 12 a listener.
    noise
        Standard deviation of the mood of the day, in units of utility.
    rng
        Seed or generator.

    Returns
    -------
    DataFrame user_id ("u001", …), item_id, rating (int 1–5), timestamp, in time order.

    Raises
    ------
    ValueError
        If n_ratings is below 12 a listener or above half of all pairs.

    Notebook: 01_the_catalogue
    """
    rng = np.random.default_rng(rng)
    n_users, n_items = utility.shape
    if not 12 * n_users <= n_ratings <= n_users * n_items // 2:
        raise ValueError(
            f"n_ratings: {n_ratings} is outside {12 * n_users}–{n_users * n_items // 2} "
            f"for {n_users} users and {n_items} items"
        )
    days = 731.0
    activity = np.exp(0.75 * rng.standard_normal(n_users))
    share = activity / activity.sum()
    cap = n_items // 2 - 12
    count = 12 + np.minimum(rng.multinomial(n_ratings - 12 * n_users, share), cap)
    while (short := n_ratings - count.sum()) > 0:
        room = (count < 12 + cap) * share
        count = np.minimum(count + rng.multinomial(short, room / room.sum()), 12 + cap)
    # Visits: everyone joins at some time and rates in sittings until the end.
    joined = rng.beta(1.0, 2.2, size=(n_users,)) * 0.85 * days
    user = np.repeat(np.arange(n_users), count)
    sittings = np.floor(rng.random(len(user)) * np.sqrt(count[user]) * 1.5)
    sitting_time = rng.random((n_users, int(sittings.max()) + 1))
    when = joined[user] + (days - joined[user]) * sitting_time[user, sittings.astype(int)]
    when = np.minimum(when + rng.random(len(user)) * 1.5 / 24, days - 1e-3)
    order = np.argsort(when, kind="stable")
    user, when = user[order], when[order]

    start = pd.Timestamp("2023-01-01")
    released = ((pd.to_datetime(tracks["released"]) - start) / pd.Timedelta(days=1)).to_numpy()
    pull = np.exp(0.3 * tracks["fame"].to_numpy() + utility)
    sales = np.exp(0.5 * tracks["fame"].to_numpy())
    item = np.empty(len(user), int)
    uniform = rng.random(len(user))
    next_release = -np.inf
    for n, (u, t) in enumerate(zip(user, when, strict=True)):
        if n % 50 == 0:  # the shop re-sorts its shelves now and then, not at every sale
            position = 1 + np.argsort(np.argsort(-sales * (released <= t), kind="stable"))
            shelf = position**-0.2 * (1 + 2 * np.exp(-np.maximum(t - released, 0) / 45))
        if n % 50 == 0 or t >= next_release:
            on_shelf = shelf * (released <= t)
            next_release = np.min(released, where=released > t, initial=np.inf)
        weight = (on_shelf * pull[u]).cumsum()
        i = weight.searchsorted(uniform[n] * weight[-1], side="right")
        item[n] = i
        pull[u, i] = 0.0  # nobody takes a track twice
        sales[i] += 1
    felt = utility[user, item] + noise * rng.standard_normal(len(user))
    return pd.DataFrame(
        {
            "user_id": np.array([f"u{j:03d}" for j in range(1, n_users + 1)])[user],
            "item_id": tracks["item_id"].to_numpy()[item],
            "rating": 1 + np.searchsorted(RATING_STEPS, felt),
            "timestamp": (start + pd.to_timedelta(when, unit="D")).floor("s"),
        }
    )


def make_world(
    tracks: pd.DataFrame | None = None,
    *,
    n_users: int = 600,
    n_ratings: int = 25_000,
    media_signal: bool = True,
    rng: int = 0,
) -> World:
    """Make a whole world from a seed; ``media_signal=False`` is the negative control.

    Parameters
    ----------
    tracks
        Facts; drawn with the same seed if not given.
    n_users, n_ratings
        Sizes.
    media_signal
        Whether what media show matters to anybody.
    rng
        Seed.

    Returns
    -------
    World

    Notebook: 01_the_catalogue
    """
    generator = np.random.default_rng(rng)
    if tracks is None:
        tracks = draw_tracks(rng=generator)
        ids = [f"t{j:03d}" for j in range(1, len(tracks) + 1)]
        tracks.insert(0, "item_id", generator.permutation(ids))
    if not media_signal:
        # Tracks of one artist share a look and a scene: unless what is hidden is dealt out anew,
        # a model could guess it from the artist that it recognises.
        hidden = [*(f"scene_{j}" for j in range(N_SCENES)), "quality", "fame"]
        dealt = tracks[hidden].to_numpy()[generator.permutation(len(tracks))]
        tracks = tracks.assign(**dict(zip(hidden, dealt.T, strict=True)))
    attention, parts, utility = simulate_listeners(
        tracks, n_users, media_signal=media_signal, rng=generator
    )
    ratings = simulate_ratings(tracks, utility, n_ratings, rng=generator)
    user_ids = np.array([f"u{j:03d}" for j in range(1, n_users + 1)])
    return World(
        tracks=tracks,
        user_ids=user_ids,
        attention=attention,
        parts=parts,
        utility=utility,
        ratings=ratings,
    )


def fact_blocks(
    tracks: pd.DataFrame, *, noise: float = 1.0, rng: int | np.random.Generator = 0
) -> dict[str, FeatureBlock]:
    """Features as a perfect extractor plus noise would give them, without any media.

    Parameters
    ----------
    tracks
        Facts, with item_id.
    noise
        Standard deviation of the noise in units of each column's own; 0 gives the facts.
    rng
        Seed or generator.

    Returns
    -------
    dict "image", "text", "audio" → FeatureBlock with standardised columns, all present.

    Notebook: 01_the_catalogue
    """
    rng = np.random.default_rng(rng)
    facts = _facts(tracks)
    blocks = {}
    for modality, part in (("image", "looks"), ("text", "words"), ("audio", "sound")):
        x = facts[part]
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        x = x + noise * rng.standard_normal(x.shape)
        blocks[modality] = FeatureBlock(
            modality=modality,
            item_ids=tracks["item_id"].to_numpy(str),
            values=x,
            present=np.ones(len(x), bool),
            names=tuple(f"{part}_{j}" for j in range(x.shape[1])),
        )
    return blocks
