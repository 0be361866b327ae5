"""The package behind the course on multimodal recommender systems."""
