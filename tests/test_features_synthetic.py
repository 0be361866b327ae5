"""Features straight from the facts of a synthetic catalogue."""

import numpy as np

from mmrec_course.datasets.synthetic import draw_tracks
from mmrec_course.features.synthetic import fact_blocks


def test_fact_blocks_are_the_facts_plus_noise():
    tracks = draw_tracks(rng=5)
    tracks.insert(0, "item_id", [f"t{j}" for j in range(len(tracks))])
    clean, noisy = fact_blocks(tracks, noise=0), fact_blocks(tracks, noise=1, rng=3)
    assert list(clean) == ["image", "text", "audio"]
    for modality, block in clean.items():
        np.testing.assert_allclose(block.values.std(axis=0), 1)
        gap = noisy[modality].values - block.values
        assert 0.9 < gap.std() < 1.1
        assert list(block.item_ids) == list(tracks["item_id"])
