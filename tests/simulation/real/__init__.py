"""Histories against the real thing: real processes, real sockets, a real PostgreSQL, and SIGKILL at random moments."""
