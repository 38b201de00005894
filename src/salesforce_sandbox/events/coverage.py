"""What of the Pub/Sub API and of change data capture is built; the coverage page prints it, with the table of refusals."""

# What, rules of the contract, state, note.
COVERAGE: tuple[tuple[str, str, str, str], ...] = (
    ("GetTopic, GetSchema", "S2.7.1", "done", "A channel of several entities names no schema."),
    ("Subscribe", "S2.7.1 S2.7.6", "done", "A stream without pending requests is never closed for it."),
    ("ManagedSubscribe", "S2.7.1", "partly", "Set up through /sandbox/events; may be shared, never stops."),
    ("Publish, PublishStream", "", "not", "UNIMPLEMENTED"),
    (
        "Topics /data/XChangeEvent, /data/ChangeEvents, /data/X__chn",
        "S2.7.2 S0.17",
        "done",
        "The five, Account, Opportunity, User, custom objects; channels of one's own by /sandbox/events, without filters.",
    ),
    (
        "Events",
        "S0.18 S2.7.3 S2.7.4",
        "partly",
        "Large texts come whole; no rollups.",
    ),
    ("Gap and overflow events", "S2.7.5", "done", "By size, by number of changes, and on demand."),
    ("Replay, retention", "S0.19 S2.7.6", "done", "Exactly 72 hours of the sandbox's clock."),
    ("Allocation", "S2.7.6", "done", "DailyDeliveredPlatformEvents of /limits."),
    ("Permissions", "S2.7.7", "done", "View All of each entity; fields by access."),
    ("Faults", "", "done", "Lost, doubled, late, disordered, gap, overflow, cut: /sandbox/events."),
)
