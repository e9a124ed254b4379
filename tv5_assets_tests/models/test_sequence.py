"""Models of sequences: what they may see, what they learn, and that a training can be repeated, kept and taken up."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tv5_assets.errors import InputError
from tv5_assets.evaluation.histories import Histories
from tv5_assets.models import bert4rec, sasrec
from tv5_assets.models.artifacts import read_model, write_model
from tv5_assets.models.sequence import SequenceConfig, SequenceModel, fit_sequence
from tv5_assets.models.sequence_network import SequenceNetwork
from tv5_assets.models.train import TrainConfig

ITEMS = 40
TRAIN = TrainConfig(epochs=250, learning_rate=1e-2, patience=0, warmup_steps=5)  # an epoch is one step
TINY = {
    kind: SequenceConfig(
        kind,
        length=8,
        hidden=32,
        layers=1,
        heads=2,
        dropout=0.0,
        newest_share=0.5,
        stride=8,
        batch=64,
        validation_users=0,
        train=TRAIN,
    )
    for kind in ("sasrec", "bert4rec")
}
QUICK = {kind: replace(config, train=replace(TRAIN, epochs=3)) for kind, config in TINY.items()}
KINDS = pytest.mark.parametrize("kind", ["sasrec", "bert4rec"])


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def walks(users: int = 24, seed: int = 1, shortest: int = 6, longest: int = 14) -> Histories:
    """Everybody goes round the catalog in the same order from a place of their own: the last event tells the next."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(shortest, longest + 1, users)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    number = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    begins, order = generator.integers(ITEMS, size=users), np.random.default_rng(0).permutation(ITEMS)
    items = order[(np.repeat(begins, lengths) + number) % ITEMS]
    return Histories(
        np.arange(1, users + 1, dtype=np.int32),
        offsets,
        items.astype(np.int32),
        np.full(offsets[-1], 4, dtype=np.float32),
        number.astype(np.int64),
        np.arange(10, 10 + ITEMS, dtype=np.int32),
    )


def without_last(history: Histories) -> tuple[Histories, np.ndarray]:
    last = history.offsets[1:] - 1
    kept = np.ones(len(history.items), dtype=bool)
    kept[last] = False
    offsets = history.offsets - np.arange(len(history) + 1)
    parts = (history.items[kept], history.ratings[kept], history.times[kept])
    return Histories(history.user_ids, offsets, *parts, history.catalog), history.items[last]


def with_item(history: Histories, event: int, item: int) -> Histories:
    items = history.items.copy()
    items[event] = item
    return replace(history, items=items)


def network(causal: bool, places: int = 6) -> SequenceNetwork:
    torch.manual_seed(3)
    made = SequenceNetwork(ITEMS, places, hidden=16, layers=2, heads=2, dropout=0.1, causal=causal).eval()
    for parameter in made.parameters():  # first parameters are so small that hardly anything depends on them
        torch.nn.init.normal_(parameter, std=0.3)
    return made


@KINDS
def test_a_tiny_set_is_learnt_by_heart(kind):
    history = walks()
    model = fit_sequence(history, TINY[kind], seed=5)
    asked, answers = without_last(history)
    first = model.scores(asked).argmax(dim=1).numpy()
    assert (first == answers).mean() > 0.95
    assert model.metrics["epochs"][-1]["loss"] < model.metrics["epochs"][0]["loss"] / 2


def test_a_later_item_changes_no_earlier_state_of_sasrec():
    causal = network(causal=True)
    before = torch.tensor([[1, 2, 3, 4, 5, 6]])
    for place in range(6):
        after = before.clone()
        after[0, place] = 30
        changed = (causal(before) - causal(after)).abs().amax(dim=2)[0]
        assert (changed[:place] == 0).all()
        assert (changed[place:] > 0).all()


def test_every_item_changes_every_state_of_bert4rec():
    both_ways = network(causal=False)
    before = torch.tensor([[1, 2, 3, 4, 5, 6]])
    for place in range(6):
        after = before.clone()
        after[0, place] = 30
        assert ((both_ways(before) - both_ways(after)).abs().amax(dim=2)[0] > 0).all()


@pytest.mark.parametrize("causal", [True, False])
def test_padding_has_no_influence(causal):
    asked = network(causal)
    padded = torch.tensor([[ITEMS, ITEMS, 3, 4, 5, 6], [ITEMS, 7, 8, 9, 1, 2]])
    before = asked(padded)
    with torch.no_grad():
        asked.embedding.weight[asked.padding] += 10.0
    known = padded != ITEMS
    torch.testing.assert_close(asked(padded)[known], before[known], rtol=0, atol=0)
    # Nor has what else is in the batch.
    torch.testing.assert_close(asked(padded[:1])[0, 2:], before[0, 2:], rtol=1e-5, atol=1e-5)


def test_sasrec_tells_each_event_from_those_before_it():
    windows = torch.tensor([[ITEMS, ITEMS, 3, 4, 5], [1, 2, 3, 4, 5]])
    task = sasrec.task(windows, padding=ITEMS)
    assert task.shown.tolist() == [[ITEMS, ITEMS, 3, 4], [1, 2, 3, 4]]
    assert task.targets.tolist() == [[ITEMS, 3, 4, 5], [2, 3, 4, 5]]
    assert task.counts.tolist() == [[False, True, True, True], [True] * 4]


