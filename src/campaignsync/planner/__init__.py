"""Three frames in, one plan out.

Law of this folder: pure. No I/O, no clock, no Django; the same trees always give the same plan with the same digest. The rule
for one member is `decide`; `reconcile` asks it once for each distinct difference, so that three members and ten million run the
same rule.
"""
