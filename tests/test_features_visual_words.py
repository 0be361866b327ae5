"""BagOfVisualWords: against OpenCV's ORB, by hand, and without a look at held-out pictures."""

import cv2
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from mmrec_course.features import BagOfVisualWords, orb_descriptors, visual_words

PLAIN = np.full((50, 50, 3), 130, np.uint8)


def blocks(seed, n=12):
    """A picture of n × n grey squares: many corners."""
    grey = np.random.default_rng(seed).integers(0, 256, (n, n), dtype=np.uint8)
    return np.repeat(grey.repeat(20, axis=0).repeat(20, axis=1)[:, :, None], 3, axis=2)


@pytest.fixture(scope="module")
def pictures():
    return [blocks(seed) for seed in range(6)]


@pytest.fixture(scope="module")
def bag(pictures):
    return BagOfVisualWords(n_words=10).fit(pictures)


def test_descriptors_are_opencvs(pictures):
    resized = cv2.resize(pictures[0], (256, 256), interpolation=cv2.INTER_LINEAR)
    grey = cv2.cvtColor(resized, cv2.COLOR_RGB2GRAY)
    _, expected = cv2.ORB_create(nfeatures=300).detectAndCompute(grey, None)
    found = orb_descriptors(pictures[0])
    assert (found == expected).all()
    assert found.shape[1] == 32
    assert 0 < len(found) <= 300


def test_a_plain_or_tiny_picture_has_no_descriptors():
    for image in (PLAIN, PLAIN[:1, :1]):
        found = orb_descriptors(image)
        assert found.shape == (0, 32)
        assert found.dtype == np.uint8


def test_each_corner_counts_for_its_nearest_word(bag, pictures):
    bits = np.unpackbits(orb_descriptors(pictures[2]), axis=1).astype(float)
    counts = np.zeros(10)
    for one in bits:
        distance = ((one - bag.words_) ** 2).sum(axis=1)
        counts[distance.round(6).argmin()] += 1
    expected = counts * bag.idf_
    np.testing.assert_allclose(bag.transform([pictures[2]])[0], expected / np.linalg.norm(expected))


def test_on_bits_squared_distance_is_the_number_of_bits_that_differ(pictures):
    a, b = orb_descriptors(pictures[0])[:2]
    bits = visual_words._bits(np.array([a, b]))
    hamming = cv2.norm(a, b, cv2.NORM_HAMMING)
    assert ((bits[0] - bits[1]) ** 2).sum() == hamming > 0


def test_idf_by_hand(pictures):
    # A word that every picture has weighs 1; one that a picture in three lacks weighs more.
    bag = BagOfVisualWords(n_words=2).fit([*pictures[:2], PLAIN])
    n_with = sum(bag.transform([p])[0] > 0 for p in pictures[:2])
    np.testing.assert_allclose(bag.idf_, 1 + np.log(4 / (1 + n_with)))


def test_rows_have_length_one_and_a_plain_picture_a_row_of_zeros(bag, pictures):
    x = bag.transform([*pictures, PLAIN])
    np.testing.assert_allclose(np.linalg.norm(x[:-1], axis=1), 1)
    assert not x[-1].any()
    assert (x >= 0).all()
    assert bag.transform([]).shape == (0, 10)


def test_the_same_seed_gives_the_same_words(bag, pictures):
    again = clone(bag).fit(pictures)
    np.testing.assert_allclose(again.words_, bag.words_)
    other = BagOfVisualWords(n_words=10, rng=1).fit(pictures)
    assert not np.allclose(other.words_, bag.words_)


def test_words_are_the_middles_of_their_groups(pictures):
    bag = BagOfVisualWords(n_words=10).fit(pictures)
    bits = visual_words._bits(np.concatenate([orb_descriptors(p) for p in pictures]))
    distance = ((bits[:, None] - bag.words_) ** 2).sum(axis=2)
    nearest = distance.round(6).argmin(axis=1)
    for w, word in enumerate(bag.words_):
        np.testing.assert_allclose(bits[nearest == w].mean(axis=0), word, atol=1e-9)
    library = KMeans(10, n_init=1, random_state=0).fit(bits).inertia_
    assert distance.min(axis=1).sum() < 1.05 * library


def test_of_words_equally_far_the_first_counts_whatever_the_rounding():
    bits = np.zeros((1, 256))
    words = np.zeros((2, 256))
    words[0, 0] = words[1, 1] = 1
    assert visual_words._nearest(bits, words + 1e-12 * np.arange(2)[:, None]).tolist() == [0]
    assert visual_words._nearest(bits, words + 1e-12 * np.arange(2)[::-1, None]).tolist() == [0]


def test_fit_transform_is_fit_then_transform(bag, pictures):
    np.testing.assert_allclose(clone(bag).fit_transform(pictures), bag.transform(pictures))


def test_nothing_is_learned_from_pictures_that_are_only_transformed(bag, pictures):
    before = bag.words_.copy(), bag.idf_.copy()
    alone = bag.transform([pictures[0]])
    together = bag.transform([pictures[0], blocks(99), PLAIN])
    np.testing.assert_allclose(alone[0], together[0])
    assert (bag.words_ == before[0]).all()
    assert (bag.idf_ == before[1]).all()


def test_similar_pictures_are_nearer_than_others(pictures):
    rounds = []
    for seed in range(3):
        image = PLAIN.repeat(5, axis=0).repeat(5, axis=1)
        for x, y in np.random.default_rng(seed).integers(20, 230, (25, 2)):
            cv2.circle(image, (int(x), int(y)), 12, (0, 0, 0), -1)
        rounds.append(image)
    x = BagOfVisualWords(n_words=20).fit_transform([*pictures[:3], *rounds])
    same = x @ x.T
    assert same[:3, :3].min() > same[:3, 3:].max()
    assert same[3:, 3:].min() > same[:3, 3:].max()


def test_a_sample_is_enough_and_few_descriptions_give_few_words(pictures, monkeypatch):
    few = BagOfVisualWords(n_words=5000).fit(pictures[:2])
    assert len(few.words_) == len(few.get_feature_names_out()) <= 600
    monkeypatch.setattr(visual_words, "MAX_DESCRIPTORS", 20)
    sampled = BagOfVisualWords(n_words=3).fit(pictures)
    assert sampled.words_.shape == (3, 256)
    np.testing.assert_allclose(clone(sampled).fit(pictures).words_, sampled.words_)


def test_names_fit_columns(bag):
    assert bag.get_feature_names_out().tolist() == [f"word{w}" for w in range(10)]


def test_it_says_that_it_learns(pictures):
    assert get_tags(BagOfVisualWords()).requires_fit
    with pytest.raises(NotFittedError):
        BagOfVisualWords().transform(pictures)


def test_nothing_to_learn_from_is_refused():
    for images in ([], [PLAIN]):
        with pytest.raises(ValueError, match="none of the pictures has a corner"):
            BagOfVisualWords().fit(images)
    with pytest.raises(ValueError, match="picture 1"):
        BagOfVisualWords().fit([PLAIN, PLAIN[0]])
