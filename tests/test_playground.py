"""The playground without a browser: what is asked for is what is ranked, said and sent."""

from __future__ import annotations

import json
from copy import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playground import HERE, Playground

from mmrec_course.datasets import Dataset
from mmrec_course.datasets.synthetic import draw_tracks, make_world
from mmrec_course.evaluation import cold_item_split, intra_list_diversity
from mmrec_course.extras.reranking import rerank
from mmrec_course.features.synthetic import fact_blocks
from mmrec_course.recommenders import MultimodalRecommender

N_TRACKS = 60


@pytest.fixture(scope="module")
def world():
    tracks = draw_tracks(N_TRACKS, n_artists=20, rng=1)
    tracks.insert(0, "item_id", [f"t{j:03d}" for j in range(N_TRACKS)])
    return make_world(tracks, n_users=60, n_ratings=1800, rng=1)


@pytest.fixture(scope="module")
def blocks(world):
    return fact_blocks(world.tracks, noise=0.5)


@pytest.fixture(scope="module")
def split(world):
    return cold_item_split(world.ratings, rng=0)


@pytest.fixture(scope="module")
def model(split, blocks):
    return MultimodalRecommender().fit(split.train_valid, blocks)


@pytest.fixture(scope="module")
def dataset(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "cover.jpg").write_bytes(b"a cover")
    (folder / "clip.ogg").write_bytes(b"a clip")
    ids = world.tracks["item_id"]
    items = pd.DataFrame(index=pd.Index(ids, name="item_id"))
    items["title"] = [f"<b>Title</b> {j}" for j in range(N_TRACKS)]
    items["artist"] = "Ann & Co"
    items["image"] = str(folder / "cover.jpg")
    # Words that happen to be the path of a file are still words.
    items["text"] = str(folder / "clip.ogg")
    items["audio"] = str(folder / "clip.ogg")
    return Dataset(ratings=world.ratings, items=items)


@pytest.fixture
def page(model, dataset, blocks):
    return Playground(model, dataset, blocks)


class Recorder:
    """Stands in for the widget of a browser and keeps the views."""

    def __init__(self) -> None:
        self.views: list[dict[str, Any]] = []

    def put(self, view: dict[str, Any]) -> None:
        self.views.append(view)


# --- the list --------------------------------------------------------------------------------


def test_the_list_is_the_models_own_as_long_as_nothing_is_moved(page, model):
    expected = model.recommend(["u007"], k=10)
    ranking = page.choose("u007").ranking()
    assert list(ranking["item_id"]) == list(expected["item_id"])
    np.testing.assert_allclose(ranking["score"], expected["score"])
    assert list(ranking.index) == list(range(1, 11))


def test_titles_and_numbers_of_ratings_belong_to_their_tracks(page, dataset, split):
    ranking = page.choose("u007").ranking()
    counts = split.train_valid["item_id"].value_counts()
    for row in ranking.itertuples():
        assert row.title == dataset.items.loc[row.item_id, "title"]
        assert row.ratings == counts.get(row.item_id, 0)


def test_weights_change_the_list_as_refitted_does_and_leave_the_model_alone(page, model):
    before = dict(model.weights_)
    page.choose("u007").weight(image=1.0, text=0.0, audio=0.0)
    alone = model.refitted("weights", {"image": 1, "text": 0, "audio": 0})
    expected = alone.recommend(["u007"], k=10)
    assert list(page.ranking()["item_id"]) == list(expected["item_id"])
    assert (page.reasons()[["text", "audio"]].abs() < 1e-9).all(axis=None)
    assert model.weights_ == before
    page.reset_weights()
    assert list(page.ranking()["item_id"]) == list(model.recommend(["u007"], k=10)["item_id"])


def test_warm_and_cold_start_tracks_can_be_listed_alone(page, split):
    new = set(split.candidates)
    assert set(page.show("cold").ranking()["item_id"]) <= new
    assert (page.ranking()["ratings"] == 0).all()
    assert not set(page.show("warm").ranking()["item_id"]) & new
    assert len(page.show("all").ranking()) == 10


def test_diversity_picks_from_the_fifty_best_and_makes_the_list_more_different(page, model):
    def mixed() -> float:
        lists = page.ranking().assign(user_id="u007")
        return float(intra_list_diversity(lists, page.fused).iloc[0])

    page.choose("u007")
    before = mixed()
    fifty = model.recommend(["u007"], k=50)
    page.vary(0.5)
    assert mixed() > before
    expected = rerank(fifty, page.fused, k=10, diversity=0.5)["item_id"]
    assert list(page.ranking()["item_id"]) == list(expected)
    assert list(page.vary(0).ranking()["item_id"]) == list(fifty["item_id"][:10])


