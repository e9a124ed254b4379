"""Tables as files for others: JSON Lines, CSV, JSON or Parquet, nested as documents or flat as stored."""
