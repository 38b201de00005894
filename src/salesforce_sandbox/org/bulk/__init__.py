"""Bulk jobs: files of rows in, files of rows out, carried out step by step by the one save pipeline and the one SOQL.

Law of the folder: jobs are state of the org; they know no HTTP, no threads and no clock but the org's own. What a job
says about itself in JSON or XML is worded by the wire. A job that fails as a whole does so by a `SalesforceError` whose
code is one of the asynchronous API's, such as InvalidBatch. Rests on sections 2.4 and 2.5 of the contract.
"""
