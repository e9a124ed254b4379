"""Texts as a model's tokens, read once, and batches of them put together on the device.

sentence-transformers reads texts batch by batch and pads them in Python, for which a GPU waits most of the time. What
does not belong here: which texts share a batch and what becomes of them (encoder.py).
"""

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_KNOWN_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}  # of which the last are zeros where they are missing


class Tokens:
    """The tokens of texts, one text after another.

    Attributes:
        lengths: tokens of each text, int64 of shape (n,).
    """

    def __init__(self, network: "SentenceTransformer", texts: list[str]) -> None:
        import torch

        # Asked directly, because transformers turns each text's tokens into a dictionary: of 48 microseconds that a
        # text took on a machine of 16 cores, 45 were that.
        backend = network.tokenizer.backend_tokenizer
        backend.enable_truncation(network.max_seq_length)
        backend.no_padding()
        read = [encoding.ids for encoding in backend.encode_batch_fast(texts)]
        self.lengths: npt.NDArray[np.int64] = np.fromiter(map(len, read), np.int64, len(read))
        self._ids = torch.from_numpy(np.fromiter(chain.from_iterable(read), np.int64, int(self.lengths.sum())))
        self._ends = torch.from_numpy(self.lengths.cumsum())
        self._padding = int(network.tokenizer.pad_token_id)

    def move(self, device: str) -> None:
        """Have batches put together on a device."""
        self._ids, self._ends = self._ids.to(device), self._ends.to(device)

    def batch(self, rows: "torch.Tensor", longest: int) -> "dict[str, torch.Tensor]":
        """Return some texts as the model takes them, padded on the right.

        Args:
            rows: which, int64 of shape (b,), on the device.
            longest: the number of tokens of the longest of them.
        """
        import torch

        place = torch.arange(longest, device=rows.device)
        starts = torch.where(rows > 0, self._ends[rows - 1], 0)
        there = place < (self._ends[rows] - starts)[:, None]
        ids = self._ids[(starts[:, None] + place).clamp_(max=len(self._ids) - 1)].where(there, self._padding)
        return {"input_ids": ids, "attention_mask": there.long()}


def tokens_of(network: "SentenceTransformer", texts: list[str]) -> Tokens | None:
    """Return the tokens of texts, or None where a model wants more of a text: a prompt before it, other inputs."""
    tokenizer = network.tokenizer
    enough = (
        getattr(tokenizer, "is_fast", False)
        and network.max_seq_length is not None
        and tokenizer.padding_side == "right"
        and tokenizer.pad_token_id is not None
        and set(tokenizer.model_input_names) <= _KNOWN_INPUTS
        and not network.default_prompt_name
        and not getattr(network[0], "do_lower_case", False)
    )
    return Tokens(network, texts) if enough else None
