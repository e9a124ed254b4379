import math

import numpy as np
import pytest
import torch

from tv5_assets.models import losses
from tv5_assets.models.losses import Targets


def targets(users: list[int], movies: list[int], weights: list[float] | None = None) -> Targets:
    shares = weights or [1 / len(users)] * len(users)
    return Targets(torch.tensor(users), torch.tensor(movies), torch.full((len(users),), 4.0), torch.tensor(shares))


def possible(users: int, drawn: int) -> torch.Tensor:
    return torch.zeros(users, drawn, dtype=torch.bool)


def test_softmax_by_hand() -> None:
    scores = torch.tensor([[math.log(1), math.log(2), math.log(5)], [0, 0, 0]])
    # Shares of 5/8 and 1/3.
    lost = losses.softmax(scores, targets([0, 1], [2, 0]))
    assert float(lost) == pytest.approx((math.log(8 / 5) + math.log(3)) / 2)
    weighted = losses.softmax(scores, targets([0, 1], [2, 0], [0.9, 0.1]))
    assert float(weighted) == pytest.approx(0.9 * math.log(8 / 5) + 0.1 * math.log(3))


def test_what_was_seen_takes_no_share_and_no_gradient() -> None:
    scores = torch.tensor([[math.log(1), math.log(2), math.log(5)]], requires_grad=True)
    lost = losses.softmax(scores.clone(), targets([0], [1]), (torch.tensor([0]), torch.tensor([2])))
    assert lost.item() == pytest.approx(math.log(3 / 2))
    lost.backward()
    assert scores.grad is not None
    assert scores.grad.tolist()[0] == pytest.approx([1 / 3, 2 / 3 - 1, 0])


def test_a_complete_draw_makes_the_sampled_softmax_the_whole_one() -> None:
    torch.manual_seed(0)
    scores = torch.randn(4, 6)
    asked = targets([0, 1, 2, 3], [5, 0, 2, 2])
    impossible = possible(4, 6)
    impossible[asked.users, asked.movies] = True  # a target is counted for itself
    expected = torch.ones(6)  # each movie once
    lost = losses.sampled_softmax(scores[asked.users, asked.movies], scores, expected, impossible, asked)
    assert float(lost) == pytest.approx(float(losses.softmax(scores, asked)), rel=1e-6)


def test_the_correction_makes_uneven_draws_estimate_the_same_sum() -> None:
    torch.manual_seed(0)
    scores = torch.randn(1, 8)
    asked = targets([0], [0])
    probabilities = torch.tensor([0.02, 0.38, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05])
    drawn = torch.multinomial(probabilities, 200_000, replacement=True)
    impossible = (drawn == 0)[None]
    lost = losses.sampled_softmax(
        scores[0, :1], scores[:, drawn], probabilities[drawn] * len(drawn), impossible, asked
    )  # fmt: skip
    assert float(lost) == pytest.approx(float(losses.softmax(scores, asked)), abs=0.01)
    uncorrected = losses.sampled_softmax(
        scores[0, :1], scores[:, drawn], torch.full((len(drawn),), len(drawn) / 8), impossible, asked
    )
    assert abs(float(uncorrected) - float(lost)) > 0.05


def test_bpr_by_hand() -> None:
    asked = targets([0, 1], [3, 4])
    positive, negative = torch.tensor([1.0, 2.0]), torch.tensor([[0.0, 1.0], [2.0, 5.0]])
    sigmoid = [1 / (1 + math.exp(-difference)) for difference in (1, 0, 0, -3)]
    each = [-math.log(value) for value in sigmoid]
    assert float(losses.bpr(positive, negative, possible(2, 2), asked)) == pytest.approx(sum(each) / 4, rel=1e-6)
    impossible = torch.tensor([[True, False], [False, True]])
    expected = (each[1] + each[2]) / 2
    assert float(losses.bpr(positive, negative, impossible, asked)) == pytest.approx(expected, rel=1e-6)
    assert float(losses.bpr(positive, negative, ~possible(2, 2), asked)) == 0  # nobody to beat


def test_mse_by_hand() -> None:
    cosines, ratings = torch.tensor([-1.0, 0.0, 1.0]), torch.tensor([0.5, 3.75, 4.5])
    third = torch.full((3,), 1 / 3)
    assert float(losses.mse(cosines, ratings, third)) == pytest.approx((0 + 1 + 0.25) / 3)


def test_combined_is_seven_to_three() -> None:
    assert float(losses.combined(torch.tensor(2.0), torch.tensor(1.0))) == pytest.approx(1.7)


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax", "bpr", "mse"])
def test_gradients_are_those_of_differences(loss: str) -> None:
    torch.manual_seed(1)
    asked = Targets(
        torch.tensor([0, 0, 1]), torch.tensor([1, 2, 3]), torch.tensor([4.0, 2.5, 1.0]), torch.tensor([0.5, 0.2, 0.3])
    )
    impossible = torch.tensor([[False, True, True, False], [False, False, False, True]])

    def lost(scores: torch.Tensor) -> torch.Tensor:
        positive = scores[asked.users, asked.movies]
        match loss:
            case "softmax":
                return losses.softmax(scores.clone(), asked, (torch.tensor([0]), torch.tensor([0])))
            case "sampled_softmax":
                return losses.sampled_softmax(positive, scores, torch.tensor([2.0, 1, 0.5, 1]), impossible, asked)
            case "bpr":
                return losses.bpr(positive, scores, impossible, asked)
            case _:
                return losses.mse(positive, asked.ratings, asked.weights)

    scores = torch.randn(2, 4, requires_grad=True)
    lost(scores).backward()
    assert scores.grad is not None
    # Losses are computed in float32, so that differences are taken wide and gradients compared loosely.
    step = 1e-2
    for place in np.ndindex(2, 4):
        moved = torch.zeros(2, 4)
        moved[place] = step
        with torch.no_grad():
            difference = (lost(scores + moved) - lost(scores - moved)) / (2 * step)
        assert float(difference) == pytest.approx(float(scores.grad[place]), abs=2e-3)


def test_short_number_types_lose_no_more_than_rounding() -> None:
    torch.manual_seed(2)
    scores = 4 * torch.randn(3, 50)
    asked = targets([0, 1, 2], [4, 7, 49])
    seen = (torch.tensor([0, 1]), torch.tensor([1, 1]))
    short = losses.softmax(scores.bfloat16(), asked, seen)
    assert short.dtype == torch.float32
    assert float(short) == pytest.approx(float(losses.softmax(scores, asked, seen)), rel=0.01)


def test_negatives_are_half_uniform_half_by_count() -> None:
    assert losses.negative_probabilities(np.array([0, 1, 3])).tolist() == pytest.approx(
        [1 / 6, 1 / 6 + 1 / 8, 1 / 6 + 3 / 8]
    )
    assert losses.negative_probabilities(np.zeros(4, dtype=np.int64)).tolist() == [0.25] * 4
