"""The protocols: HTTP in, the org's answers out, in the bodies that each Salesforce API has.

Law of the folder: a handler is a plain function of a `Call` to a `Response`; only `app` knows Starlette, so that the
whole sandbox can be driven in process. Each endpoint stands in its module's `routes` with the rules it keeps; what is not
built answers 501 and says so. One request is served at a time, under the org's lock.
"""
