"""The engine: stacks of networks, and how they are trained.

A stack is M independent networks of one shape in one batched computation; one network is the case
M = 1. Tensors of a stack have the members in front: ``[M, B, d]``. Nothing in here knows what the
networks are for.
"""
