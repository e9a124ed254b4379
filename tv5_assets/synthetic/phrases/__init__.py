"""What invented characters say: patterns and words of each language, and how lines are put together from them."""
