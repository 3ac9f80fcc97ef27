"""Errors and warnings a user can act on: a sentence that names what is wrong and what to do."""


class AdanError(ValueError):
    """Something in the user's data, files or options is wrong.

    The command line prints it in one line and exits with 2.
    """


class SynthesisWarning(UserWarning):
    """A fitted synthesizer's vectors are not to be trusted, and why."""
