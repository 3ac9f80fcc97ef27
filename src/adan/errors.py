"""Errors that a user can mend: one sentence that names what is wrong and what to do."""


class AdanError(ValueError):
    """Something in the user's data, files or options is wrong.

    The command line prints it in one line and exits with 2.
    """