def test_you_are_a_new_listener_with_the_tracks_you_picked(page, model, dataset):
    average = list(page.pick([]).ranking()["item_id"])
    assert average == list(model.recommend(["somebody new"], k=10)["item_id"])
    picked = average[3:6]
    ranking = page.pick(picked).ranking()
    assert not set(picked) & set(ranking["item_id"]), "what you picked is known to you"
    assert list(ranking["item_id"]) != [i for i in average if i not in picked][:7]
    assert "you" not in model.user_ids_, "the model itself has met nobody"
    later = dataset.ratings["timestamp"].max() + pd.to_timedelta([1, 2, 3], unit="s")
    rows = {"user_id": "you", "item_id": picked, "rating": 5.0, "timestamp": later}
    again = copy(model).partial_fit(pd.DataFrame(rows))
    assert list(ranking["item_id"]) == list(again.recommend(["you"], k=10)["item_id"])


def test_reasons_sum_to_the_scores_whatever_was_moved(page):
    page.pick(["t001", "t002"]).weight(image=0.9).vary(0.3).show("all")
    np.testing.assert_allclose(page.reasons().sum(axis=1), page.ranking()["score"], atol=1e-12)
    assert list(page.reasons().index) == list(page.ranking()["item_id"])


def test_what_is_handed_out_is_a_copy(page):
    ranking, reasons = page.ranking(), page.reasons()
    ranking.loc[1, "title"] = "spoilt"
    reasons.iloc[0, 0] = 99.0
    assert "spoilt" not in set(page.ranking()["title"])
    assert (page.reasons() < 99).all(axis=None)


