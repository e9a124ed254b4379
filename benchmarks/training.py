"""An epoch of the two-tower against the bare steps, at ml-25m's size, on the GPU where there is one.

Ours is an epoch of ``fit_two_tower``: batches drawn and put together, parts of histories hidden, gradients clipped, the
curve kept. Bare is the same forward pass, softmax over the catalog, backward pass and AdamW, written down with torch
alone, on batches that lie ready on the device: what is left when all else costs nothing.

    python -m benchmarks.training
"""

import time
from dataclasses import replace

import numpy as np
import torch
from torch.nn.functional import embedding_bag

from benchmarks.interactions import interactions
from benchmarks.timing import measurement
from tv5_assets.bench import Measurement
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models.presets import two_tower
from tv5_assets.models.train import Epoch
from tv5_assets.models.two_tower import TwoTowerConfig, fit_two_tower
from tv5_assets.models.two_tower_batches import Batch, Batches
from tv5_assets.models.two_tower_inputs import MovieInputs

TARGET_RATIO = 1.25
"""So that the device computes for at least 80 % of the time."""
_COLUMNS = 110  # of what is known of a movie: genres, years, text
_SAMPLE = 2_000
_READY = 8  # batches that bare goes through, again and again
_EPOCHS = 3  # the first one warms up; the best of the others counts


def run(share: float = 1.0, users: int = 162_541, movies: int = 62_423, seed: int = 42) -> list[Measurement]:
    """Measure ours, then bare, for as many steps.

    Args:
        share: of the users and movies that are measured, down to a size at which there is something to measure.
        users: of the whole set; the processor is measured on 2,000 of them at most.
        movies: of the whole set.
        seed: of everything random.

    Returns:
        One row: name, seconds of an epoch, bare_seconds, ratio of the two, target_ratio, and peak_mb of this
        process.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    users = min(max(500, int(users * share)), users if device == "cuda" else _SAMPLE)
    movies = max(1_000, int(movies * share))
    rng = np.random.default_rng(seed)
    train = interactions(users, movies, rng)
    inputs = MovieInputs(
        train.catalog, rng.standard_normal((movies, _COLUMNS), dtype=np.float32), tuple(map(str, range(_COLUMNS)))
    )
    config = two_tower("published" if device == "cuda" else "small", _EPOCHS)
    config = replace(config, start="random")
    ours = _epoch(train, inputs, config, device, seed)
    bare = _bare(train, inputs, config, device, seed)
    return [measurement(f"training/two-tower/{device}", ours, bare, TARGET_RATIO)]


def _epoch(train: Histories, inputs: MovieInputs, config: TwoTowerConfig, device: str, seed: int) -> float:
    epochs: list[Epoch] = []
    fit_two_tower(train, inputs, config, seed=seed, device=device, on_epoch=epochs.append)
    return float(np.diff([epoch.seconds for epoch in epochs]).min())


def _bare(train: Histories, inputs: MovieInputs, config: TwoTowerConfig, device: str, seed: int) -> float:
    """Return the seconds of as many steps as an epoch has."""
    batches = Batches(
        train,
        users_at_once=config.users_per_batch,
        hidden=(config.least_hidden, config.most_hidden),
        half_life_days=None,
        seed=seed,
        device=device,
    )
    ready = [batches(step) for step in range(min(_READY, batches.per_epoch))]
    known = torch.from_numpy(inputs.matrix).to(device)
    dimension = config.dimension - 1
    ids, of_inputs = (
        torch.nn.Parameter(0.1 * torch.randn(rows, dimension, device=device)) for rows in (len(known), known.shape[1])
    )
    optimizer = torch.optim.AdamW([ids, of_inputs], lr=config.train.learning_rate, fused=True)

    def steps(count: int) -> float:
        started = time.perf_counter()
        for step in range(count):
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
                lost = _lost(ids + known @ of_inputs, ready[step % len(ready)])
            lost.backward()
            optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started

    steps(len(ready))
    return min(steps(batches.per_epoch) for _ in range(_EPOCHS - 1))


def _lost(movies: torch.Tensor, batch: Batch) -> torch.Tensor:
    pooled = embedding_bag(batch.items, movies, batch.offsets, mode="sum", include_last_offset=True)
    users = pooled / batch.offsets.diff().clamp(min=1).sqrt()[:, None]
    logits = (users @ movies.T).float()
    targets = batch.targets
    shares = torch.logsumexp(logits, dim=1)[targets.users] - logits[targets.users, targets.movies]
    return (targets.weights * shares).sum()


if __name__ == "__main__":
    for line in run():
        print(line)
