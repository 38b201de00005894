"""A plain twin of the store: the same doors (`runtime.ports`), each method one step that is done whole or not at all.

It exists for speed alone. Whatever it says is what PostgreSQL says: tests/simulation/test_ledger_contract.py asks both for each
promise, and test_two_stores.py plays whole histories on either, which must end alike, journal and all.
"""
