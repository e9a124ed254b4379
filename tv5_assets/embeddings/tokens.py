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
    """The tokens of texts, one text after another, on a device.

    Attributes:
        lengths: tokens of each text, int64 of shape (n,).
    """

    def __init__(self, network: "SentenceTransformer", texts: list[str], device: str) -> None:
        import torch

        tokenizer = network.tokenizer
        read = tokenizer(
            texts,
            truncation=True,
            max_length=network.max_seq_length,
            return_attention_mask=False,
            return_token_type_ids=False,
        )["input_ids"]
        self.lengths: npt.NDArray[np.int64] = np.fromiter(map(len, read), np.int64, len(read))
        flat = np.fromiter(chain.from_iterable(read), np.int64, int(self.lengths.sum()))
        self._ids = torch.from_numpy(flat).to(device)
        self._ends = torch.from_numpy(self.lengths.cumsum()).to(device)
        self._padding = int(tokenizer.pad_token_id)

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


def readable(network: "SentenceTransformer") -> bool:
    """Tell whether tokens are all that a model wants of a text: no prompt before it, no inputs beside them."""
    tokenizer = network.tokenizer
    return (
        getattr(tokenizer, "is_fast", False)
        and tokenizer.padding_side == "right"
        and tokenizer.pad_token_id is not None
        and set(tokenizer.model_input_names) <= _KNOWN_INPUTS
        and not network.default_prompt_name
        and not getattr(network[0], "do_lower_case", False)
    )
