"""What a simulated MovieLens set is made of: tastes, movies, titles, the genome and who rates what, when, how high."""
