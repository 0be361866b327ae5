"""fit, score, recommend, explain."""

from mmrec_course.recommenders.base import Recommender
from mmrec_course.recommenders.collaborative import EASE, ImplicitALS
from mmrec_course.recommenders.content import ContentKNN, ContentRidge
from mmrec_course.recommenders.multimodal import MultimodalRecommender
from mmrec_course.recommenders.popularity import Popularity, Random
from mmrec_course.recommenders.surprise_models import SurpriseRecommender

__all__ = [
    "EASE",
    "ContentKNN",
    "ContentRidge",
    "ImplicitALS",
    "MultimodalRecommender",
    "Popularity",
    "Random",
    "Recommender",
    "SurpriseRecommender",
]
