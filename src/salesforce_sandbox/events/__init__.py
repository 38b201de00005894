"""Change data capture over the Pub/Sub API: the org's committed changes as a stream of Avro events (contract, 2.7).

Law of the folder: only `server` knows gRPC and threads; all else is plain and works in a simulation, too. Everything that
touches the bus holds the org's lock, which is also what subscribers wait on; nobody encodes or sends under it.
"""
