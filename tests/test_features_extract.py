"""extract_features: rows in order, nothing learned from held-out items, a cache to be trusted."""

import dataclasses
import os
import signal
import subprocess
import sys

import cv2
import numpy as np
import pandas as pd
import pytest
import soundfile
from mosaic_like import IDS, TEXTS, make_catalogue, write_clip, write_cover
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mmrec_course.datasets import Dataset, load_mosaic
from mmrec_course.features import (
    HOG,
    BagOfVisualWords,
    ColorHistogram,
    ColorMoments,
    FeatureBlock,
    MFCCStatistics,
    SpectralStatistics,
    TfidfText,
    extract,
    extract_features,
    media_problems,
)
from mmrec_course.features.stateless import StatelessTransformer
from mmrec_course.preprocessing import load_audio, load_image

PLAIN = {"image": ColorHistogram(), "text": TfidfText(), "audio": MFCCStatistics()}


@pytest.fixture(autouse=True)
def one_family_a_modality(monkeypatch):
    """Each file is then decoded once, and numbers can be compared with one transformer's."""
    plain = {modality: (transformer,) for modality, transformer in PLAIN.items()}
    monkeypatch.setattr(extract, "DEFAULT_EXTRACTORS", plain)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path / "cache"))
    return make_catalogue(tmp_path / "mosaic")


