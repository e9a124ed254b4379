"""What movies are searched with for a user: a vector made at this moment of what they have rated, or a published one.

The two-tower pools a history, so that what a user rated a minute ago counts, and a user whom no training knew can be
asked about. What does not belong here: what is done with the movies that are found (recommend.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from upath import UPath

from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.artifacts import read_model
from tv5_assets.retrieval.answers import unknown_user
from tv5_assets.retrieval.stores import Stores
from tv5_assets.stores import milvus

if TYPE_CHECKING:
    from tv5_assets.models.two_tower import TwoTower

_ALIKE = 1e-3  # cosines of the same vectors differ by less


@dataclass(frozen=True)
class Taste:
    """A user's vector, and the collection of movies that is in its space.

    Attributes:
        collection: what to search.
        vector: float32, shape (d,).
    """

    collection: milvus.CollectionSpec
    vector: npt.NDArray[np.float32]


def served_tower(dataset_root: UPath) -> "TwoTower | None":
    """Return the two-tower of a dataset's folder; None where it was not trained yet.

    Raises:
        InputError: what is there is no two-tower.
    """
    from tv5_assets.models.two_tower import TwoTower

    folder = dataset_root / "models" / "two_tower"
    if not folder.exists():
        return None
    if folder.protocol in ("", "file"):
        return TwoTower.from_folder(read_model(Path(str(folder))))
    with TemporaryDirectory() as place:
        copy = Path(place) / "two_tower"
        folder.fs.get(folder.path, str(copy), recursive=True)
        return TwoTower.from_folder(read_model(copy))


def taste(
    stores: Stores,
    user_id: int,
    rated: Mapping[int, float] | None,
    tower: "TwoTower | None",
    version: str,
    notes: list[str],
) -> Taste:
    """Return what to search with: the two-tower's vector where it can be made, else the published one of texts.

    Args:
        stores: the connected stores; Milvus is needed.
        user_id: who.
        rated: their ratings by movie; None where they are not known.
        tower: the two-tower that is served.
        version: the answer's.
        notes: the answer's notes, to which is added why the two-tower was not used.

    Raises:
        InputError: nothing is known of the user.
        StoreUnavailableError: Milvus does not answer.
    """
    if tower is None:
        return Taste(milvus.MOVIES, user_vector(stores, user_id))
    history = _history(tower, rated or {})
    if not len(history.items):
        notes.append("the two-tower is not used: no ratings are known of movies that it knows")
    elif not stores.once(version, "two-tower", lambda: _is_published(stores, tower)):
        notes.append("the two-tower is not used: milvus/tower_movies is of another training; materialize it")
    else:
        return Taste(milvus.TOWER_MOVIES, tower.user_vectors(history)[0])
    return Taste(milvus.MOVIES, user_vector(stores, user_id))


def user_vector(stores: Stores, user_id: int) -> npt.NDArray[np.float32]:
    """Return a user's published vector, shape (d,).

    Raises:
        InputError: there is no such user; the message says which there are.
        StoreUnavailableError: Milvus does not answer.
    """
    client = stores.need_milvus()
    rows = milvus.fetch(client, milvus.USERS, [user_id])
    if rows.is_empty():
        known = milvus.ids(client, milvus.USERS)
        raise unknown_user(user_id, len(known), *(known[[0, -1]] if len(known) else (None, None)))
    vector: npt.NDArray[np.float32] = rows[milvus.VECTOR][0].to_numpy()
    return vector


def _history(tower: "TwoTower", rated: Mapping[int, float]) -> Histories:
    """Return ratings as the history of one user; the two-tower does not look at times."""
    movies = np.array(sorted(rated), dtype=np.int32)
    known = movies[np.isin(movies, tower.catalog)]
    return Histories(
        np.zeros(1, dtype=np.int32),
        np.array([0, len(known)], dtype=np.int64),
        np.searchsorted(tower.catalog, known).astype(np.int32),
        np.array([rated[movie] for movie in known.tolist()], dtype=np.float32),
        np.zeros(len(known), dtype=np.int64),
        tower.catalog,
    )


def _is_published(stores: Stores, tower: "TwoTower") -> bool:
    """Tell whether the collection holds this training's vectors: a vector of another would mean nothing in it."""
    client = stores.need_milvus()
    if milvus.live_version(client, milvus.TOWER_MOVIES.name) is None:
        return False
    rows = milvus.fetch(client, milvus.TOWER_MOVIES, tower.catalog[:1].tolist())
    if rows.is_empty():
        return False
    cosine = float(rows[milvus.VECTOR][0].to_numpy() @ tower.movie_vectors()[0])
    return abs(cosine - 1) < _ALIKE
