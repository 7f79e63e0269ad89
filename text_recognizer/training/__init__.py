"""Training: from a recipe and data to a model bundle. Start at `training.fit`."""
