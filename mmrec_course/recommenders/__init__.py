"""fit, score, recommend, explain."""

from mmrec_course.recommenders.base import Recommender
from mmrec_course.recommenders.collaborative import EASE
from mmrec_course.recommenders.content import ContentKNN, ContentRidge
from mmrec_course.recommenders.multimodal import MultimodalRecommender
from mmrec_course.recommenders.popularity import Popularity, Random

__all__ = [
    "EASE",
    "ContentKNN",
    "ContentRidge",
    "MultimodalRecommender",
    "Popularity",
    "Random",
    "Recommender",
]
