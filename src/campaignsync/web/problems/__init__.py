"""Problems and conflicts: what is open, in Salesforce's words, and what a person does about it."""