@pytest.fixture
def ds(folder):
    return load_mosaic(folder)


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that were decoded."""
    names = []
    describe = extract._describe

    def counted(modality, steps, path):
        names.append(os.path.basename(path))  # noqa: PTH119
        return describe(modality, steps, path)

    monkeypatch.setattr(extract, "_describe", counted)
    return names


def assert_same(first, second):
    assert list(first) == list(second)
    for modality, a in first.items():
        b = second[modality]
        assert a.values.tobytes() == b.values.tobytes()
        assert a.names == b.names
        assert (a.present == b.present).all()
        assert a.item_ids.tolist() == b.item_ids.tolist()
        assert a.reasons == b.reasons


def test_by_default_families_stand_side_by_side(ds, monkeypatch):
    monkeypatch.undo()
    names = extract_features(ds, ["image", "audio"], cache=False)
    assert {name.split("_")[0] for name in names["image"].names} >= {"hue0", "lightness"}
    assert len(names["image"].names) == 72 + 9
    assert len(names["audio"].names) == 225


def test_blocks_have_the_rows_of_the_items_and_the_right_holes(ds):
    blocks = extract_features(ds)
    assert list(blocks) == ["image", "text", "audio"]
    for modality, block in blocks.items():
        assert block.modality == modality
        assert block.item_ids.tolist() == list(IDS)
    assert np.flatnonzero(~blocks["image"].present).tolist() == [5]
    assert np.flatnonzero(~blocks["text"].present).tolist() == [3, 7]
    assert np.flatnonzero(~blocks["audio"].present).tolist() == [6]


def test_each_row_is_what_the_transformers_make_of_its_own_file(ds):
    blocks = extract_features(ds, cache=False)
    images = [load_image(path) for path in ds.items["image"].dropna()]
    image = blocks["image"]
    assert (image.values[image.present] == ColorHistogram().transform(images)).all()
    assert image.names == tuple(ColorHistogram().get_feature_names_out())

    audio = blocks["audio"]
    raw = MFCCStatistics().transform([load_audio(path) for path in ds.items["audio"].dropna()])
    expected = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    np.testing.assert_allclose(audio.values[audio.present], expected, atol=1e-6)
    assert audio.names == tuple(MFCCStatistics().get_feature_names_out())

    text = blocks["text"]
    given = [words for words in TEXTS if words]
    tfidf = TfidfText().fit(given)
    expected = tfidf.transform([words for i, words in enumerate(TEXTS) if text.present[i]])
    np.testing.assert_allclose(text.values[text.present], expected.toarray())
    assert text.names == tuple(tfidf.get_feature_names_out())


def test_the_order_of_items_does_not_matter(ds):
    blocks = extract_features(ds)
    turned = extract_features(dataclasses.replace(ds, items=ds.items.iloc[::-1]))
    for modality, block in blocks.items():
        np.testing.assert_allclose(
            turned[modality].align(IDS).values, block.values, rtol=0, atol=1e-12
        )


def test_modalities_can_be_chosen(ds):
    assert list(extract_features(ds, modalities=["audio", "text"])) == ["audio", "text"]
    with pytest.raises(ValueError, match="'video' is not among"):
        extract_features(ds, modalities=("image", "video"))
    only_text = dataclasses.replace(ds, items=ds.items[["title", "text"]])
    assert list(extract_features(only_text)) == ["text"]


def test_ready_made_features_are_passed_on(ds):
    block = FeatureBlock(
        modality="image",
        item_ids=np.array(["t1", "t0"]),
        values=np.array([[1.0], [2.0]]),
        present=np.ones(2, bool),
        names=("v",),
    )
    blocks = extract_features(dataclasses.replace(ds, features={"image": block}))
    assert blocks["image"].values[:2].tolist() == [[2.0], [1.0]]
    assert blocks["image"].item_ids.tolist() == list(IDS)


def test_a_word_that_only_held_out_items_have_leaves_no_trace(ds):
    items = ds.items.copy()
    items.loc["t6", "text"] = "glockenspiel guitar"
    items.loc["t7", "text"] = "glockenspiel drums"
    ds = dataclasses.replace(ds, items=items)
    train = [item for item in IDS if item not in ("t6", "t7")]
    assert "glockenspiel" in extract_features(ds, ["text"])["text"].names
    block = extract_features(ds, ["text"], fit_items=train)["text"]
    assert "glockenspiel" not in block.names
    items.loc["t6", "text"] = items.loc["t7", "text"] = "anything else"
    other = extract_features(dataclasses.replace(ds, items=items), ["text"], fit_items=train)
    assert other["text"].names == block.names
    assert (other["text"].values[:6] == block.values[:6]).all()


def test_the_scaler_does_not_hear_held_out_items(ds, folder):
    train = [item for item in IDS if item != "t7"]
    before = extract_features(ds, ["audio"], fit_items=train)["audio"]
    write_clip(folder / "audio" / "t7.ogg", pitch=9000.0, seconds=2.0)
    after = extract_features(ds, ["audio"], fit_items=train)["audio"]
    assert (before.values[:7] == after.values[:7]).all()
    assert (before.values[7] != after.values[7]).any()
    learned = before.values[:6]
    np.testing.assert_allclose(learned.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(learned.std(axis=0), 1, atol=1e-6)


def test_fit_items_may_repeat_and_come_in_any_container(ds):
    expected = extract_features(ds, fit_items=["t0", "t1", "t2", "t4"])
    ids = ["t4", "t1", "t0", "t2", "t1", "t4"]
    for given in (
        np.array(ids),
        pd.Series(ids),
        pd.Index(ids, dtype="string"),
        set(ids),
        iter(ids),
    ):
        assert_same(extract_features(ds, fit_items=given), expected)


def test_fit_items_are_checked(ds):
    with pytest.raises(ValueError, match="fit_items: 'x' is not among the items"):
        extract_features(ds, fit_items=["t0", "x"])
    with pytest.raises(ValueError, match="fit_items: empty"):
        extract_features(ds, fit_items=[])
    with pytest.raises(ValueError, match="fit_items: 't0' is one id; pass a list"):
        extract_features(ds, fit_items="t0")
    with pytest.raises(ValueError, match=r"fit_items: 1 is .* numbers \(1\), .* text \('t0'\)"):
        extract_features(ds, fit_items=np.array([1, 2]))


def test_the_numbers_do_not_depend_on_n_jobs(ds):
    one = extract_features(ds, n_jobs=1, cache=False)
    for n_jobs in (2, -1):
        assert_same(extract_features(ds, n_jobs=n_jobs, cache=False), one)


def test_broken_files_are_absent_with_a_reason_also_from_the_cache(folder, decoded, capfd):
    cover = folder / "images" / "t0.png"
    cover.write_bytes(cover.read_bytes()[:60])
    (folder / "audio" / "t1.ogg").write_bytes(b"OggS" + bytes(100))
    (folder / "audio" / "t2.ogg").write_bytes(b"")
    ds = load_mosaic(folder)
    assert len(ds.problems) == 1  # the others look well from outside
    cold = extract_features(ds)
    assert cold["image"].reasons == {"t0": "t0.png: cannot be decoded as a picture"}
    assert cold["audio"].reasons == {
        "t1": "t1.ogg: cannot be decoded as sound",
        "t2": "t2.ogg: the file is empty",
    }
    assert not cold["image"].present[0]
    assert not cold["audio"].present[1:3].any()
    decoded.clear()
    assert_same(extract_features(ds), cold)
    assert decoded == []
    assert media_problems(cold).to_numpy().tolist() == [
        ["t0", "image", "t0.png: cannot be decoded as a picture"],
        ["t7", "text", "the text has no word that the vocabulary knows"],
        ["t2", "audio", "t2.ogg: the file is empty"],
        ["t1", "audio", "t1.ogg: cannot be decoded as sound"],
    ]
    assert capfd.readouterr().err == ""


def test_a_file_that_vanishes_after_loading_is_a_reason_too(ds, folder):
    (folder / "images" / "t0.png").unlink()
    for _ in range(2):
        block = extract_features(ds, ["image"])["image"]
        assert block.reasons == {"t0": "t0.png: there is no such file"}


def test_the_cache_gives_the_same_bytes_without_decoding(ds, decoded):
    cold = extract_features(ds)
    assert (
        sorted(decoded)
        == sorted(f"{i}.ogg" for i in IDS if i != "t6")
        + sorted(f"{i}.png" for i in IDS if i != "t5")
        or len(decoded) == 14
    )
    decoded.clear()
    assert_same(extract_features(ds), cold)
    assert decoded == []
    assert_same(extract_features(ds, cache=False), cold)
    assert len(decoded) == 14


def test_without_cache_nothing_is_written(ds, tmp_path):
    extract_features(ds, cache=False)
    assert not (tmp_path / "cache").exists()


def test_other_fit_items_decode_nothing_and_what_is_learned_is_not_in_the_cache(ds, decoded):
    extract_features(ds)
    decoded.clear()
    warm = extract_features(ds, fit_items=["t0", "t1", "t2"])
    assert decoded == []
    assert_same(extract_features(ds, fit_items=["t0", "t1", "t2"], cache=False), warm)


def test_a_changed_file_is_decoded_again_and_no_other(ds, folder, decoded):
    before = extract_features(ds)["image"]
    decoded.clear()
    write_cover(folder / "images" / "t2.png", hue=150)
    after = extract_features(ds)["image"]
    assert decoded == ["t2.png"]
    changed = (before.values != after.values).any(axis=1)
    assert np.flatnonzero(changed).tolist() == [2]


def test_a_renamed_or_repeated_file_is_not_decoded_again(ds, folder, decoded):
    extract_features(ds)
    decoded.clear()
    (folder / "images" / "t1.png").write_bytes((folder / "images" / "t0.png").read_bytes())
    block = extract_features(ds, ["image"])["image"]
    assert decoded == []
    assert (block.values[1] == block.values[0]).all()


def test_another_recipe_has_another_cache(ds, decoded, monkeypatch):
    extract_features(ds)
    decoded.clear()
    four = {"image": ColorHistogram(bins=(4, 2, 2))}
    assert extract_features(ds, extractors=four)["image"].values.shape == (8, 16)
    assert len(decoded) == 7
    decoded.clear()
    monkeypatch.setattr(extract, "VERSION", extract.VERSION + 1)
    extract_features(ds)
    assert len(decoded) == 14


def test_a_parameter_that_no_name_shows_has_another_cache_too(ds, decoded):
    before = extract_features(ds, ["image"], extractors={"image": HOG()})["image"]
    decoded.clear()
    coarse = {"image": HOG(size=32, cell=8)}
    after = extract_features(ds, ["image"], extractors=coarse)["image"]
    assert len(decoded) == 7
    assert after.names == before.names
    assert (after.values != before.values).any()


def test_what_another_process_added_meanwhile_is_kept(ds, monkeypatch, decoded):
    """The other half of the catalogue is extracted while this half is at work."""
    ds = dataclasses.replace(ds, ratings=ds.ratings[:0])
    ours, theirs = (dataclasses.replace(ds, items=part) for part in (ds.items[:4], ds.items[4:]))
    describe = extract._describe

    def meanwhile(*given):
        monkeypatch.setattr(extract, "_describe", describe)
        extract_features(theirs, ["image"])
        return describe(*given)

    monkeypatch.setattr(extract, "_describe", meanwhile)
    extract_features(ours, ["image"], n_jobs=1)
    decoded.clear()
    extract_features(ds, ["image"])
    assert decoded == []


def test_a_damaged_cache_is_written_anew(ds, tmp_path, decoded):
    cold = extract_features(ds)
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    decoded.clear()
    assert_same(extract_features(ds), cold)
    assert len(decoded) == 14
    decoded.clear()
    extract_features(ds)
    assert decoded == []


def test_a_cache_that_cannot_be_written_is_no_error(ds, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path / "file" / "cache"))
    assert_same(extract_features(ds), extract_features(ds, cache=False))


def test_an_interrupted_extraction_leaves_no_cache(ds, tmp_path, monkeypatch):
    def interrupt(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(extract, "_describe", interrupt)
    with pytest.raises(KeyboardInterrupt):
        extract_features(ds, ["image"], n_jobs=1)
    assert not list(tmp_path.glob("cache/*"))


# The other process waits for a line before it starts, so that both are at work together.
OTHER = """
import dataclasses, sys
from mmrec_course.datasets import load_mosaic
from mmrec_course.features import ColorHistogram, extract_features
ds = load_mosaic(sys.argv[1])
theirs = dataclasses.replace(ds, items=ds.items.iloc[4:], ratings=ds.ratings[:0])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(3):
    extract_features(theirs, ["image"], extractors={"image": ColorHistogram()}, n_jobs=1)
