"""What moves: the cycle, the executor, the commands of people. It decides nothing itself and knows no wire.

Law of this folder: what decides is asked of `planner` and `domain`; what acts is reached through the protocols in `ports`.
Only `embedded_postgres` and `supervisor` touch the machine, and only `bootstrap`, one floor up, knows which door stands behind
a protocol.
"""
