"""Experiments as the seeds run them: any data set, network and loss by name, flags or JSON."""
