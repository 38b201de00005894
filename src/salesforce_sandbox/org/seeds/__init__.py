"""What an org starts with: its first user and settings always, and then a demo, nothing, or a file of one's own.

Law of the folder: seeds write through the same pipeline as callers do, wherever the pipeline can, and never use chance.
"""
