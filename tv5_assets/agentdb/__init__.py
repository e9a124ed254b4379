"""Learnt policies: episodes with states, actions and rewards, and Q-learning over them."""