"""


def test_processes_may_share_a_cache(folder, ds, tmp_path):
    ours = dataclasses.replace(ds, items=ds.items.iloc[:4], ratings=ds.ratings[:0])
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "ready\n"
        print(file=other.stdin, flush=True)
        for _ in range(3):
            extract_features(ours, ["image"], n_jobs=1)
        other.communicate(timeout=120)
    assert other.returncode == 0
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".npz"]
    assert_same(extract_features(ds), extract_features(ds, cache=False))


def test_too_few_texts_to_learn_from_are_no_error(ds):
    block = extract_features(ds, ["text"], fit_items=["t0"])["text"]
    assert block.values.shape == (8, 0)
    assert not block.present.any()
    assert set(block.reasons) == set(IDS) - {"t3"}
    assert block.reasons["t0"].startswith("TfidfText cannot learn from 1 items: ")


def test_a_sound_too_loud_to_compute_with_is_a_reason(folder, capfd):
    soundfile.write(folder / "audio" / "t0.wav", np.full(9000, 3e38), 22050, subtype="FLOAT")
    table = folder / "items.csv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("t0.ogg", "t0.wav"), encoding="utf-8"
    )
    block = extract_features(load_mosaic(folder), ["audio"])["audio"]
    assert block.reasons == {
        "t0": "t0.wav: the sound has samples that are not finite, or far too large"
    }
    assert capfd.readouterr().err == ""


def test_a_data_set_without_any_media_gives_empty_blocks(ds):
    items = ds.items.copy()
    for modality in ds.modalities:
        items[modality] = pd.array([pd.NA] * len(items), dtype="string")
    bare = Dataset(ratings=ds.ratings, items=items)
    for block in extract_features(bare).values():
        assert not block.present.any()
        assert block.reasons == {}


class Doubled(FunctionTransformer):
    """A transformer of somebody else's, in a file of theirs: mean and spread, without names."""

    def __init__(self):
        super().__init__(_mean_and_spread)


