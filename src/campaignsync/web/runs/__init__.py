"""Runs and plans: what was done, what would be done, doing it, taking it back."""
