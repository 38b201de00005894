"""Smart campaigns: who is meant, what is done with them, when, and what came of it."""
