"""Schemas of learnt tables."""

import dataframely as dy

from tv5_assets.settings import PROTOCOLS
from tv5_assets.tables.features import ACTIONS
from tv5_assets.tables.synthetic import ARCHETYPES
from tv5_assets.tables.table import SYNTHETIC, Table

OFFLINE_POLICIES = ("learnt", "prior", "popularity", "users")
"""What is judged offline: policies, their archetypes' prior, choosing as everybody does, and what users chose."""
RECOMMENDER_KINDS = ("baseline", "model")
RANKING_METRICS = ("ndcg", "recall", "capped_recall", "precision", "hit_rate", "map", "novelty", "coverage")


class Policies(Table):
    """What each user would like next, in each state they have been in."""

    key = "models/policies"
    owner = "team:recommendations"
    about = "One row per user and visited state: the learnt value of each genre there, from the user's own episodes."

    user_id = dy.Int32(primary_key=True, min=1, description="MovieLens user id")
    state = dy.String(min_length=1, description="time of day|day type|last genre")
    state_hash = dy.String(primary_key=True, regex=r"^[0-9a-f]{16}$", description="Hash of the state, key in stores")
    archetype = dy.Enum(ARCHETYPES, metadata=SYNTHETIC, description="Archetype whose prior the policy started from")
    q_values = dy.List(
        dy.Struct(
            {
                "action": dy.Enum(ACTIONS),
                "mean": dy.Float32(),
                "variance": dy.Float32(min=0),
                "visits": dy.Int32(min=0),
            }
        ),
        min_length=1,
        description="Value of each action: posterior mean and variance, and how often it was tried; best first",
    )
    exploration_rate = dy.Float32(min=0, max=1, description="Share of choices that should still explore")
    total_visits = dy.Int32(min=1, description="Steps of the user in this state")
    average_reward = dy.Float32(min=-1, max=1, description="Mean reward of those steps")
    updated_at = dy.Datetime(time_unit="ms", time_zone="UTC", description="Time of the last step that shaped it")


class PolicyValues(Table):
    """What policies are worth on steps they were not learnt from."""

    key = "models/policy_values"
    owner = "team:recommendations"
    about = (
        "One row per policy: its mean reward over the newest fifth of each user's steps, when everything is learnt "
        "from the rest, by a doubly robust estimate with its 95 % interval over users, and how much better the learnt "
        "policy is than each over the same users."
    )

    policy = dy.Enum(OFFLINE_POLICIES, primary_key=True, description="Policy; `users` is what users chose themselves")
    value = dy.Float64(min=-2, max=2, description="Estimated mean reward, users counting alike")
    low = dy.Float64(min=-2, max=2, description="Lower end of its 95 % interval")
    high = dy.Float64(min=-2, max=2, description="Upper end of its 95 % interval")
    learnt_better_by = dy.Float64(description="How much higher the learnt policy's value is")
    learnt_better_low = dy.Float64(description="Lower end of that difference's paired 95 % interval")
    learnt_better_high = dy.Float64(description="Upper end of that difference's paired 95 % interval")
    agreement = dy.Float64(min=0, max=1.0001, description="Effective share of the steps that the estimate rests on")
    users = dy.Int32(min=1, description="Users with held-out steps")
    steps = dy.Int64(min=1, description="Held-out steps")


class Trials(Table):
    """The search for the two-tower's hyperparameters."""

    key = "models/tuning"
    owner = "team:recommendations"
    about = "One row per trial of the search: the hyperparameters it tried and how well they did on validation ratings."

    number = dy.Int32(primary_key=True, min=0, description="Number of the trial in its study, in the order of starting")
    state = dy.Enum(
        ["complete", "pruned", "failed", "interrupted"],
        description="Trained to its end; ended early, others did better; could not be trained; killed, made again",
    )
    value = dy.Float64(nullable=True, description="Validation NDCG@10, of a pruned trial the last; none if it failed")
    parameters = dy.String(min_length=2, description="Hyperparameters as a JSON object")
    seconds = dy.Float32(min=0, description="Wall time of the trial")


