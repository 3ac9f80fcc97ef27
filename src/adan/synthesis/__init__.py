"""Vectors in, synthetic vectors out: ADAN and the methods it is compared with."""
