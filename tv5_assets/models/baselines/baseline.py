"""What every baseline is: a few tensors over the catalog, and scores that follow from them and from histories alone.

What does not belong here: how any one of them is fitted and scores.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.fingerprint import fingerprint
from tv5_assets.models.artifacts import ModelFolder

if TYPE_CHECKING:
    import torch

_CATALOG = "catalog"  # the movie ids, beside the model's tensors


@dataclass(frozen=True)
class Sides:
    """A linear model as two towers over the whole catalog.

    A history's score of a movie is the inner product of the sum of ``history`` over the movies that were seen with the
    row of ``movies``.

    Attributes:
        history: float32, shape (m, rank): what a movie adds to a history.
        movies: float32, shape (m, rank), on the same device: what a history is held against, and an index holds.
    """

    history: "torch.Tensor"
    movies: "torch.Tensor"

    def to(self, device: "torch.device | str") -> "Sides":
        """Return the same on a device; sides that are one tensor stay one."""
        movies = self.movies.to(device)
        return Sides(movies if self.history is self.movies else self.history.to(device), movies)


class Baseline(ABC):
    """A fitted recommender that can be kept as a folder.

    Attributes:
        name: what leaderboards call it.
        catalog: int32, shape (m,), ascending: the movie ids it scores.
        tensors: what was fitted, by name, on one device.
        parameters: how it was fitted; JSON values.
        trained_on: what it was fitted on (:func:`described`).
    """

    name: str

    def __init__(
        self,
        catalog: npt.NDArray[np.int32],
        tensors: "Mapping[str, torch.Tensor]",
        parameters: Mapping[str, Any],
        trained_on: Mapping[str, Any],
    ):
        self.catalog = catalog
        self.tensors = tensors
        self.parameters = parameters
        self.trained_on = trained_on

    def scores(self, history: Histories) -> "torch.Tensor":
        """Return a score for each user and movie, float32 of shape (u, m), on the device of the tensors.

        Raises:
            InputError: the history is over another catalog than the model.
        """
        if not np.array_equal(history.catalog, self.catalog):
            raise InputError(
                f"{self.name} was fitted on a catalog of {len(self.catalog)} movies, the history is over another "
                f"of {len(history.catalog)}; fit it again"
            )
        return self._scores(history)

    @abstractmethod
    def _scores(self, history: Histories) -> "torch.Tensor":
        """Return the scores of a history over the model's own catalog."""

    @property
    def size(self) -> int:
        """Bytes of the tensors."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self.tensors.values())

    def to_folder(self) -> ModelFolder:
        """Return the model as it is kept; its metrics are empty, whoever measures it fills them in."""
        return ModelFolder(
            tensors={_CATALOG: self.catalog} | {name: tensor.cpu().numpy() for name, tensor in self.tensors.items()},
            config={
                "model": self.name,
                "parameters": dict(self.parameters),
                "trained_on": dict(self.trained_on),
            },
        )

    @classmethod
    def from_folder(cls, folder: ModelFolder, device: str = "cpu") -> Self:
        """Return the model that :meth:`to_folder` was of.

        Raises:
            InputError: the folder is of another model.
        """
        import torch

        if (found := folder.config.get("model")) != cls.name:
            raise InputError(f"a folder of {found or 'something else'} cannot be read as {cls.name}")
        return cls(
            folder.tensors[_CATALOG],
            {name: torch.from_numpy(array).to(device) for name, array in folder.tensors.items() if name != _CATALOG},
            folder.config["parameters"],
            folder.config["trained_on"],
        )


def described(train: Histories) -> dict[str, Any]:
    """Return what a model was trained on, for its config: how many users, events and movies, and a fingerprint."""
    return {
        "users": int((train.lengths > 0).sum()),
        "events": len(train.items),
        "movies": len(np.unique(train.items)),
        "catalog": len(train.catalog),
        "fingerprint": fingerprint(
            train.user_ids, train.offsets, train.items, train.ratings, train.times, train.catalog
        ),
    }


def pooled(
    history: Histories,
    table: "torch.Tensor",
    weights: "torch.Tensor | None" = None,
    rows: "torch.Tensor | None" = None,
) -> "torch.Tensor":
    """Return the sum of each user's rows of a table, of shape (u, d); zeros where nothing was seen.

    Args:
        history: u users with n events.
        table: float32, shape (rows, d).
        weights: of each event, float32 of shape (n,); None means 1.
        rows: the row of each event, int32 of shape (n,); None means that the table has a row for each movie.
    """
    import torch
    from torch.nn.functional import embedding_bag

    return embedding_bag(
        torch.from_numpy(history.items).to(table.device) if rows is None else rows,
        table,
        torch.from_numpy(history.offsets.astype(np.int32)).to(table.device),
        mode="sum",
        per_sample_weights=weights,
        include_last_offset=True,
    )
