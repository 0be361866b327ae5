"""A page to play with: choose a listener, move the weights, see, hear and read why.

Every control of the page is a method of :class:`Playground`, which needs no browser. The widget
(playground.js, playground.css) passes on what was clicked and shows what comes back.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from pathlib import Path
from typing import Any, Self

import anywidget
import numpy as np
import pandas as pd
import traitlets

from mmrec_course.datasets import Dataset
from mmrec_course.display import MODALITY_COLORS, OTHER_COLORS, stars
from mmrec_course.extras.reranking import rerank
from mmrec_course.features import FeatureBlock
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders import MultimodalRecommender

__all__ = ["Playground"]

HERE = Path(__file__).parent
MAX_PICKS = 5
# The diversified list is picked from so many candidates; more would bring in irrelevant ones.
N_CANDIDATES = 50
WHICH = {
    "all": "All tracks",
    "warm": "Only tracks with ratings (warm)",
    "cold": "Only tracks without ratings (cold-start)",
}
# What each part of a score is called in a sentence.
PART_NAMES = {
    "collaborative": "listeners with similar taste",
    "image": "its cover",
    "text": "its words",
    "audio": "its sound",
    "popularity": "its predicted popularity",
}
LABELS = {"image": "Covers (image)", "text": "Words (text)", "audio": "Sounds (audio)"}
MISSING = {"image": "no cover", "text": "no words", "audio": "no sound"}
FILES = ("image", "audio")
# Parts of a score below this are not worth a word.
MIN_PART = 0.05


class Playground:
    """A fitted model whose list follows the controls: user, weights, which tracks, diversity.

    Methods that change something return the page, so that calls can be chained; a page that is
    shown in a notebook follows. Each re-ranks one list, in a few milliseconds.

    Parameters
    ----------
    model
        A fitted :class:`MultimodalRecommender`; it is not changed.
    dataset
        Covers, words, sounds and histories. Tracks of the model that it lacks are never shown.
    blocks
        modality → FeatureBlock: diversity is measured by :func:`early_fusion` of them; without
        them it has no control.
    k
        Length of the list, at least 1.

    Raises
    ------
    ValueError
        If k is below 1, or the model and the data set have no item in common.
    """

    def __init__(
        self,
        model: MultimodalRecommender,
        dataset: Dataset,
        blocks: Mapping[str, FeatureBlock] | None = None,
        *,
        k: int = 10,
    ) -> None:
        if k < 1:
            raise ValueError(f"k: {k} is below 1")
        self.model, self.dataset, self.k = model, dataset, k
        self._weighted = model  # with the weights of the page
        shown = np.isin(model.item_ids_, dataset.items.index)
        if not shown.any():
            raise ValueError("dataset: has none of the items that the model knows")
        self.n_ratings = pd.Series(model.n_ratings_, index=model.item_ids_)[shown]
        # Not reduced: the cosine of two rows is then the mean of the modalities' own.
        self.fused = early_fusion(blocks, n_components=None) if blocks else None
        self.user_ids = list(model.user_ids_)
        self.user_id: Any | None = self.user_ids[0]  # None: a new user, who likes the picks
        self.picks: list[Any] = []
        order = [m for m in dict.fromkeys([*LABELS, *model.weights_]) if m in model.weights_]
        self.weights: dict[str, float] = {m: model.weights_[m] for m in order}
        self.which, self.diversity = "all", 0.0
        self._widget: _Widget | None = None
        self._list = self._parts = pd.DataFrame()
        self.status = ""
        self._update("")
        self.status = f"{self._heading()}. {self._first()}"

    # --- controls --------------------------------------------------------------------------------

    def choose(self, user_id: Any) -> Self:
        """Make the list for this user of ``fit``; ValueError if the model does not know them."""
        if user_id not in self.user_ids:
            raise ValueError(f"user_id: {user_id!r} is no listener of this model")
        self.user_id = user_id
        return self._update(f"Listener {user_id}.")

    def pick(self, item_ids: Iterable[Any]) -> Self:
        """Make the list for you, a new user who likes these tracks and has rated nothing else.

        Parameters
        ----------
        item_ids
            None to five tracks, in the order you picked them; without any you are the average
            user.

        Raises
        ------
        ValueError
            If a track is unknown or named twice, or there are more than five.
        """
        picks = list(item_ids)
        for item_id in picks:
            if item_id not in self.n_ratings.index:
                raise ValueError(f"item_ids: {item_id!r} is no track of this page")
        if len(set(picks)) < len(picks):
            raise ValueError("item_ids: a track is picked twice")
        if len(picks) > MAX_PICKS:
            raise ValueError(f"item_ids: {len(picks)} tracks; pick {MAX_PICKS} at most")
        self.user_id, self.picks = None, picks
        return self._update(f"You, with {len(picks)} of {MAX_PICKS} tracks picked.")

    def weight(self, **weights: float) -> Self:
        """Set the fusion weights of some modalities; the others keep theirs.

        Parameters
        ----------
        weights
            modality → w ≥ 0. Only their ratios count.

        Raises
        ------
        ValueError
            If a modality is unknown to the model, a weight is negative or not finite, or all
            would be zero.
        """
        for m in weights:
            if m not in self.weights:
                raise ValueError(f"weights: {m!r} is no modality of this model")
        changed = {**self.weights, **{m: float(w) for m, w in weights.items()}}
        if changed and not any(changed.values()):
            raise ValueError("weights: all are zero; let at least one modality count")
        if changed:
            self._weighted = self.model.refitted("weights", changed)
        self.weights = changed
        total = sum(changed.values())
        now = ", ".join(f"{m} {w / total:.0%}" for m, w in changed.items())
        return self._update(f"Weights now: {now}.")

    def reset_weights(self) -> Self:
        """Restore the weights that the model learned."""
        return self.weight(**self.model.weights_)

    def show(self, which: str) -> Self:
        """List "all" tracks, or only "warm" (with ratings) or "cold" ones (without any).

        ValueError if `which` is none of the three.
        """
        if which not in WHICH:
            raise ValueError(f"which: {which!r} is none of {list(WHICH)}")
        self.which = which
        return self._update(f"{WHICH[which]}.")

    def vary(self, diversity: float) -> Self:
        """Re-rank the 50 best tracks by :func:`rerank` (MMR), with λ = `diversity` in 0 … 1.

        ValueError if it is outside 0 … 1, or above 0 on a page without blocks.
        """
        if not 0 <= diversity <= 1:
            raise ValueError(f"diversity: {diversity} is outside 0 … 1")
        if diversity > 0 and self.fused is None:
            raise ValueError("diversity: needs blocks; give them to Playground")
        self.diversity = float(diversity)
        return self._update(f"Diversity {self.diversity:.0%}.")

    # --- the list --------------------------------------------------------------------------------

    def ranking(self) -> pd.DataFrame:
        """The list: by rank (1 …) item_id, title, ratings (how many the model has seen), score."""
        return self._list.copy()

    def reasons(self) -> pd.DataFrame:
        """The parts of each score, as ``explain`` returns them: item × part, in list order."""
        return self._parts.copy()

    def why(self, item_id: Any) -> str:
        """Explain the score of a listed track in one to four sentences.

        Parts below 0.05 are left out. ValueError if the track is not in the list.
        """
        if item_id not in self._parts.index:
            raise ValueError(f"item_id: {item_id!r} is not in the list")
        parts = self._parts.loc[item_id]
        parts = parts[parts.abs() >= MIN_PART].sort_values(ascending=False, kind="stable")
        helping = [_named(part, value) for part, value in parts.items() if value > 0]
        hindering = [_named(part, value) for part, value in parts.items() if value < 0][::-1]
        sentences = []
        if self.n_ratings[item_id] == 0:
            sentences.append("Nobody has rated it yet.")
        if helping:
            then = f"; then {_listed(helping[1:])}" if helping[1:] else ""
            sentences.append(f"For it: mainly {helping[0]}{then}.")
        else:
            sentences.append(
                "No part clearly counts in its favour; the other tracks have even less."
            )
        if hindering:
            sentences.append(f"Against it: {_listed(hindering)}.")
        gaps = [MISSING.get(m, f"no {m}") for m in self.weights if self._lacks(item_id, m)]
        if gaps:
            sentences.append(f"It has {_listed(gaps)}.")
        return " ".join(sentences)

    def _update(self, message: str) -> Self:
        """Rank again; the status is `message` and how the list has changed."""
        before = list(self._list.get("item_id", []))
        user, model = self.user_id, self._weighted
        if user is None:
            user, model = self._new_user()
        rated = self.n_ratings.to_numpy() > 0
        candidates = {"all": rated | True, "warm": rated, "cold": ~rated}[self.which]
        table = model.recommend(
            [user], k=N_CANDIDATES, candidates=self.n_ratings.index[candidates].to_numpy()
        )
        if self.fused is not None and self.diversity > 0 and len(table):
            table = rerank(table, self.fused, k=self.k, diversity=self.diversity)
        table = table.head(self.k).set_index("rank")[["item_id", "score"]]
        titles = [_text(self.dataset.items.loc[i].get("title")) or str(i) for i in table["item_id"]]
        table.insert(1, "title", titles)
        table.insert(2, "ratings", self.n_ratings.reindex(table["item_id"]).to_numpy())
        self._list = table
        self._parts = model.explain(user, table["item_id"].to_numpy())
        self.status = f"{message} {self._difference(before)} {self._first()}".strip()
        self._refresh()
        return self

    def _new_user(self) -> tuple[Any, MultimodalRecommender]:
        """An unused user id, and a copy of the model that has learned from the picks."""
        user_ids = self.model.user_ids_
        new: Any = "you" if user_ids.dtype == object else int(user_ids.max()) + 1
        while new in user_ids:
            new += "'"
        if not self.picks:
            return new, self._weighted
        last = self.dataset.ratings["timestamp"].max()
        later = last + pd.to_timedelta(np.arange(1, len(self.picks) + 1), unit="s")
        ratings = pd.DataFrame({"user_id": new, "item_id": self.picks, "timestamp": later})
        ratings["rating"] = self.model.positive + 1
        return new, copy(self._weighted).partial_fit(ratings)

    # --- words -----------------------------------------------------------------------------------

    def _difference(self, before: list[Any]) -> str:
        now = list(self._list["item_id"])
        if not now:
            return "No track is left to list."
        if now == before:
            return "The list stays as it was."
        if set(now) == set(before):
            return "The same tracks in another order."
        came = len(set(now) - set(before))
        return f"The list has changed: {came} of its {len(now)} tracks were not there before."

    def _first(self) -> str:
        return f"First is {self._by(self._list['item_id'].iloc[0])}." if len(self._list) else ""

    def _heading(self) -> str:
        return f"{len(self._list)} tracks for {'you' if self.user_id is None else self.user_id}"

    def _by(self, item_id: Any) -> str:
        row = self.dataset.items.loc[item_id]
        artist = _text(row.get("artist"))
        title = _text(row.get("title")) or str(item_id)
        return f"{title} by {artist}" if artist else title

    def _lacks(self, item_id: Any, modality: str) -> bool:
        items = self.dataset.items
        return modality in items.columns and not _text(items.loc[item_id, modality])

    # --- what the browser gets -------------------------------------------------------------------

    def widget(self) -> anywidget.AnyWidget:
        """The page for a live notebook; the same one every time."""
        if self._widget is None:
            self._widget = _Widget(self)
            self._refresh()
        return self._widget

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget()._repr_mimebundle_(**kwargs)

    def _refresh(self) -> None:
        if self._widget is not None:
            self._widget.put(self._view())

    def _options(self) -> dict[str, Any]:
        """What never changes, as plain values."""
        tracks = sorted((self._by(i), i) for i in self.n_ratings.index)
        others = [name for name in self._parts if name not in MODALITY_COLORS]
        spare = {name: OTHER_COLORS[n % len(OTHER_COLORS)] for n, name in enumerate(others)}
        n_cold = int((self.n_ratings == 0).sum())
        return {
            "users": [str(user_id) for user_id in self.user_ids],
            "tracks": [label for label, _ in tracks],
            "trackIds": [str(item_id) for _, item_id in tracks],
            "modalities": [[m, LABELS.get(m, m)] for m in self.weights],
            "which": list(WHICH.items()) if 0 < n_cold < len(tracks) else [],
            "colors": {name: {**MODALITY_COLORS, **spare}[name] for name in self._parts},
            "diversity": self.fused is not None,
            "maxPicks": MAX_PICKS,
        }

    def _view(self) -> dict[str, Any]:
        """What the page shows now, as plain values."""
        scale = max([1.0, *self.weights.values()])
        return {
            "heading": self._heading(),
            "user": None if self.user_id is None else str(self.user_id),
            "likes": self._likes(),
            "picks": [[str(i), self._by(i)] for i in self.picks],
            "weights": {m: round(100 * w / scale) for m, w in self.weights.items()},
            "which": self.which,
            "diversity": round(100 * self.diversity),
            "cards": [self._card(row) for row in self._list.itertuples()],
            "status": self.status,
        }

    def _likes(self) -> list[str]:
        """The user's five highest ratings of warm tracks, latest first."""
        if self.user_id is None:
            return []
        ratings = self.dataset.ratings
        mine = ratings[ratings["user_id"] == self.user_id]
        mine = mine[mine["item_id"].isin(self.n_ratings.index[self.n_ratings > 0])]
        mine = mine.sort_values(["rating", "timestamp"], kind="stable").tail(5)[::-1]
        return [
            f"{_stars(rating)} {self._by(item_id)}"
            for item_id, rating in zip(mine["item_id"], mine["rating"], strict=True)
        ]

    def _card(self, row: Any) -> dict[str, Any]:
        item, parts = self.dataset.items.loc[row.item_id], self._parts.loc[row.item_id]
        return {
            "id": str(row.item_id),
            "title": row.title,
            "by": self._by(row.item_id),
            "byline": " · ".join(filter(None, (_text(item.get(c)) for c in ("artist", "genre")))),
            "ratings": f"{row.ratings} ratings" if row.ratings else "new: nobody has rated it",
            "why": self.why(row.item_id),
            "parts": [[n, _signed(value), round(float(value), 4)] for n, value in parts.items()],
            "score": _signed(row.score),
            "media": [m for m in FILES if _text(item.get(m))],
        }

    def _media(self, name: str, modality: str) -> tuple[str, bytes]:
        """MIME type and bytes of one file of the catalogue."""
        if modality not in FILES:
            raise ValueError(f"modality: {modality!r} is no file")
        path = Path(_text(self.dataset.items.loc[self._item_id(name), modality]))
        return mimetypes.guess_type(path.name)[0] or "application/octet-stream", path.read_bytes()

    def _item_id(self, name: str) -> Any:
        return _original(name, self.n_ratings.index, "item_id")

    def _handle(self, request: Mapping[str, Any]) -> None:
        """Do what was clicked; the status says so where that is not possible."""
        action, value = request.get("do"), request.get("value")
        actions: dict[Any, Callable[[], Any]] = {
            "choose": lambda: self.choose(_original(value, self.user_ids, "user_id")),
            "pick": lambda: self.pick([self._item_id(name) for name in value or []]),
            "weight": lambda: self.weight(**{m: w / 100 for m, w in dict(value or {}).items()}),
            "reset": self.reset_weights,
            "show": lambda: self.show(str(value)),
            "vary": lambda: self.vary(float(value or 0) / 100),
        }
        try:
            if action not in actions:
                raise ValueError(f"{action!r} is nothing this page can do")
            actions[action]()
        except (TypeError, ValueError) as error:
            self.status = f"Not done. {error}."
            self._refresh()


