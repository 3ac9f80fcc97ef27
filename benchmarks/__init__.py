"""Speed, memory and scale; never asserted in tests. ``make bench`` runs all of them."""
