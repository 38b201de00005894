"""Links: a program and a campaign become a pair, and how that pair decides."""
