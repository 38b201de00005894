"""Whole histories of the real engine against the sandbox, in one thread, on one fake clock, from one printed seed.

`python -m simulation` (or `./run simulate`) is the door; docs/simulation.md tells what is mixed and what is checked. Nothing here
decides anything that the product decides: planner, cycle, executor and the client of Salesforce are the real ones.
"""