def test_integer_ids_work_as_well(world, blocks, split):
    number = {item: j for j, item in enumerate(world.tracks["item_id"])}
    person = {user: j for j, user in enumerate(sorted(world.ratings["user_id"].unique()))}
    ratings = split.train_valid.assign(
        user_id=split.train_valid["user_id"].map(person),
        item_id=split.train_valid["item_id"].map(number),
    )
    items = pd.DataFrame({"title": "T"}, index=pd.Index(range(N_TRACKS), name="item_id"))
    page = Playground(MultimodalRecommender().fit(ratings), Dataset(ratings=ratings, items=items))
    page.choose(3).pick([2, 5])
    assert len(page.ranking()) == 10
    page._handle({"do": "choose", "value": "4"})
    assert page.user_id == 4
    assert page._options()["modalities"] == []


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.choose("nobody"), "'nobody' is no listener"),
        (lambda p: p.pick(["t999"]), "'t999' is no track"),
        (lambda p: p.pick(["t001", "t001"]), "picked twice"),
        (lambda p: p.pick([f"t00{j}" for j in range(6)]), "6 tracks; pick 5"),
        (lambda p: p.weight(smell=1.0), "'smell'"),
        (lambda p: p.weight(image=-0.1), "image"),
        (lambda p: p.weight(image=float("nan")), "image"),
        (lambda p: p.weight(image=0, text=0, audio=0), "let at least one"),
        (lambda p: p.show("old"), "'old' is none of"),
        (lambda p: p.vary(1.1), "outside 0 … 1"),
        (lambda p: p.why("t999"), "not in the list"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_moves(page, change, message):
    page.choose("u007")
    before = page.ranking(), page.status, dict(page.weights), page.user_id, page.which
    with pytest.raises(ValueError, match=message):
        change(page)
    pd.testing.assert_frame_equal(page.ranking(), before[0])
    assert (page.status, page.weights, page.user_id, page.which) == before[1:]


def test_the_page_needs_tracks_a_length_and_blocks_for_diversity(model, dataset):
    with pytest.raises(ValueError, match="k: 0"):
        Playground(model, dataset, k=0)
    others = Dataset(
        ratings=dataset.ratings.head(0), items=dataset.items.rename(index="x{}".format)
    )
    with pytest.raises(ValueError, match="none of the items"):
        Playground(model, others)
    with pytest.raises(ValueError, match="needs blocks"):
        Playground(model, dataset).vary(0.2)


# --- words -----------------------------------------------------------------------------------


def test_the_status_says_what_has_become_of_the_list(page):
    assert page.status.startswith("10 tracks for u001. First is <b>Title</b> ")
    before = set(page.choose("u007").ranking()["item_id"])
    page.weight(image=1.0, text=0.0, audio=0.0)
    came = len(set(page.ranking()["item_id"]) - before)
    assert came > 0, "choose another listener for this test"
    assert (
        f"Weights now: image 100%, text 0%, audio 0%. The list has changed: {came} of its 10"
        in (page.status)
    )
    page.weight(image=0.5)
    assert "The list stays as it was." in page.status


def test_a_reason_in_words_names_the_largest_part_first_and_what_speaks_against(page):
    page.choose("u007")
    for item, parts in page.reasons().iterrows():
        said = page.why(item)
        best = parts.idxmax()
        if parts[best] >= 0.05:
            names = {"collaborative": "listeners with similar taste", "image": "its cover"}
            names |= {"text": "its words", "audio": "its sound"}
            assert f"mainly {names[best]} (+{parts[best]:.2f})" in said
        assert ("Against it" in said) == (parts.min() <= -0.05)


def test_a_new_track_and_a_gap_are_said(page, model, dataset):
    listed = list(page.show("cold").ranking()["item_id"])
    assert all(page.why(item).startswith("Nobody has rated it yet.") for item in listed)
    items = dataset.items.copy()
    items.loc[listed[:2], "audio"] = pd.NA
    items.loc[listed[1], "image"] = pd.NA
    gappy = Playground(model, Dataset(ratings=dataset.ratings, items=items)).show("cold")
    assert gappy.why(listed[0]).endswith("It has no sound.")
    assert gappy.why(listed[1]).endswith("It has no cover and no sound.")
    assert "It has" not in gappy.why(listed[2])
    assert [card["media"] for card in gappy._view()["cards"][:2]] == [["image"], []]


def test_an_empty_list_is_a_list(page, model, dataset, split):
    known = dataset.items.loc[np.unique(split.train_valid["item_id"])]
    page = Playground(model, Dataset(ratings=split.train_valid, items=known))
    assert len(page.show("cold").ranking()) == 0
    assert page.status == "Only tracks without ratings (cold-start). No track is left to list."
    assert page._options()["which"] == []


# --- what the browser gets -------------------------------------------------------------------


def test_a_view_is_plain_json_and_every_text_is_as_it_stands_in_the_table(page):
    page.choose("u007")
    view = json.loads(json.dumps(page._view(), allow_nan=False))
    assert [card["id"] for card in view["cards"]] == list(page.ranking()["item_id"])
    assert view["cards"][0]["title"] == page.ranking()["title"].iloc[0]
    assert set(view["weights"]) == {"image", "text", "audio"}
    assert len(view["likes"]) == 5
    assert view["likes"][0].startswith("★★★★★")
    json.dumps(page._options(), allow_nan=False)


def test_a_click_does_what_the_method_does_and_shows_it(page):
    recorder = page._widget = Recorder()
    for asked, state in (
        ({"do": "choose", "value": "u011"}, lambda: page.user_id == "u011"),
        ({"do": "weight", "value": {"image": 75}}, lambda: page.weights["image"] == 0.75),
        ({"do": "show", "value": "cold"}, lambda: page.which == "cold"),
        ({"do": "vary", "value": 25}, lambda: page.diversity == 0.25),
        ({"do": "pick", "value": ["t005"]}, lambda: page.picks == ["t005"]),
        ({"do": "reset"}, lambda: page.weights == page.model.weights_),
    ):
        page._handle(asked)
        assert state(), asked
        assert recorder.views[-1]["status"] == page.status
    assert len(recorder.views) == 6


@pytest.mark.parametrize(
    "asked",
    [
        {"do": "choose", "value": "<script>"},
        {"do": "choose"},
        {"do": "pick", "value": ["t999"]},
        {"do": "weight", "value": {"image": 0, "text": 0, "audio": 0}},
        {"do": "weight", "value": {"image": -3}},
        {"do": "weight", "value": {"image": "much"}},
        {"do": "vary", "value": 400},
        {"do": "fly"},
        {},
    ],
)
def test_a_request_that_cannot_be_met_is_answered_and_the_controls_go_back(page, asked):
    recorder = page._widget = Recorder()
    before = page._view()
    page._handle(asked)
    (view,) = recorder.views
    assert view["status"].startswith("Not done. ")
    assert {**view, "status": ""} == {**before, "status": ""}


def test_the_widget_follows_the_methods_and_numbers_its_views(page):
    widget = page.widget()
    assert widget is page.widget()
    first = widget.view["turn"]
    page.choose("u011")
    assert widget.view["user"] == "u011"
    page.choose("u011")
    assert widget.view["turn"] == first + 2, "an answer that changes nothing must arrive as well"
    widget.close()


def test_media_are_sent_as_bytes_and_only_those_of_the_catalogue(page):
    widget, sent = page.widget(), []
    widget.send = lambda content, buffers: sent.append((content, buffers))
    asked = [["t001", "image"], ["t001", "audio"], ["../t", "image"], ["t999", "audio"]]
    asked += [["t001", "text"], ["t001", "title"], ["t001", "nothing"]]
    widget._receive(widget, {"do": "media", "value": asked}, [])
    assert [(c["modality"], c["type"], b) for c, b in sent] == [
        ("image", "image/jpeg", [b"a cover"]),
        ("audio", "audio/ogg", [b"a clip"]),
    ]
    widget.close()


def test_the_script_puts_texts_in_as_text():
    script = (HERE / "playground.js").read_text(encoding="utf-8")
    for way_in in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way_in not in script
