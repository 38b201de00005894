"""What machines ask of a running installation: whether it lives, whether it may be sent requests, and numbers.

No login is asked for, since probes have none; so nothing is told to strangers but yes or no.
"""
