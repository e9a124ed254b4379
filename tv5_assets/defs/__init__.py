"""The asset graph: one module per layer of assets, and one each for checks, jobs, schedules, sensors and resources."""
