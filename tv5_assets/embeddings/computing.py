"""What a model computes of the texts it is handed, batch by batch.

A GPU does what it was told some time before, and stands still where it is asked for a value first: until the answer is
here and the next work has arrived. So nothing here asks for one before the work of all batches is queued, and what is
copied to and from a GPU is not waited for; this holds for a model whose tokens are read here and whose attention is
torch's, as that of nearly all is. What does not belong here: the model, its number type and who needs the vectors
(encoder.py), and how texts are read into tokens (tokens.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tv5_assets.embeddings.tokens import Tokens, moved

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_TOKENS_AT_ONCE = {"cpu": 2_048, "cuda": 1 << 17}
"""Tokens of a batch. On a processor so many still lie in its cache: of texts of 70 words, 57 a second went in batches
of 32 and 44 in batches of 128; with ten words it made no difference (float32, one thread)."""
_MOST_TEXTS = {"cpu": 64, "cuda": 4_096}
_LEAST_BATCH = 8
_UNASKED = "sdpa_unasked"


@dataclass(frozen=True)
class Computed:
    """Normalized vectors that are there once they are read: a GPU may still be computing them.

    Attributes:
        vectors: float32 of shape (n, d), in the memory of the machine.
        copied: what happens on the GPU once they are there; None where nothing has to be waited for.
    """

    vectors: "torch.Tensor"
    copied: "torch.cuda.Event | None"

    def read(self) -> npt.NDArray[np.float32]:
        """Return the vectors, shape (n, d), as soon as they are there."""
        if self.copied is not None:
            self.copied.synchronize()
        found: npt.NDArray[np.float32] = self.vectors.numpy()
        return found


def compute(
    network: "SentenceTransformer", texts: list[str], tokens: Tokens | None, batch_size: int | None = None
) -> Computed:
    """Compute the normalized vectors of texts; on a GPU, have them computed.

    Args:
        network: the model, on its device.
        texts: the texts.
        tokens: their tokens; None where the model reads the texts itself.
        batch_size: most texts of a batch, None for what suits the device.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.nn.functional import normalize

    # Not cuDNN's, which torch prefers on newer GPUs: it makes a plan for each new shape of a batch, which takes tenths
    # of a second on a B200 (modelscope/FunASR issue 3704), and here shapes are as many as there are lengths.
    attentions = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    device = network.device
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) if tokens is None else tokens.lengths
    order = np.argsort(-lengths, kind="stable")  # the longest texts first
    places = moved(torch.from_numpy(order), device)
    if tokens is not None:
        tokens.move(device)
    found: list[torch.Tensor] = []
    with torch.inference_mode(), sdpa_kernel(attentions):
        for batch in _batches(lengths[order], device.type, batch_size):
            if tokens is None:
                some = [texts[row] for row in order[batch]]
                found.append(
                    network.encode(some, batch_size=len(some), convert_to_tensor=True, show_progress_bar=False)
                )
            else:
                longest = int(lengths[order[batch.start]])
                found.append(network(tokens.batch(places[batch], longest))["sentence_embedding"])
        by_length = torch.cat(found).float()
        vectors = torch.empty_like(by_length)
        vectors[places] = by_length
        # Normalized here, not by the model: in bfloat16 a norm would be off by up to 0.4 %.
        return _fetched(normalize(vectors))


def _batches(lengths: npt.NDArray[np.int64], device: str, batch_size: int | None) -> Iterator[slice]:
    """Yield the slices of texts, sorted from the longest to the shortest, that are computed at once."""
    start = 0
    while start < len(lengths):
        fitting = _TOKENS_AT_ONCE[device] // max(int(lengths[start]), 1)
        size = min(max(fitting, _LEAST_BATCH), batch_size or _MOST_TEXTS[device])
        yield slice(start, start + size)
        start += size


def _fetched(vectors: "torch.Tensor") -> Computed:
    """Have vectors copied to the machine's memory after all that is queued so far."""
    import torch

    if vectors.device.type != "cuda":
        return Computed(vectors, copied=None)
    here = torch.empty(vectors.shape, pin_memory=True)
    here.copy_(vectors, non_blocking=True)
    copied = torch.cuda.Event(blocking=True)  # who waits leaves the processor to what reads the next texts
    copied.record()
    return Computed(here, copied)


def ask_nothing(network: "SentenceTransformer") -> None:
    """Have a model's attention mask the padding of every batch.

    By itself transformers asks the device of each batch whether there is padding at all, to do without the mask where
    there is none. A GPU finishes the batches before it until it can answer, and has no work while it is told the next.
    The mask costs a batch without padding a little more attention; most batches have some.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import sdpa_mask

    model = network.transformers_model
    if model is None or model.config._attn_implementation != "sdpa":
        return

    def always_masked(*args: Any, **options: Any) -> "torch.Tensor | None":
        unskipped = {"allow_is_bidirectional_skip": False, "allow_is_causal_skip": False}
        return sdpa_mask(*args, **{**options, **unskipped})

    AttentionInterface.register(_UNASKED, sdpa_attention_forward)
    AttentionMaskInterface.register(_UNASKED, always_masked)
    model.set_attn_implementation(_UNASKED)
