"""The only door to Salesforce: logs in, reads what changed, writes in collections, and reads back what it wrote.

Law of this folder: it knows the wire and nothing of plans, links or the database. Every call is counted; every error of
Salesforce is turned, in `errors`, into one whose class says what to do; no secret is ever part of a message. The rest of the
project meets one class, `org.SalesforceOrg`.
"""
