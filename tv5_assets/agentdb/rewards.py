"""What a choice was worth: from a rating to a reward between -1 and 1."""

import narwhals as nw

_HALF_SCALE = 2.25  # half of the way from 0.5 to 5 stars
_PRIOR_RATINGS = 5.0


def reward_of(rating: nw.Expr, user: str, mean: float) -> nw.Expr:
    """Return ``(rating - the user's mean) / 2.25``, clipped to -1 and 1.

    The centre is the user's own mean, not the middle of the scale. Users differ far more in how they use the scale
    than genres differ in how they are liked: around the middle, everything that a generous user tried would look
    better than what they have not tried, and everything that a strict user tried worse, and a policy would never or
    always explore. The mean is drawn towards the mean of all ratings as if the user had given five more of that
    height, so that a user's only rating is still worth something.

    The mean is over the user's whole history: policies are learnt again from all of it, and their worth is measured
    on a split of the ratings, never on these rewards.

    Args:
        rating: stars, from 0.5 to 5.
        user: name of the column that the user's mean is taken over.
        mean: mean of all ratings.
    """
    rating = rating.cast(nw.Float64)  # in which sums of half stars are exact, in whatever order they are added
    centre = (rating.sum().over(user) + _PRIOR_RATINGS * mean) / (rating.count().over(user) + _PRIOR_RATINGS)
    return ((rating - centre) / _HALF_SCALE).clip(-1, 1).cast(nw.Float32)