class _Widget(anywidget.AnyWidget):
    """The page in the browser: native controls, and nothing of its own to decide."""

    _esm = HERE / "playground.js"
    _css = HERE / "playground.css"
    options = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, page: Playground) -> None:
        super().__init__(options=page._options())
        self._page, self._turn = page, 0
        self.on_msg(self._receive)

    def put(self, view: Mapping[str, Any]) -> None:
        """Show this; numbered, so that an answer that changes nothing arrives, too."""
        self._turn += 1
        self.view = {**view, "turn": self._turn}

    def _receive(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if content.get("do") != "media":
            self._page._handle(content)
            return
        for name, modality in content.get("value") or []:
            try:
                kind, data = self._page._media(str(name), str(modality))
            except (ValueError, KeyError, OSError):
                continue  # the card works without
            self.send({"id": name, "modality": modality, "type": kind}, buffers=[data])


def _original(name: Any, ids: Iterable[Any], what: str) -> Any:
    """The id that the browser knows as a string."""
    for original in ids:
        if str(original) == str(name):
            return original
    raise ValueError(f"{what}: {name!r} is unknown")


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−").replace("+0.00", "0.00").replace("−0.00", "0.00")


def _stars(rating: float) -> str:
    try:
        return stars(rating)
    except ValueError:  # another scale than five stars
        return f"{rating:g}:"


def _named(part: Any, value: float) -> str:
    return f"{PART_NAMES.get(str(part), f'its {part}')} ({_signed(value)})"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