class Learning(ColorMoments):
    """A transformer that learns from pictures, or says so."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        return tags


def _mean_and_spread(X):
    return np.array([[np.mean(x), np.std(x)] for x in X])


def test_a_list_stands_side_by_side_and_neither_drowns_the_other(ds):
    families = [ColorHistogram(), ColorMoments()]
    block = extract_features(ds, ["image"], extractors={"image": families})["image"]
    alone = [extract_features(ds, ["image"], extractors={"image": f})["image"] for f in families]
    assert block.names == alone[0].names + alone[1].names
    assert (block.present == alone[0].present).all()
    start = 0
    for part in alone:
        family = block.values[block.present, start : start + len(part.names)]
        np.testing.assert_allclose(family.var(axis=0).sum(), 1)
        start += len(part.names)
        # Only the scale of a family has changed: one number for all of its columns.
        own = part.values[block.present]
        factor = family[own != 0] / own[own != 0]
        np.testing.assert_allclose(factor, factor[0])


def test_the_scale_of_a_family_is_learned_from_fit_items_alone(ds, folder):
    train = [item for item in IDS if item != "t7"]
    both = {"image": [ColorHistogram(), ColorMoments()]}
    before = extract_features(ds, ["image"], fit_items=train, extractors=both)["image"]
    write_cover(folder / "images" / "t7.png", hue=5)
    after = extract_features(ds, ["image"], fit_items=train, extractors=both)["image"]
    assert (before.values[:7] == after.values[:7]).all()
    assert (before.values[7] != after.values[7]).any()


def test_rows_of_length_one_and_learned_columns_keep_their_scale_and_others_do_not(ds):
    raw = ColorMoments().transform([load_image(p) for p in ds.items["image"].dropna()])
    got = extract_features(ds, ["image"], extractors={"image": ColorMoments()})["image"]
    spread = raw.std(axis=0)
    changing = spread > 1e-9
    scaled = got.values[got.present][:, changing]
    np.testing.assert_allclose(scaled, ((raw - raw.mean(axis=0)) / spread)[:, changing], atol=1e-6)
    learned = make_pipeline(ColorMoments(), PCA(2))
    got = extract_features(ds, ["image"], extractors={"image": learned})["image"]
    expected = PCA(2).fit_transform(raw)
    np.testing.assert_allclose(np.abs(got.values[got.present]), np.abs(expected), atol=1e-6)


def test_the_defaults_by_name_are_the_defaults(ds):
    by_name = {"image": ColorHistogram(), "text": TfidfText(), "audio": [MFCCStatistics()]}
    assert_same(extract_features(ds, extractors=by_name), extract_features(ds))


def test_a_pipeline_learns_from_fit_items(ds):
    pipeline = make_pipeline(ColorMoments(), StandardScaler(), PCA(2))
    train = ["t0", "t1", "t2", "t3"]
    block = extract_features(ds, ["image"], train, extractors={"image": pipeline})["image"]
    assert block.names == ("pca0", "pca1")
    raw = ColorMoments().transform([load_image(p) for p in ds.items["image"].dropna()])
    expected = make_pipeline(StandardScaler(), PCA(2)).fit(raw[:4]).transform(raw)
    np.testing.assert_allclose(np.abs(block.values[block.present]), np.abs(expected), atol=1e-6)
    # The caller's own object is left as it was.
    assert not hasattr(pipeline[-1], "components_")


def test_what_learns_from_pictures_sees_those_of_fit_items_alone(ds, folder):
    seen = []

    class Watching(Learning):
        def fit(self, X=None, y=None):
            if X is not None:
                seen.append([float(np.mean(x)) for x in X])
            return super().fit()

    fit = ["t1", "t5", "t2"]
    extract_features(ds, ["image"], fit, extractors={"image": Watching()})
    expected = [float(np.mean(load_image(ds.items["image"][item]))) for item in ("t1", "t2")]
    assert seen == [expected]


def test_media_that_do_not_fit_into_memory_are_decoded_again(ds, monkeypatch):
    learner = {"image": make_pipeline(Learning(), StandardScaler())}
    kept = extract_features(ds, ["image"], extractors=learner)
    monkeypatch.setattr(extract, "KEPT_BYTES", 10_000)  # two of seven pictures
    assert_same(extract_features(ds, ["image"], extractors=learner), kept)
    assert kept["image"].present.sum() == 7


def test_a_word_a_colour_and_a_sound_of_held_out_items_leave_no_trace(ds, folder):
    """In vocabulary, components, scaler and visual words alike."""
    train = list(IDS[:6])
    extractors = {
        "image": [make_pipeline(ColorMoments(), StandardScaler(), PCA(2)), ColorHistogram(),
                  BagOfVisualWords(n_words=2)],
        "text": [TfidfText(), make_pipeline(TfidfText(), TruncatedSVD(2, random_state=0))],
        "audio": [MFCCStatistics(), make_pipeline(SpectralStatistics(), StandardScaler(), PCA(2))],
    }  # fmt: skip
    for item in IDS[:5]:
        noise = np.random.default_rng(int(item[1:])).integers(0, 256, (20, 20, 3), np.uint8)
        cv2.imwrite(
            str(folder / "images" / f"{item}.png"),
            cv2.resize(noise, (160, 160), interpolation=cv2.INTER_NEAREST),
        )
    before = extract_features(ds, fit_items=train, extractors=extractors)
    planted = ds.items.copy()
    planted.loc[["t6", "t7"], "text"] = "glockenspiel glockenspiel piano"
    for item, hue in (("t6", 150), ("t7", 90)):
        write_cover(folder / "images" / f"{item}.png", hue=hue)
        write_clip(folder / "audio" / "t7.ogg", pitch=9000.0, seconds=3.0)
    after = extract_features(
        dataclasses.replace(ds, items=planted), fit_items=train, extractors=extractors
    )
    for modality, block in before.items():
        assert after[modality].names == block.names
        assert (after[modality].values[:6] == block.values[:6]).all()
        assert (after[modality].values[6:] != block.values[6:]).any()
    assert not any("glockenspiel" in name for name in after["text"].names)


def test_transformers_without_names_get_some(ds):
    block = extract_features(ds, ["image"], extractors={"image": Doubled()})["image"]
    assert block.names == ("doubled0", "doubled1")
    assert block.present.sum() == 7


class Brightness(StatelessTransformer):
    """A descriptor in a file of one's own: it may change under the same name."""

    def _names(self):
        return ["brightness"]

    def _describe(self, item, index):
        return np.array([np.mean(item)])


