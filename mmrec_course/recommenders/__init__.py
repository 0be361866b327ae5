"""fit, score, recommend, explain."""

from typing import Any

from mmrec_course.recommenders.base import Recommender
from mmrec_course.recommenders.collaborative import EASE, ImplicitALS
from mmrec_course.recommenders.content import ContentKNN, ContentRidge
from mmrec_course.recommenders.multimodal import MultimodalRecommender
from mmrec_course.recommenders.multimodal_cv import MultimodalRecommenderCV
from mmrec_course.recommenders.popularity import Popularity, Random

__all__ = [
    "EASE",
    "ContentKNN",
    "ContentRidge",
    "ImplicitALS",
    "MultimodalRecommender",
    "MultimodalRecommenderCV",
    "Popularity",
    "Random",
    "Recommender",
    "SurpriseRecommender",
]


def __getattr__(name: str) -> Any:
    """Import the recommender of `extras` when it is asked for (PEP 562)."""
    if name == "SurpriseRecommender":
        from mmrec_course.extras.surprise_models import SurpriseRecommender

        return SurpriseRecommender
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
