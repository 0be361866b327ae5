"""The made-up world behind Mosaic: facts and tastes, and the covers and clips made from them.

Nothing on the way from media to recommendations imports this room. It needs skia and FluidSynth
only where a cover is drawn or a clip is played.
"""

from mmrec_course.simulation.arranging import compose
from mmrec_course.simulation.covers import draw_cover, write_cover
from mmrec_course.simulation.music import make_clip, write_clip
from mmrec_course.simulation.world import (
    World,
    draw_tracks,
    fact_blocks,
    make_world,
    simulate_listeners,
    simulate_ratings,
)

__all__ = [
    "World",
    "compose",
    "draw_cover",
    "draw_tracks",
    "fact_blocks",
    "make_clip",
    "make_world",
    "simulate_listeners",
    "simulate_ratings",
    "write_clip",
    "write_cover",
]
