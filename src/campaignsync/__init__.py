"""campaignsync keeps marketing programs and Salesforce campaigns the same."""
