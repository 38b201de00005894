"""People: who we know, what we know of them, and who they are in Salesforce."""