def test_bert4rec_never_shows_what_is_to_be_told():
    torch.manual_seed(0)
    windows = torch.arange(20).repeat(200, 1)
    windows[:, :5] = ITEMS
    windows[50:100, :18] = ITEMS
    task = bert4rec.task(windows, ITEMS, ITEMS + 1, mask_share=0.3, newest_share=0.25)
    told = torch.zeros_like(windows, dtype=torch.bool).scatter(1, task.places, task.counts)
    assert (task.shown[told] == ITEMS + 1).all()
    assert torch.equal(task.shown[~told], windows[~told])
    assert torch.equal(windows.gather(1, task.places)[task.counts], task.targets[task.counts])
    assert not told[windows == ITEMS].any()
    counts = told.sum(dim=1)
    assert (counts >= 1).all()
    newest_alone = told[:, -1] & (counts == 1)
    assert 0.15 < newest_alone[100:].float().mean() < 0.35
    assert set(counts[100:][~newest_alone[100:]].tolist()) <= {1, 4, 5}  # of 15 events, 4.5 rounded


def test_a_masked_item_has_no_influence_on_what_the_network_says():
    windows = torch.arange(6).repeat(8, 1)
    states = []
    for shift in (0, 20):
        torch.manual_seed(0)  # the same events are masked
        task = bert4rec.task(windows, ITEMS, ITEMS + 1, mask_share=0.5, newest_share=0.0)
        states.append(network(causal=False)(task.shown))
        windows = windows.scatter_add(1, task.places, task.counts * (20 - shift))
    assert torch.equal(*states)


@KINDS
def test_only_the_last_events_and_their_order_are_asked_about(kind):
    model = fit_sequence(walks(), QUICK[kind], seed=5)
    asked = walks(users=5, seed=2, shortest=12, longest=12)
    before = model.scores(asked)
    of_first = {event: model.scores(with_item(asked, event, (asked.items[event] + 11) % ITEMS)) for event in (3, 4)}
    assert torch.equal(of_first[3], before)  # the ninth from the end
    assert not torch.equal(of_first[4][0], before[0])
    assert torch.equal(of_first[4][1:], before[1:])
    alone = torch.cat([model.scores(asked.of(user, user + 1)) for user in range(5)])
    torch.testing.assert_close(alone, before, rtol=1e-4, atol=1e-5)


@KINDS
def test_someone_without_a_history_gets_scores(kind):
    model = fit_sequence(walks(), QUICK[kind], seed=5)
    nobody = walks(users=1).take(np.array([], dtype=np.int64))
    nobody = replace(nobody, user_ids=np.array([7], dtype=np.int32), offsets=np.zeros(2, dtype=np.int64))
    assert torch.isfinite(model.scores(nobody)).all()


@KINDS
def test_the_same_seed_gives_the_same_model_and_a_folder_keeps_it(kind, tmp_path):
    history = walks()
    config = replace(QUICK[kind], dropout=0.2, validation_users=20)
    first, second, third = (fit_sequence(history, config, seed) for seed in (5, 5, 6))
    assert torch.equal(first.scores(history), second.scores(history))
    assert not torch.equal(first.scores(history), third.scores(history))
    write_model(first.to_folder(), tmp_path / "model")
    kept = SequenceModel.from_folder(read_model(tmp_path / "model"))
    assert kept.config == config
    assert kept.trained_on["events"] == len(history.items)
    assert torch.equal(kept.scores(history), first.scores(history))


@KINDS
def test_a_killed_training_goes_on_to_the_same_curve(kind, tmp_path):
    config = replace(
        QUICK[kind], dropout=0.2, validation_users=20, train=replace(TRAIN, epochs=4, checkpoint_seconds=0)
    )
    whole = fit_sequence(walks(), config, seed=5)

    def kill(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_sequence(walks(), config, seed=5, checkpoint=tmp_path, on_epoch=kill)
    resumed = fit_sequence(walks(), config, seed=5, checkpoint=tmp_path)
    assert resumed.metrics["resumed_at"] > 0
    figures = [[(epoch["loss"], epoch["validation"]) for epoch in one.metrics["epochs"]] for one in (whole, resumed)]
    assert figures[0] == figures[1]
    assert torch.equal(whole.scores(walks()), resumed.scores(walks()))


@pytest.mark.parametrize(
    "change",
    [{"negatives": 25}, {"negatives": 25, "loss": "gbce"}],
    ids=["sampled softmax", "gBCE"],
)
def test_sampled_losses_learn_too(change):
    history = walks()
    model = fit_sequence(history, replace(TINY["sasrec"], **change, train=replace(TRAIN, epochs=80)), seed=5)
    asked, answers = without_last(history)
    assert (model.scores(asked).argmax(dim=1).numpy() == answers).mean() > 0.9


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="heads"):
        SequenceConfig("sasrec", hidden=10, heads=3)
    with pytest.raises(InputError, match="negatives"):
        SequenceConfig("sasrec", loss="gbce")
    history = walks()
    model = fit_sequence(history, replace(QUICK["sasrec"], train=replace(TRAIN, epochs=1)), seed=5)
    with pytest.raises(InputError, match="another"):
        model.scores(replace(history, catalog=history.catalog + 1))
    single = Histories(
        history.user_ids[:1],
        np.array([0, 1]),
        history.items[:1],
        history.ratings[:1],
        history.times[:1],
        history.catalog,
    )
    with pytest.raises(InputError, match="two events"):
        fit_sequence(single, QUICK["sasrec"], seed=5)