class Results(Table):
    """What recommenders reached, user by user; the tables of one family of recommenders each have these columns."""

    owner = "team:recommendations"

    protocol = dy.Enum(PROTOCOLS, primary_key=True, description="Split of train and test")
    split = dy.Int32(primary_key=True, min=0, description="Number of the split by this protocol; 0 is features/split")
    model = dy.String(primary_key=True, min_length=1, description="Name of the recommender")
    user_id = dy.Int32(primary_key=True, min=1, description="MovieLens user id, of a user who was asked about")
    k = dy.Int32(primary_key=True, min=1, description="How many of the first places the metrics look at")
    kind = dy.Enum(RECOMMENDER_KINDS, description="A baseline to be beaten, or a model that should beat it")
    recall = dy.Float64(min=0, max=1, description="Recall; evaluation/metrics.py defines each metric")
    capped_recall = dy.Float64(min=0, max=1, description="Recall, of what k places can hold")
    precision = dy.Float64(min=0, max=1, description="Precision")
    ndcg = dy.Float64(min=0, max=1, description="NDCG")
    hit_rate = dy.Float64(min=0, max=1, description="1 where anything was found, else 0")
    map = dy.Float64(min=0, max=1, description="Average precision")
    novelty = dy.Float64(min=0, description="Novelty of what was recommended, bits")
    coverage = dy.Float64(min=0, max=1, description="Share of the catalog recommended to anyone, for all users alike")
    train_seconds = dy.Float64(min=0, description="Time to fit the recommender on this split")
    rank_seconds = dy.Float64(min=0, description="Time to score and rank for all users")
    parameters = dy.Int64(min=0, description="Numbers that were fitted")
    size_bytes = dy.Int64(min=0, description="Bytes of the recommender's tensors")


class BaselineResults(Results):
    """What the baselines reached."""

    key = "models/baseline_results"
    about = (
        "One row per protocol, split, baseline, user and cut-off: what popularity, recent popularity, Markov, "
        "item-kNN, companions, EASE, iALS and the mean of liked texts found of what was held back, tuned on "
        "validation slices."
    )


class TowerResults(Results):
    """What the two-tower reached, alone and joined with linear models."""

    key = "models/two_tower_results"
    about = (
        "One row per protocol, split, model, user and cut-off: what the two-tower, alone and joined with EASE and "
        "companions, found of what was held back."
    )


class SequenceResults(Results):
    """What the models of sequences reached."""

    key = "models/sequence_results"
    about = (
        "One row per protocol, split, model, user and cut-off: what SASRec and BERT4Rec found of what was held back, "
        "from the order of each user's history."
    )


class Leaderboard(Table):
    """How well every recommender ranks, on the same questions."""

    key = "models/leaderboard"
    owner = "team:recommendations"
    about = (
        "One row per protocol, recommender, metric and cut-off: the mean over users, ranked against the whole catalog "
        "with seen movies removed, and its 95 % bootstrap interval; beside it the ratio to popularity and to EASE over "
        "the same users, what training took and how large the model is."
    )

    protocol = dy.Enum(PROTOCOLS, primary_key=True, description="Split of train and test")
    model = dy.String(primary_key=True, min_length=1, description="Name of the recommender")
    kind = dy.Enum(RECOMMENDER_KINDS, description="A baseline to be beaten, or a model that should beat it")
    metric = dy.Enum(RANKING_METRICS, primary_key=True, description="Metric; evaluation/metrics.py defines each")
    k = dy.Int32(primary_key=True, min=1, description="How many of the first places it looks at")
    value = dy.Float64(min=0, description="Mean over users (bits for novelty; for coverage the share of the catalog)")
    low = dy.Float64(nullable=True, min=0, description="Lower end of its 95 % interval; none for coverage")
    high = dy.Float64(nullable=True, min=0, description="Upper end of its 95 % interval; none for coverage")
    to_popularity = dy.Float64(
        nullable=True, min=0, description="Ratio to popularity; none for novelty, coverage and a denominator of 0"
    )
    to_popularity_low = dy.Float64(nullable=True, min=0, description="Lower end of that ratio's paired 95 % interval")
    to_popularity_high = dy.Float64(nullable=True, min=0, description="Upper end of that ratio's paired 95 % interval")
    to_ease = dy.Float64(
        nullable=True, min=0, description="Ratio to EASE; none for novelty, coverage, without EASE, or if it has 0"
    )
    to_ease_low = dy.Float64(nullable=True, min=0, description="Lower end of that ratio's paired 95 % interval")
    to_ease_high = dy.Float64(nullable=True, min=0, description="Upper end of that ratio's paired 95 % interval")
    users = dy.Int32(min=1, description="Users with something to be found, in all splits together")
    splits = dy.Int32(min=1, description="Splits by the same protocol that were evaluated")
    train_seconds = dy.Float64(min=0, description="Time to fit it on one split, mean of the splits")
    rank_seconds = dy.Float64(
        min=0, description="Time to score and rank for all users of one split, mean of the splits"
    )
    parameters = dy.Int64(min=0, description="Numbers that were fitted")
    size_bytes = dy.Int64(min=0, description="Bytes of its tensors")
