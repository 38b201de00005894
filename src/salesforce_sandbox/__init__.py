"""A small Salesforce org on the real wire protocols. It shares no code with campaignsync."""
