"""What a prediction is worth, and how training and test rows are kept apart."""
