"""What a reader has to know to read the tables of step 03."""

COVERAGE_CAPTION = (
    "Where the time of a journey passes, as shares of it. No span says: the first two of the parts behind it together. "
    "Own time: of a service whose spans leave it open. Between services: of a call, beyond its callee's span: the "
    "network, and waiting to be taken on. Caller's side only: in calls whose callee has no spans. Told: in spans that "
    "say what is done."
)
BY_SERVICE_CAPTION = "The same by service: shares of the journey's time. A call's time is its caller's."
GAPS_CAPTION = (
    "Stretches of spans in which nothing below runs, from the end of one span to the start of the next; those of 1% of "
    "their journey's time or more."
)
PROPAGATION_CAPTION = (
    "Where traces break. Orphans: spans whose parent is missing. Unjoined: calls of a service that has spans, without "
    "one of them below: the context was not handed on, or not taken up."
)
RULES_CAPTION = (
    "OpenTelemetry's public rules of the instrumentation score, those that failed first. Critical weighs 40, important "
    "30, normal 20, low 10; a rule counts once a service. What cannot be told counts in neither direction."
)
SCORES_CAPTION = (
    "The score by service, 0 to 100: excellent from 90, good from 75, needs improvement from 50, else poor. At least "
    "and at most: if all rules that cannot be told failed, or passed."
)
SIGNALS_CAPTION = (
    "The four golden signals of each service, and where they are seen. Absent: what is given would show it, and does "
    "not. Not known: nothing that would show it is given."
)
ALERTS_CAPTION = (
    "Each SLO and the alerts that read what it counts, also through rules that record. Burn: how many times as fast as "
    "allowed the budget is spent when the alert fires. Among others: the alert reads more than this SLO's requests, "
    "and a failure of this one alone may drown in it."
)
UNREAD_CAPTION = (
    "What alerts read that is not in the metrics: unless it is recorded elsewhere, such an alert never fires."
)
LOGS_CAPTION = (
    "Lines of logs that carry the id of a trace, and, of those from minutes with spans, those whose trace is there. "
    "The intervals take stretches of neighbouring lines as one."
)
SILOS_CAPTION = "The teams that own a service, and those with a dashboard that queries its metrics."
BLAST_CAPTION = (
    "What fails with a service. Waiting: the share of requests that wait for it, so that they fail or stall with it if "
    "nobody has a fallback. Dependants wait for it, directly or through others."
)
EDGES_CAPTION = (
    "Who calls whom, as the caller sees it. Seen from: the sides that left a span. Calls stand for all requests, also "
    "those whose trace was not kept."
)
SHAPE_CAPTION = (
    "The shape of the graph. Ways round: the independent second paths by which a change or a failure arrives (the "
    "cyclomatic number of McCabe, 0 in a tree)."
)
SAMPLING_CAPTION = "The figures that the sampling of the traces biases, or leaves unknown."
