"""The objects' own rules, one module an object, each a `Rules` subclass that judges and completes batches.

Law of the folder: rules read the tables once for a batch, refuse single drafts, and write only through the batch's
transaction. What the contract leaves open asks a switch.
"""