@pytest.mark.parametrize("kind", [Brightness, Doubled])
def test_classes_of_ones_own_and_functions_are_never_cached(ds, decoded, tmp_path, kind):
    for _ in range(2):
        extract_features(ds, ["image"], extractors={"image": kind()})
    assert len(decoded) == 14
    assert not (tmp_path / "cache").exists()


def test_a_text_is_present_where_one_family_knows_it(ds):
    families = [TfidfText(), TfidfText(analyzer="char_wb", ngram_range=(2, 2), stop_words=None)]
    block = extract_features(ds, ["text"], extractors={"text": families})["text"]
    assert block.present[7]  # a zither: no known word, but pairs of letters
    words = len(TfidfText().fit(ds.items["text"].dropna()).get_feature_names_out())
    assert not block.values[7, :words].any()
    assert "t3" not in block.reasons


def test_stateless_texts_are_cached_by_their_words(ds, decoded):
    hashing = HashingVectorizer(n_features=8)
    first = extract_features(ds, ["text"], extractors={"text": hashing})
    assert len(decoded) == 7
    decoded.clear()
    assert_same(extract_features(ds, ["text"], extractors={"text": hashing}), first)
    assert decoded == []


class BlackIsUnknown(Brightness):
    """A transformer that cannot describe every picture."""

    def _describe(self, item, index):
        if not item.any():
            raise ValueError("too dark")
        return super()._describe(item, index)


