"""Saved models: what comes back, and which files are refused."""

import io
import json
import os
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_world import small

from mmrec_course.recommenders import (
    ImplicitALS,
    MultimodalRecommender,
    MultimodalRecommenderCV,
    persistence,
)
from mmrec_course.recommenders.persistence import load_model

FILE = "model.npz"
NEW = {"image": replace(small()[1]["image"], item_ids=np.arange(100, 115))}


@pytest.fixture
def saved(tmp_path):
    return MultimodalRecommender().fit(*small()).save(tmp_path / "model")


def scores(model):
    return model.score([0, 3, 99], model.item_ids_)


@pytest.mark.parametrize(
    "model",
    [
        MultimodalRecommender(rng=np.int64(3), positive=np.float32(3.5)),
        MultimodalRecommender(fusion=np.str_("multitask"), rng=np.uint8(1)),
        MultimodalRecommender(weights={"image": np.int64(2)}),
        MultimodalRecommenderCV(n_users=50),
    ],
    ids=["weighted", "multitask", "weights", "tuned"],
)
def test_a_loaded_model_is_the_saved_one_and_learns_on_like_it(model, tmp_path):
    ratings, features = small()
    loaded = type(model).load(model.fit(ratings, features).save(tmp_path / "model"))
    given, back = (
        {name: value for name, value in m.get_params().items() if not hasattr(value, "fit")}
        for m in (model, loaded)
    )
    assert given == back
    assert loaded.item_ids_.dtype == loaded.user_ids_.dtype == np.int64
    np.testing.assert_allclose(scores(loaded), scores(model), atol=1e-12)
    for fitted in (model, loaded):
        fitted.add_items(NEW).partial_fit(ratings.iloc[:3].assign(user_id=99, rating=5))
    np.testing.assert_allclose(scores(loaded), scores(model), atol=1e-12)
    pd.testing.assert_frame_equal(loaded.explain(99, [1, 101]), model.explain(99, [1, 101]))
    pd.testing.assert_frame_equal(loaded.recommend([3, 99]), model.recommend([3, 99]))
    np.testing.assert_allclose(
        scores(loaded.refitted("decay", 0.9)), scores(model.refitted("decay", 0.9)), atol=1e-12
    )
    if isinstance(model, MultimodalRecommenderCV):
        assert loaded.best_params_ == model.best_params_
        pd.testing.assert_frame_equal(loaded.cv_results_, model.cv_results_, check_dtype=False)


