"""Audio: from any file to a signal."""