def test_a_file_that_a_transformer_cannot_describe_is_a_reason(ds, folder):
    cv2.imwrite(str(folder / "images" / "t0.png"), np.zeros((1, 1, 3), np.uint8))
    block = extract_features(ds, ["image"], extractors={"image": BlackIsUnknown()})["image"]
    assert block.present[:2].tolist() == [False, True]
    assert block.reasons["t0"] == "t0.png: cannot be described: too dark"


@pytest.mark.parametrize(
    ("extractors", "message"),
    [
        ({"video": ColorHistogram()}, "extractors: 'video' has no media"),
        ({"image": ColorHistogram}, "is no transformer; pass an object"),
        ({"image": "ColorHistogram"}, "is no transformer; pass an object"),
        ({"image": ColorHistogram(layout=3)}, "layout: 3 is neither 1 nor 2"),
        ({"text": TfidfText(min_df=100)}, "extractors: 'text': .* cannot learn from 7 items"),
    ],
)
def test_the_callers_slips_are_errors(ds, extractors, message):
    with pytest.raises(ValueError, match=message):
        extract_features(ds, extractors=extractors)


class Wrong(FunctionTransformer):
    """A transformer whose answer has a wrong shape; ``learns`` or not."""

    def __init__(self, shape=None, learns=False):
        super().__init__()
        self.shape, self.learns = shape, learns

    def transform(self, X):
        return np.ones(self.shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = self.learns
        return tags


@pytest.mark.parametrize(
    ("shape", "learns"), [((1, 2), True), (7, True), ((7, 2, 2), True), (1, False), ((2, 3), False)]
)
def test_a_row_is_never_given_to_another_item(ds, shape, learns):
    wrong = {"image": Wrong(shape, learns)}
    with pytest.raises(ValueError, match=r"extractors: 'image': Wrong returned \(.*, expected \("):
        extract_features(ds, ["image"], extractors=wrong)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_what_became_a_pipe_or_has_an_impossible_name_is_a_reason(ds, folder):
    items = ds.items.copy()
    (folder / "images" / "t0.png").unlink()
    os.mkfifo(folder / "images" / "t0.png")
    items.loc["t1", "image"] = "a\0.png"
    block = extract_features(dataclasses.replace(ds, items=items), ["image"])["image"]
    assert block.reasons["t0"] == "t0.png: not a regular file"
    assert "cannot be read" in block.reasons["t1"]


KILLED = """
import os, signal, sys
from mmrec_course.datasets import load_mosaic
from mmrec_course.features import extract, extract_features
extract.BATCH = 1
describe, count = extract._describe, []
def killed(*given):
    count.append(given)
    if len(count) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return describe(*given)
extract._describe = killed
extract_features(load_mosaic(sys.argv[1]), ["image"], n_jobs=1)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_an_extraction_that_is_killed_keeps_what_it_had_and_breaks_nothing(ds, folder, decoded):
    died = subprocess.run([sys.executable, "-c", KILLED, str(folder)], env=dict(os.environ))
    assert died.returncode == -signal.SIGKILL
    again = extract_features(ds, ["image"])
    assert len(decoded) == 3  # of seven, four were kept
    assert_same(again, extract_features(ds, ["image"], cache=False))
