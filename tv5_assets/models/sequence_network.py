"""The transformer that SASRec and BERT4Rec share: items in, one state per place out, items scored by their embeddings.

What does not belong here: which items a network is shown and what it should say (sasrec.py, bert4rec.py), losses, and
histories (sequence.py).
"""

import math

import torch  # noqa: TID253 - it defines a torch module, and is imported where a model is trained or asked
from torch import Tensor, nn  # noqa: TID253
from torch.nn.functional import gelu, scaled_dot_product_attention  # noqa: TID253

_FIRST = 0.02
"""Spread of the first embeddings; at 1 / sqrt(hidden) those of rare items hardly moved from where they were drawn."""
_FIRST_PLACES = 0.3
"""Spread of the first embeddings of places: wide, so that attention soon tells near from far."""
_FIRST_FADING = (1.0, 2.0, 0.5, 1.5)
"""How fast attention first fades with distance, head by head: a place ``d`` away counts ``(1 + d) ** -fading``."""


class SequenceNetwork(nn.Module):
    """Pre-norm transformer over places, the newest last; its input and output embeddings of items are the same.

    Items are numbered ``0 .. items - 1``. Two more are no items: :attr:`padding`, which stands before the first event
    and which no other place attends to, and :attr:`mask`, which stands for an item that is to be told.
    """

    visible: Tensor
    itself: Tensor
    distances: Tensor

    def __init__(
        self, items: int, places: int, *, hidden: int, layers: int, heads: int, dropout: float, causal: bool
    ) -> None:
        super().__init__()
        self.items = items
        self.padding, self.mask = items, items + 1
        self.causal = causal
        self.scale = math.sqrt(hidden)
        self.embedding = nn.Embedding(items + 2, hidden)
        self.places = nn.Embedding(places, hidden)
        self.bias = nn.Parameter(torch.zeros(items))
        self.dropout = nn.Dropout(dropout)
        blocks = [_Block(hidden, heads, dropout, places) for _ in range(layers)]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(hidden)
        nn.init.normal_(self.embedding.weight, std=_FIRST)
        nn.init.normal_(self.places.weight, std=_FIRST_PLACES)
        # Each block begins as a shortcut, and so the network as what a place's own item says of others; a mask says
        # nothing, so the first block that sees both ways begins with the mean of what it sees.
        for block in blocks:
            nn.init.zeros_(block.attended.weight)
            nn.init.zeros_(block.narrow.weight)
        if not causal:
            nn.init.eye_(blocks[0].attended.weight)
            nn.init.eye_(blocks[0].queries_keys_values.weight[2 * hidden :])
        earlier = torch.ones(places, places, dtype=torch.bool)
        self.register_buffer("visible", earlier.tril() if causal else earlier, persistent=False)
        self.register_buffer("itself", torch.eye(places, dtype=torch.bool), persistent=False)
        place = torch.arange(places)
        self.register_buffer("distances", (place[:, None] - place).abs(), persistent=False)

    def forward(self, sequences: Tensor) -> Tensor:
        """Return the state of each place.

        Args:
            sequences: items, padded on the left, int64 of shape (b, places).

        Returns:
            float of shape (b, places, hidden).
        """
        known = sequences != self.padding
        # A place always sees itself: without it, one that sees nothing would have no softmax.
        seen = (self.visible & known[:, None, :] | self.itself)[:, None]
        states = self.dropout(self.embedding(sequences) * self.scale + self.places.weight)
        for block in self.blocks:
            states = block(states, seen, self.distances)
        return self.norm(states)

    def scores(self, states: Tensor) -> Tensor:
        """Return the score of every item for each state: shape (..., hidden) to (..., items)."""
        return nn.functional.linear(states, self.embedding.weight[: self.items], self.bias)


class _Block(nn.Module):
    """Attention and a feed-forward network of four times the width, each behind a norm and beside a shortcut.

    Each head has a bias for every distance between two places, learnt from one that prefers what is near: a next item
    has most to do with the last ones, and a set as small as ml-latest-small is not enough to learn that from nothing.
    """

    def __init__(self, hidden: int, heads: int, dropout: float, places: int) -> None:
        super().__init__()
        self.heads = heads
        fading = torch.tensor([_FIRST_FADING[head % len(_FIRST_FADING)] for head in range(heads)])
        self.nearness = nn.Parameter(-fading[:, None] * torch.log1p(torch.arange(places)))
        self.attention_norm = nn.LayerNorm(hidden)
        self.queries_keys_values = nn.Linear(hidden, 3 * hidden)
        self.attended = nn.Linear(hidden, hidden)
        self.wide_norm = nn.LayerNorm(hidden)
        self.wide = nn.Linear(hidden, 4 * hidden)
        self.narrow = nn.Linear(4 * hidden, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, seen: Tensor, distances: Tensor) -> Tensor:
        batch, places, hidden = states.shape
        parts = self.queries_keys_values(self.attention_norm(states)).view(batch, places, 3, self.heads, -1)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)
        bias = self.nearness[:, distances].masked_fill(~seen, -torch.inf).to(queries.dtype)
        # Without dropout on the weights of attention, for which torch has no quick kernel on a processor.
        attended = scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        states = states + self.dropout(self.attended(attended.transpose(1, 2).reshape(batch, places, hidden)))
        return states + self.dropout(self.narrow(gelu(self.wide(self.wide_norm(states)))))
