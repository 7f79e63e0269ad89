"""Searches over the flags of experiments, from the sweep files of Weights & Biases."""
