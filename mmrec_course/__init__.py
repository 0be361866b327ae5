"""The package behind the course on multimodal recommender systems.

To know how it works, read ten files, in this order:

1. ``datasets/dataset.py``: a data set, its items, ratings and media
2. ``features/block.py``: the features of one modality, by item id
3. ``features/extract.py``: media to feature blocks
4. ``evaluation/splits.py``: training, validation and test
5. ``evaluation/metrics.py``: how good a ranking is
6. ``evaluation/comparison.py``: whether one model is better than another
7. ``fusion/weighted.py``: scores of several modalities to one
8. ``recommenders/base.py``: fit, score, recommend
9. ``recommenders/collaborative.py``: EASE and implicit ALS
10. ``recommenders/multimodal.py``: the final model, which joins all of them

What one lesson uses is in ``extras``.
"""
