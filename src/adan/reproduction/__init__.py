"""The paper: its numbers, and the studies that measure them again."""
