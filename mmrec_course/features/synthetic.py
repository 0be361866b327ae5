"""Features of a synthetic catalogue, straight from its facts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmrec_course.datasets.synthetic import _facts
from mmrec_course.features.block import FeatureBlock


def fact_blocks(
    tracks: pd.DataFrame, *, noise: float = 1.0, rng: int | np.random.Generator = 0
) -> dict[str, FeatureBlock]:
    """Make the features that a perfect extractor plus noise would find, without any media.

    ``tracks`` are facts of :func:`mmrec_course.datasets.synthetic.draw_tracks`, with item_id;
    ``noise`` is its standard deviation in units of each column's own.
    """
    rng = np.random.default_rng(rng)
    facts = _facts(tracks)
    blocks = {}
    for modality, part in (("image", "looks"), ("text", "words"), ("audio", "sound")):
        x = facts[part]
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        blocks[modality] = FeatureBlock(
            modality=modality,
            item_ids=tracks["item_id"].to_numpy(str),
            values=x + noise * rng.standard_normal(x.shape),
            present=np.ones(len(x), bool),
            names=tuple(f"{part}_{j}" for j in range(x.shape[1])),
        )
    return blocks
