"""Audio: from any file to a signal, and from a signal to a perturbed one."""
