"""Texts as a model's tokens, read once, and batches of them put together on the device.

sentence-transformers reads texts batch by batch and pads them in Python, for which a GPU waits most of the time. What
does not belong here: which texts share a batch and what becomes of them (computing.py).
"""

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl
from tokenizers import Encoding, Tokenizer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_KNOWN_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}  # of which the last are zeros where they are missing

Integers = npt.NDArray[np.int64]


class Tokens:
    """The tokens of texts, one text after another.

    Attributes:
        lengths: tokens of each text, int64 of shape (n,).
    """

    def __init__(self, network: "SentenceTransformer", texts: list[str]) -> None:
        import torch

        # Asked directly: transformers makes a dictionary of each text's tokens, which takes longer than reading them.
        backend, longest = network.tokenizer.backend_tokenizer, int(network.max_seq_length or 0)
        backend.no_padding()
        ids, self.lengths = (_by_word if _has_words(backend) else _by_text)(backend, texts, longest)
        self._ids, self._ends = torch.from_numpy(ids), torch.from_numpy(self.lengths.cumsum())
        self._padding = int(network.tokenizer.pad_token_id)

    def move(self, device: "torch.device") -> None:
        """Have batches put together on a device."""
        self._ids, self._ends = moved(self._ids, device), moved(self._ends, device)

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


def moved(tensor: "torch.Tensor", device: "torch.device") -> "torch.Tensor":
    """Return a tensor on a device; a GPU fetches it when it comes to it, and no one waits for what it does before."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


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


def _by_text(backend: Tokenizer, texts: list[str], longest: int) -> tuple[Integers, Integers]:
    """Return the ids of all tokens, one text's after another's, and how many each text has."""
    backend.enable_truncation(longest)
    return _joined(backend.encode_batch_fast(texts))


def _has_words(backend: Tokenizer) -> bool:
    """Tell whether the tokens of a text are those of its words, between one that begins it and one that ends it."""
    return (
        isinstance(backend.normalizer, BertNormalizer)
        and isinstance(backend.pre_tokenizer, BertPreTokenizer)
        and len(backend.encode("").ids) == 2
    )


def _by_word(backend: Tokenizer, texts: list[str], longest: int) -> tuple[Integers, Integers]:
    """Return what `_by_text` does, with each distinct word read once: words come back, and sixteen cores read no more
    than 65,000 whole texts a second, of which a GPU computes 160,000.
    """
    words = pl.Series("word", texts, dtype=pl.String).str.split(" ")
    every = words.explode().to_frame()
    distinct = every.unique().with_row_index("number")
    number = every.join(distinct, on="word", how="left", maintain_order="left")["number"].to_numpy()
    backend.no_truncation()
    ids, counts = _joined(backend.encode_batch_fast(distinct["word"].to_list(), add_special_tokens=False))

    first, last = backend.encode("").ids
    flat = ids[_places((counts.cumsum() - counts)[number], counts[number])]
    before = np.concatenate([[0], counts[number].cumsum()])  # tokens before each word, all texts in a row
    ends = words.list.len().to_numpy().astype(np.int64).cumsum()
    begins = before[np.concatenate([[0], ends[:-1]])]
    inside = np.minimum(before[ends] - begins, longest - 2)
    lengths = inside + 2
    ahead = lengths.cumsum() - lengths
    framed = np.empty(lengths.sum(), np.int64)
    framed[ahead], framed[ahead + inside + 1] = first, last
    framed[_places(ahead + 1, inside)] = flat[_places(begins, inside)]
    return framed, lengths


def _places(begins: Integers, lengths: Integers) -> Integers:
    """Return the places of slices of an array, one slice's after another's."""
    places: Integers = np.repeat(begins - (lengths.cumsum() - lengths), lengths)
    return places + np.arange(len(places))


def _joined(read: list[Encoding]) -> tuple[Integers, Integers]:
    ids = [encoding.ids for encoding in read]
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    return np.fromiter(chain.from_iterable(ids), np.int64, int(lengths.sum())), lengths
