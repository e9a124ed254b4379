"""The TV5 asset platform: from MovieLens and generated data to four live stores, with quality gates."""
