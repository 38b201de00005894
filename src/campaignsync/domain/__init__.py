"""The nouns of the field and their rules, as values only.

Law of this folder: no Django, no I/O, no clock, nothing else of ours. Whoever needs the time passes it in. A rule of the
contract that concerns programs, people, campaigns or links stands here once, with its number, and every other room asks here.
"""
