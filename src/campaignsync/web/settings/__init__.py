"""Settings: connections, channels, fields, users, alerts, the audit log."""
