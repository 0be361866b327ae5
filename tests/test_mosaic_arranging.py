"""The ten genres: each plays, sounds like itself, and follows the facts."""

from __future__ import annotations

import numpy as np
import pytest
from mosaic.arranging import KICK, RIDE, compose

from mmrec_course.datasets.synthetic import GENRES, SOUND

EVERY = [(genre, lead) for genre, (_, leads) in GENRES.items() for lead in leads]


def facts_of(genre, lead=None, artist_id=5, **changes):
    means, leads = GENRES[genre]
    facts = dict(zip(SOUND, means, strict=True))
    return {**facts, "artist_id": artist_id, "genre": genre, "lead": lead or leads[0], **changes}


def heard(score):
    """Notes that start inside the clip."""
    begin, end = score.start, score.start + score.duration
    return [n for n in score.notes if begin <= n.start * 60 / score.bpm < end]


def drum_beats(score, drum):
    return np.array([n.start for n in score.notes if n.part == "drums" and n.pitch == drum])


@pytest.mark.parametrize(("genre", "lead"), EVERY)
@pytest.mark.parametrize("shift", [-2.0, 2.0])
def test_every_lead_is_heard_at_every_mood(genre, lead, shift):
    means = dict(zip(SOUND, GENRES[genre][0], strict=True))
    for seed in range(2):
        facts = facts_of(genre, lead, seed, **{k: v + shift for k, v in means.items()})
        score = compose(facts, seed=seed)
        assert 5 <= score.duration <= 6
        assert {n.part for n in score.notes} <= {p.name for p in score.parts}
        assert any(n.part == "lead" for n in heard(score))
        assert all(24 <= n.pitch <= 108 and 1 <= n.velocity <= 127 for n in score.notes)
        assert all(n.start >= 0 and n.length > 0 for n in score.notes)


@pytest.mark.parametrize("genre", GENRES)
def test_something_sounds_when_the_clip_opens_and_when_it_ends(genre):
    for seed in range(6):
        score = compose(facts_of(genre, artist_id=seed), seed=seed)
        beat = score.bpm / 60
        opening, ending = score.start * beat, (score.start + score.duration) * beat
        sounding = [
            n for n in score.notes if n.start < opening + 0.3 and n.start + n.length > opening
        ]
        assert sounding
        assert max(n.start + n.length for n in score.notes) >= ending - 0.5


def test_the_same_seed_gives_the_same_score_and_another_seed_another():
    facts = facts_of("soul")
    assert compose(facts, seed=1) == compose(facts, seed=1)
    assert compose(facts, seed=1) != compose(facts, seed=2)


def test_house_kicks_on_every_beat_and_dub_drops_the_one():
    house = drum_beats(compose(facts_of("house"), seed=3), KICK)
    assert set(np.round(house).astype(int) % 4) == {0, 1, 2, 3}
    assert np.abs(house - np.round(house)).max() < 0.05
    dub = drum_beats(compose(facts_of("dub"), seed=3), KICK)
    assert set(np.round(dub).astype(int) % 4) == {2}


def test_jazz_swings_its_ride():
    ride = drum_beats(compose(facts_of("jazz"), seed=3), RIDE) % 1
    off_beats = ride[(ride > 0.3) & (ride < 0.9)]
    assert 0.6 < off_beats.mean() < 0.72


@pytest.mark.parametrize("genre", ["chamber", "ambient"])
def test_no_drums_where_none_belong(genre):
    for seed in range(8):
        assert not any(p.drums for p in compose(facts_of(genre), seed=seed).parts)


@pytest.mark.parametrize("genre", GENRES)
def test_tempo_energy_and_brightness_reach_the_score(genre):
    means = dict(zip(SOUND, GENRES[genre][0], strict=True))

    def average(measure, **changes):
        facts = [facts_of(genre, artist_id=s, **changes) for s in range(3)]
        return np.mean([measure(compose(f, seed=s)) for s, f in enumerate(facts)])

    for name, measure in {
        "tempo": lambda score: score.bpm,
        "energy": lambda score: np.mean([n.velocity for n in score.notes if n.part == "lead"]),
        "brightness": lambda score: np.mean([p.cutoff for p in score.parts]),
    }.items():
        low, high = means[name] - 1, means[name] + 1
        assert average(measure, **{name: low}) < average(measure, **{name: high})


@pytest.mark.parametrize("changes", [{"genre": "polka"}, {"lead": "kazoo"}])
def test_an_unknown_genre_or_lead_is_named(changes):
    with pytest.raises(ValueError, match=next(iter(changes.values()))):
        compose({**facts_of("jazz"), **changes}, seed=0)
