"""The only door to PostgreSQL: one Django app that holds our side, the mirror of Salesforce, and what was agreed.

Law of this folder: it remembers and never decides. Bulk work goes as columns through COPY and set-based SQL, never row by row
through the ORM; every change of a member is noted in the journal by a database trigger, so that no writer can forget it.
"""
