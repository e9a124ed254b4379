"""Model assets: what is learnt."""

import dagster as dg
import polars as pl

from tv5_assets.dagster_kit.assets import model_out, multi_asset, table_asset, table_out
from tv5_assets.dagster_kit.metadata import facts
from tv5_assets.dagster_kit.resources import SettingsResource
from tv5_assets.models.artifacts import ModelFolder
from tv5_assets.tables import models


@multi_asset(
    name="learn_policies",
    outs={
        "policies": table_out(models.Policies, kinds=("numpy",)),
        "policy_prior": model_out(
            "models/policy_prior",
            about="What users of each archetype like in each state, learnt from all of them: where a user's own "
            "policy starts, and all there is for a user without history.",
            owner="team:recommendations",
            kinds=("numpy",),
        ),
    },
    ins={"episodes": "features/episodes", "users": "synthetic/users"},
)
def learn_policies(
    context: dg.AssetExecutionContext, episodes: pl.LazyFrame, users: pl.DataFrame
) -> tuple[pl.DataFrame, ModelFolder]:
    from tv5_assets.agentdb.qlearning import convergence, learn

    learnt = learn(episodes, users)
    context.add_output_metadata(facts(convergence(learnt.prior)), output_name="policies")
    return learnt.policies, learnt.prior


@table_asset(models.PolicyValues, kinds=("numpy",), ins={"episodes": "features/episodes", "users": "synthetic/users"})
def policy_values(
    context: dg.AssetExecutionContext, settings: SettingsResource, episodes: pl.LazyFrame, users: pl.DataFrame
) -> pl.DataFrame:
    from tv5_assets.agentdb.offline import policy_values

    values = policy_values(episodes, users, settings.get().seed)
    shown = ("value", "low", "high", "learnt_better_by")
    context.add_output_metadata(
        facts({f"{row['policy']} {name}": row[name] for row in values.to_dicts() for name in shown})
    )
    return values
