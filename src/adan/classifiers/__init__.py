"""The classifiers of the paper, and those that do better."""
