"""Whether learnt policies may be published: they must not be worth less than what is to be had without learning."""

import polars as pl

from tv5_assets.quality.verdict import Verdict

FEWEST_USERS = 100
"""With fewer, an interval over users is narrower than what other users would have given."""
LEARNT, RIVALS = "learnt", ("prior", "popularity")


def not_worse(values: pl.DataFrame) -> Verdict:
    """Ask that the learnt policies are not surely worse than the archetypes' prior or popularity.

    What fails is an interval of the difference that lies below zero as a whole. Few users prove nothing either way and
    are not judged.

    Args:
        values: rows of ``models/policy_values``.
    """
    rows = {row["policy"]: row for row in values.to_dicts()}
    judged = [rows[rival] for rival in RIVALS if rival in rows]
    users = max((row["users"] for row in judged), default=0)
    # A number that is missing or none is not above anything.
    worse = [row["policy"] for row in judged if (high := row["learnt_better_high"]) is None or not high >= 0]
    facts = {
        f"better_than_{row['policy']}{end}": row[f"learnt_better_{column}"]
        for row in judged
        for end, column in (("", "by"), ("_low", "low"), ("_high", "high"))
        if row[f"learnt_better_{column}"] is not None
    }
    complete = LEARNT in rows and len(judged) == len(RIVALS)
    if complete and users < FEWEST_USERS:
        worse = []
    return Verdict(
        passed=complete and not worse,
        facts={"judged": len(judged), "worse": len(worse), "users": users, "fewest_users": FEWEST_USERS, **facts},
        description=f"learnt policies are worth less than {' and '.join(worse)}"
        if worse
        else f"{users} users are too few to judge by"
        if complete and users < FEWEST_USERS
        else "learnt policies are worth no less than the rest"
        if complete
        else "there is nothing to compare learnt policies with",
    )
