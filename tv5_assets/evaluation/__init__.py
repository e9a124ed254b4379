"""How well recommenders rank: what they are asked, how their answers are scored, and one table of all of them."""
