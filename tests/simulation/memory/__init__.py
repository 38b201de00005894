"""A plain twin of the store: the same doors (`runtime.ports`), each method one step that is done whole or not at all.

It exists for speed alone. Whatever it says is what PostgreSQL says: tests/simulation/test_two_stores.py holds the two together,
by the tests of the store and by whole histories that must end alike, journal and all.
"""
