"""What is compared: the classifiers of the paper."""
