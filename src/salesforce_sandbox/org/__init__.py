"""The org itself: its objects, rows, rules, users and clock.

Law of the folder: no HTTP, no threads and no clock but the org's own. Everything the wire needs goes through the façade
`org.Org`; every refusal is a `SalesforceError`, which each API turns into its own kind of error body.
"""
