"""A page to play with: choose a listener, move the weights, see, hear and read why.

In: a fitted model and its data set. Out: a ranked list with its reasons, as plain tables, and the
same as a page with covers, players and native controls (page.js, page.css) in a live notebook.

What the page can do is a method of :class:`Playground` and needs no browser. The widget only
passes on what was clicked, and shows what comes back.

Notebook: 11_the_recommender
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
# From so many of the best the varied list is picked; more would bring in what nobody asked for.
LONG_LIST = 50
SHOWN = {"all": "All tracks", "known": "Only tracks that people have rated", "new": "Only new ones"}
# What each part of a score is called in a sentence.
NAMES = {
    "collaborative": "people of like taste",
    "image": "its cover",
    "text": "its words",
    "audio": "its sound",
    "popularity": "how popular it is likely to be",
}
LABELS = {"image": "Covers (image)", "text": "Words (text)", "audio": "Sounds (audio)"}
MISSING = {"image": "no cover", "text": "no words", "audio": "no sound"}
FILES = ("image", "audio")
# Parts of a score below this are not worth a word.
SMALL = 0.05


class Playground:
    """A model to play with: for whom, by what, among which tracks, how varied.

    Every method that changes something returns the page, so that calls can be chained, and the
    page that is shown in a notebook follows. A change re-ranks one list: a few milliseconds.

    Parameters
    ----------
    model
        A fitted :class:`MultimodalRecommender`; it stays as it is.
    dataset
        Where covers, words, sounds and histories come from. Tracks that the model knows and the
        data set does not are never shown.
    blocks
        modality → FeatureBlock, what variety is measured by (:func:`early_fusion` of them);
        without them there is no dial for it.
    k
        Length of the list.

    Raises
    ------
    ValueError
        If k is below 1, or the model and the data set have no item in common.

    Notebook: 11_the_recommender
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
        shown = np.isin(model.item_ids_, dataset.items.index)
        if not shown.any():
            raise ValueError("dataset: has none of the items that the model knows")
        rated = pd.Series(model.n_ratings_, index=model.item_ids_)
        self.n_ratings = rated[shown]
        # Not reduced: the cosine of two rows is then the mean of the modalities' own.
        self.alike = early_fusion(blocks, n_components=None) if blocks else None
        self.listeners = list(model.user_ids_)
        self.listener: Any | None = self.listeners[0]
        self.picks: list[Any] = []
        self.weights: dict[str, float] = dict(model.weights_)
        self.which, self.variety = "all", 0.0
        self._widget: _Widget | None = None
        self._ranked = model
        self._list = self._reasons = pd.DataFrame()
        self.status = ""
        self._update("")
        self.status = f"{self._heading()}. {self._first()}"

    # --- what can be changed ---------------------------------------------------------------------

    def choose(self, user_id: Any) -> Self:
        """Make the list for this listener.

        Parameters
        ----------
        user_id
            Somebody who was there in ``fit``.

        Raises
        ------
        ValueError
            If the model does not know this listener.

        Notebook: 11_the_recommender
        """
        if user_id not in self.listeners:
            raise ValueError(f"user_id: {user_id!r} is no listener of this model")
        self.listener = user_id
        return self._update(f"Listener {user_id}.")

    def pick(self, item_ids: Iterable[Any]) -> Self:
        """Make the list for you, a new listener who likes these tracks and has rated nothing else.

        Parameters
        ----------
        item_ids
            None to five tracks, in the order you picked them; without any you are the average
            listener.

        Raises
        ------
        ValueError
            If a track is unknown or named twice, or there are more than five.

        Notebook: 11_the_recommender
        """
        picks = list(item_ids)
        for item_id in picks:
            if item_id not in self.n_ratings.index:
                raise ValueError(f"item_ids: {item_id!r} is no track of this page")
        if len(set(picks)) < len(picks):
            raise ValueError("item_ids: a track is picked twice")
        if len(picks) > MAX_PICKS:
            raise ValueError(f"item_ids: {len(picks)} tracks; pick {MAX_PICKS} at most")
        self.listener, self.picks = None, picks
        return self._update(f"You, with {len(picks)} of {MAX_PICKS} tracks picked.")

    def weight(self, **weights: float) -> Self:
        """Say how much each modality counts; those not named keep their weight.

        Parameters
        ----------
        weights
            modality → w ≥ 0. Only their ratios count.

        Raises
        ------
        ValueError
            If a modality is unknown to the model, a weight is negative or not finite, or all
            would be zero.

        Notebook: 11_the_recommender
        """
        changed = {**self.weights, **{m: float(w) for m, w in weights.items()}}
        if changed and not any(changed.values()):
            raise ValueError("weights: all are zero; let at least one modality count")
        self.model.with_weights(changed)  # raises where one of them is not possible
        self.weights = changed
        total = sum(changed.values())
        now = ", ".join(f"{m} {w / total:.0%}" for m, w in changed.items())
        return self._update(f"Weights now: {now}.")

    def reset_weights(self) -> Self:
        """Take back the weights that the model learned.

        Notebook: 11_the_recommender
        """
        return self.weight(**self.model.weights_)

    def show(self, which: str) -> Self:
        """Say which tracks may be listed.

        Parameters
        ----------
        which
            "all", "known" (somebody has rated them) or "new" (nobody has).

        Raises
        ------
        ValueError
            If it is none of the three.

        Notebook: 11_the_recommender
        """
        if which not in SHOWN:
            raise ValueError(f"which: {which!r} is none of {list(SHOWN)}")
        self.which = which
        return self._update(f"{SHOWN[which]}.")

    def vary(self, diversity: float) -> Self:
        """Turn the dial for variety: the list is picked from the 50 best by :func:`rerank`.

        Parameters
        ----------
        diversity
            λ in 0 … 1: 0 the best, 1 the most different.

        Raises
        ------
        ValueError
            If it is outside 0 … 1, or the page has no blocks to measure it by.

        Notebook: 11_the_recommender
        """
        if not 0 <= diversity <= 1:
            raise ValueError(f"diversity: {diversity} is outside 0 … 1")
        if diversity > 0 and self.alike is None:
            raise ValueError("diversity: needs blocks; give them to Playground")
        self.variety = float(diversity)
        return self._update(f"Variety {self.variety:.0%}.")

    # --- what can be read ------------------------------------------------------------------------

    def ranking(self) -> pd.DataFrame:
        """The list as it stands.

        Returns
        -------
        DataFrame indexed by rank (1 …): item_id, title, ratings (how many the model has seen; 0
        is new) and score.

        Notebook: 11_the_recommender
        """
        return self._list.copy()

    def reasons(self) -> pd.DataFrame:
        """Where each score comes from: item × part, as ``explain`` returns it, in list order.

        Notebook: 11_the_recommender
        """
        return self._reasons.copy()

    def why(self, item_id: Any) -> str:
        """Why a listed track is where it is, in words.

        Parameters
        ----------
        item_id
            A track of the list.

        Returns
        -------
        One to three sentences; parts below 0.05 are passed over.

        Raises
        ------
        ValueError
            If the track is not in the list.

        Notebook: 11_the_recommender
        """
        if item_id not in self._reasons.index:
            raise ValueError(f"item_id: {item_id!r} is not in the list")
        parts = self._reasons.loc[item_id]
        parts = parts[parts.abs() >= SMALL].sort_values(ascending=False, kind="stable")
        helping = [_named(part, value) for part, value in parts.items() if value > 0]
        hindering = [_named(part, value) for part, value in parts.items() if value < 0][::-1]
        sentences = []
        if self.n_ratings[item_id] == 0:
            sentences.append("Nobody has rated it yet.")
        if helping:
            then = f"; then {_listed(helping[1:])}" if helping[1:] else ""
            sentences.append(f"For it: most of all {helping[0]}{then}.")
        else:
            sentences.append("Nothing speaks for it clearly; the others have even less.")
        if hindering:
            sentences.append(f"Against it: {_listed(hindering)}.")
        gaps = [MISSING.get(m, f"no {m}") for m in self.weights if self._lacks(item_id, m)]
        if gaps:
            sentences.append(f"It has {_listed(gaps)}.")
        return " ".join(sentences)

    # --- how it is done --------------------------------------------------------------------------

    def _update(self, said: str) -> Self:
        """Rank again, and put into words what has become different."""
        before = list(self._list.get("item_id", []))
        user, model = self.listener, self.model
        if user is None:
            user, model = self._newcomer()
        self._ranked = model.with_weights(self.weights) if self.weights else model
        rated = self.n_ratings.to_numpy() > 0
        allowed = {"all": rated | True, "known": rated, "new": ~rated}[self.which]
        table = self._ranked.recommend(
            [user], k=LONG_LIST, candidates=self.n_ratings.index[allowed].to_numpy()
        )
        if self.variety > 0 and len(table):
            table = rerank(table, self.alike, k=self.k, diversity=self.variety)
        table = table.head(self.k).set_index("rank")[["item_id", "score"]]
        titles = [_text(self.dataset.items.loc[i].get("title")) or str(i) for i in table["item_id"]]
        table.insert(1, "title", titles)
        table.insert(2, "ratings", self.n_ratings.reindex(table["item_id"]).to_numpy())
        self._list = table
        self._reasons = self._ranked.explain(user, table["item_id"].to_numpy())
        self.status = f"{said} {self._difference(before)} {self._first()}".strip()
        if self._widget is not None:
            self._widget.put(self._view())
        return self

    def _newcomer(self) -> tuple[Any, MultimodalRecommender]:
        """An id that nobody has, and a copy of the model that knows the picks."""
        known = self.model.user_ids_
        new: Any = "you" if known.dtype == object else int(known.max()) + 1
        while new in known:
            new += "'"
        if not self.picks:
            return new, self.model
        last = self.dataset.ratings["timestamp"].max()
        later = last + pd.to_timedelta(np.arange(1, len(self.picks) + 1), unit="s")
        ratings = pd.DataFrame({"user_id": new, "item_id": self.picks, "timestamp": later})
        ratings["rating"] = self.model.positive + 1
        return new, copy(self.model).partial_fit(ratings)

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
        if not len(self._list):
            return ""
        return f"First is {self._by(self._list['item_id'].iloc[0])}."

    def _heading(self) -> str:
        whom = "you" if self.listener is None else str(self.listener)
        return f"{len(self._list)} tracks for {whom}"

    def _by(self, item_id: Any) -> str:
        row = self.dataset.items.loc[item_id]
        artist = _text(row.get("artist"))
        title = _text(row.get("title")) or str(item_id)
        return f"{title} by {artist}" if artist else title

    def _lacks(self, item_id: Any, modality: str) -> bool:
        items = self.dataset.items
        return modality in items.columns and not _text(items.loc[item_id, modality])

    # --- the skin --------------------------------------------------------------------------------

    def widget(self) -> anywidget.AnyWidget:
        """The page for a live notebook; the same one every time.

        Notebook: 11_the_recommender
        """
        if self._widget is None:
            self._widget = _Widget(self)
            self._widget.put(self._view())
        return self._widget

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget()._repr_mimebundle_(**kwargs)

    def _options(self) -> dict[str, Any]:
        """What never changes."""
        tracks = sorted((self._by(i), i) for i in self.n_ratings.index)
        names = list(self._reasons.columns)
        others = [name for name in names if name not in MODALITY_COLORS]
        spare = {name: OTHER_COLORS[n % len(OTHER_COLORS)] for n, name in enumerate(others)}
        colors = {**MODALITY_COLORS, **spare}
        return {
            "listeners": [str(user) for user in self.listeners],
            "tracks": [label for label, _ in tracks],
            "trackIds": [str(item_id) for _, item_id in tracks],
            "modalities": [[m, LABELS.get(m, m)] for m in self.weights],
            "which": list(SHOWN.items()) if self._has_both() else [],
            "colors": {name: colors[name] for name in names},
            "varied": self.alike is not None,
            "maxPicks": MAX_PICKS,
        }

    def _has_both(self) -> bool:
        new = self.n_ratings == 0
        return bool(new.any() and not new.all())

    def _view(self) -> dict[str, Any]:
        """What the page shows now, as plain values."""
        top = max(self.weights.values(), default=1.0)
        scale = top if top > 1 else 1.0
        return {
            "heading": self._heading(),
            "listener": None if self.listener is None else str(self.listener),
            "likes": self._likes(),
            "picks": [[str(i), self._by(i)] for i in self.picks],
            "weights": {m: round(100 * w / scale) for m, w in self.weights.items()},
            "which": self.which,
            "variety": round(100 * self.variety),
            "cards": [self._card(row) for row in self._list.itertuples()],
            "status": self.status,
        }

    def _likes(self) -> list[str]:
        if self.listener is None:
            return []
        ratings = self.dataset.ratings
        mine = ratings[ratings["user_id"] == self.listener]
        mine = mine[mine["item_id"].isin(self.n_ratings.index[self.n_ratings > 0])]
        mine = mine.sort_values(["rating", "timestamp"], kind="stable").tail(5)[::-1]
        return [
            f"{_stars(rating)} {self._by(item_id)}"
            for item_id, rating in zip(mine["item_id"], mine["rating"], strict=True)
        ]

    def _card(self, row: Any) -> dict[str, Any]:
        item, parts = self.dataset.items.loc[row.item_id], self._reasons.loc[row.item_id]
        byline = " · ".join(filter(None, (_text(item.get(c)) for c in ("artist", "genre"))))
        return {
            "id": str(row.item_id),
            "title": row.title,
            "by": self._by(row.item_id),
            "byline": byline,
            "known": "new: nobody has rated it" if row.ratings == 0 else f"{row.ratings} ratings",
            "why": self.why(row.item_id),
            "parts": [[n, _signed(value), round(float(value), 4)] for n, value in parts.items()],
            "score": _signed(row.score),
            "media": [m for m in FILES if _text(item.get(m))],
        }

    def _media(self, name: str, modality: str) -> tuple[str, bytes]:
        """MIME type and bytes of one file of the catalogue."""
        if modality not in FILES:
            raise ValueError(f"modality: {modality!r} is no file")
        path = Path(_text(self.dataset.items.loc[self._item(name), modality]))
        return mimetypes.guess_type(path.name)[0] or "application/octet-stream", path.read_bytes()

    def _item(self, name: str) -> Any:
        return _original(name, self.n_ratings.index, "item_id")

    def _answer(self, asked: Mapping[str, Any]) -> None:
        """Do what was clicked; what cannot be done is said instead."""
        what, value = asked.get("do"), asked.get("value")
        acts: dict[Any, Callable[[], Any]] = {
            "choose": lambda: self.choose(_original(value, self.listeners, "user_id")),
            "pick": lambda: self.pick([self._item(name) for name in value or []]),
            "weight": lambda: self.weight(**{m: w / 100 for m, w in dict(value or {}).items()}),
            "reset": self.reset_weights,
            "show": lambda: self.show(str(value)),
            "vary": lambda: self.vary(float(value or 0) / 100),
        }
        try:
            if what not in acts:
                raise ValueError(f"{what!r} is nothing this page can do")
            acts[what]()
        except (TypeError, ValueError) as error:
            self.status = f"Not done. {error}."
            if self._widget is not None:
                self._widget.put(self._view())


class _Widget(anywidget.AnyWidget):
    """The page in the browser: native controls, and nothing of its own to decide."""

    _esm = HERE / "page.js"
    _css = HERE / "page.css"
    options = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, page: Playground) -> None:
        super().__init__(options=page._options())
        self._page, self._turn = page, 0
        self.on_msg(self._told)

    def put(self, view: Mapping[str, Any]) -> None:
        """Show this; numbered, so that every answer arrives, also one that changes nothing."""
        self._turn += 1
        self.view = {**view, "turn": self._turn}

    def _told(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if content.get("do") == "media":
            for name, modality in content.get("value") or []:
                self._send_media(str(name), str(modality))
        else:
            self._page._answer(content)

    def _send_media(self, name: str, modality: str) -> None:
        try:
            kind, data = self._page._media(name, modality)
        except (ValueError, KeyError, OSError):
            return  # the card says already what it can do without
        self.send({"id": name, "modality": modality, "type": kind}, buffers=[data])


def _original(name: Any, ids: Iterable[Any], what: str) -> Any:
    """The id that the browser knows as a string."""
    for known in ids:
        if str(known) == str(name):
            return known
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
    return f"{NAMES.get(str(part), f'its {part}')} ({_signed(value)})"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
