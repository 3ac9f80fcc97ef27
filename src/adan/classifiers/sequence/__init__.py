"""Classifiers of sequences of frames: the end-to-end systems that the paper compares with."""