def test_ids_of_text_stay_text(tmp_path):
    ratings, features = small()
    ratings = ratings.assign(item_id=ratings["item_id"].map("ä{}".format))
    image = replace(features["image"], item_ids=[f"ä{j}" for j in range(15)])
    model = MultimodalRecommender().fit(ratings, {"image": image})
    loaded = MultimodalRecommender.load(model.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(loaded.recommend([0, 99]), model.recommend([0, 99]))
    assert {type(i) for i in loaded.item_ids_} == {str}


def test_a_modality_may_have_any_name(tmp_path):
    ratings, features = small()
    names = ("vggish", "vggish.npy", "a/b", "record")
    blocks = {m: features["image"].shuffle(rng=j) for j, m in enumerate(names)}
    model = MultimodalRecommender().fit(ratings, blocks)
    loaded = MultimodalRecommender.load(model.save(tmp_path))
    np.testing.assert_allclose(scores(loaded), scores(model), atol=1e-12)


def test_what_cannot_be_saved_is_named_before_anything_is_written(tmp_path):
    als = ImplicitALS(factors=2, rng=np.random.default_rng(0))
    model = MultimodalRecommender(als=als).fit(*small())
    with pytest.raises(TypeError, match=r"model\.als\.rng: Generator.* cannot be saved"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_ids_that_an_array_of_text_would_change_are_refused(tmp_path):
    ratings, _ = small()
    ratings = ratings.assign(item_id=ratings["item_id"].map("i{}\0".format))
    with pytest.raises(ValueError, match="item_ids_: text that ends in a NUL"):
        MultimodalRecommender().fit(ratings).save(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_changed_byte_is_refused_wherever_it_changes_anything(saved):
    path = saved / FILE
    whole, expected = path.read_bytes(), scores(MultimodalRecommender.load(saved))
    rng = np.random.default_rng(0)
    directory = range(whole.rfind(b"PK\x01\x02"), len(whole))
    for place in [whole.find(b"descr"), *rng.integers(0, len(whole), 100), *directory]:
        byte = whole[place] ^ (1 << int(rng.integers(8)))
        path.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
        try:
            loaded = MultimodalRecommender.load(saved)
        except ValueError as error:
            assert FILE in str(error)
        else:
            np.testing.assert_allclose(scores(loaded), expected, atol=1e-12)


def test_a_large_array_that_says_it_is_shorter_is_refused(tmp_path):
    folder = MultimodalRecommender().fit(*small(n_items=80)).save(tmp_path)
    whole = (folder / FILE).read_bytes()
    assert whole.count(b"(80, 80)") == 1, "EASE"
    (folder / FILE).write_bytes(whole.replace(b"(80, 80)", b"(70, 80)"))
    with pytest.raises(ValueError, match="not a saved model, or changed since"):
        MultimodalRecommender.load(folder)


def archive(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def record(**changes):
    return archive(record=np.array(json.dumps({"format": persistence.FORMAT, **changes})))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a saved model, or changed since"),
        (archive(x=np.ones(3)), "not a saved model"),
        (archive(record=np.array("[]")), "not a saved model"),
        (record(), "not a saved model"),
        (record(format=99, model={"class": "MultimodalRecommender"}), "format 99, but this ver"),
        (record(model={"class": "EASE", "state": {}}), "a saved 'EASE', not a 'MultimodalRecomm"),
        (
            record(model={"class": "MultimodalRecommender", "state": {"x": {"class": "Popen"}}}),
            "a part of the model is missing",
        ),
    ],
)
def test_other_files_are_refused(saved, content, message):
    (saved / FILE).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_model(saved, MultimodalRecommender)


def test_missing_and_truncated_files_and_other_classes_are_refused(saved, tmp_path):
    with pytest.raises(ValueError, match=r"nowhere.*not a saved model"):
        MultimodalRecommender.load(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"a saved 'MultimodalRecommender', not a 'Multimod.*CV'"):
        MultimodalRecommenderCV.load(saved)
    whole = (saved / FILE).read_bytes()
    for length in (len(whole) - 1, len(whole) // 2, 100):
        (saved / FILE).write_bytes(whole[:length])
        with pytest.raises(ValueError, match="not a saved model, or changed since"):
            MultimodalRecommender.load(saved)


@pytest.mark.parametrize("name", ["log_", "als_", "ease_", "prior_", "rows_", "item_ids_"])
def test_a_model_without_one_of_its_parts_or_with_too_few_ids_is_refused(saved, name):
    with np.load(saved / FILE) as stored:
        arrays = dict(stored)
    changed = json.loads(str(arrays["record"]))
    state = changed["model"]["state"]
    if name == "item_ids_":
        arrays[state[name]["array"]] = arrays[state[name]["array"]][:3]
    else:
        del state[name]
    (saved / FILE).write_bytes(archive(**{**arrays, "record": np.array(json.dumps(changed))}))
    with pytest.raises(ValueError, match=r"model\.npz: a part of the model is missing"):
        MultimodalRecommender.load(saved)


def test_only_classes_of_the_package_are_made(saved):
    for other in ("mmrec_course.recommenders.persistence:Path", "pathlib:Path"):
        state = {"x": {"class": other, "state": {}}}
        model = {"class": "mmrec_course.recommenders.multimodal:MultimodalRecommender"}
        (saved / FILE).write_bytes(record(model={**model, "state": state}))
        with pytest.raises(ValueError, match=f"{other}: not a class of this package"):
            MultimodalRecommender.load(saved)


def test_a_file_that_would_grow_in_memory_is_refused(saved):
    with zipfile.ZipFile(saved / FILE, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.npy", bytes(10**6))
    with pytest.raises(ValueError, match=r"model\.npz: not a saved model.* a size or checksum"):
        MultimodalRecommender.load(saved)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes among files here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / FILE)
    with pytest.raises(ValueError, match="there is no such file"):
        MultimodalRecommender.load(tmp_path)


class Bomb:
    """Prints when it is unpickled."""

    def __reduce__(self):
        return print, ("bang",)


def test_pickles_are_never_executed(saved, capsys):
    (saved / FILE).write_bytes(archive(record=np.array([Bomb()], dtype=object)))
    with pytest.raises(ValueError, match="not a saved model"):
        MultimodalRecommender.load(saved)
    assert not capsys.readouterr().out
    np.load(saved / FILE, allow_pickle=True)["record"]
    assert capsys.readouterr().out == "bang\n", "it would have gone off"


def test_saving_again_replaces_and_a_crash_leaves_the_old_model(saved, monkeypatch):
    model = MultimodalRecommender.load(saved)
    other = model.refitted("cf_weight", 0.1)
    other.save(saved)
    np.testing.assert_allclose(scores(MultimodalRecommender.load(saved)), scores(other))

    def crash(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", crash)
    with pytest.raises(OSError, match="no space left"):
        model.save(saved)
    np.testing.assert_allclose(scores(MultimodalRecommender.load(saved)), scores(other))
    assert [path.name for path in saved.iterdir()] == [FILE], "and no litter"
