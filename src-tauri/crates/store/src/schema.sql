-- Format 9. A change here is a new format: raise schema::VERSION and freeze this one in migrations/.

-- Single facts: installation, last_incident, last_run, last_message, engine (JSON), raw_from, hours_from.
CREATE TABLE fact (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

-- Every monitor ever seen. Hours before rolled_until (milliseconds) are in hour, later ones only in log and chunk.
CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, rolled_until INTEGER NOT NULL DEFAULT 0);

-- What is remembered of the entries of the configuration, by their kind; body is JSON.
CREATE TABLE memory (kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;

-- The newest observations as they come, one entry each; keys::by_time(milliseconds).
CREATE TABLE log (id INTEGER PRIMARY KEY, data BLOB NOT NULL);

-- Observations by monitor and quarter of an hour; keys::by_monitor.
CREATE TABLE chunk (id INTEGER PRIMARY KEY, data BLOB NOT NULL);

-- Figures by hour and by day of UTC; keys::by_time(number of the hour or day). Times covered in milliseconds,
-- latencies in microseconds; latency is an encoded histogram, phases are encoded sums.
CREATE TABLE hour (
    id INTEGER PRIMARY KEY,
    up INTEGER NOT NULL,
    down INTEGER NOT NULL,
    inconclusive INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    fastest INTEGER,
    slowest INTEGER,
    latency BLOB NOT NULL,
    phases BLOB NOT NULL
);
CREATE TABLE day (
    id INTEGER PRIMARY KEY,
    up INTEGER NOT NULL,
    down INTEGER NOT NULL,
    inconclusive INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    fastest INTEGER,
    slowest INTEGER,
    latency BLOB NOT NULL,
    phases BLOB NOT NULL
);

-- Incidents and messages; body is JSON, times are milliseconds.
CREATE TABLE incident (
    id INTEGER PRIMARY KEY,
    monitor INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    closed INTEGER,
    body TEXT NOT NULL
);
CREATE INDEX incident_by_monitor ON incident (monitor, id);
CREATE INDEX incident_open ON incident (id) WHERE closed IS NULL;
CREATE INDEX incident_by_closed ON incident (closed);

-- Runs of flows and their steps; body is JSON, times are milliseconds.
-- ended: since when nothing becomes of the run any more.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    flow TEXT NOT NULL,
    state TEXT NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER,
    body TEXT NOT NULL
);
CREATE INDEX run_by_flow ON run (flow, id, ended);
CREATE INDEX run_by_ended ON run (ended);
CREATE TABLE step (run INTEGER NOT NULL, place INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, place)) WITHOUT ROWID;

-- Instances of fleets and what was decided of these; body is JSON, times are milliseconds.
-- ended: since when the instance is gone.
CREATE TABLE instance (
    name TEXT PRIMARY KEY,
    fleet TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    ended INTEGER,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX instance_by_fleet ON instance (fleet, number, ended);
CREATE INDEX instance_living ON instance (fleet, number) WHERE ended IS NULL;
CREATE TABLE decision (
    fleet TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (fleet, number)
) WITHOUT ROWID;
CREATE INDEX decision_by_at ON decision (fleet, at);

-- How fleets stood in each minute since 1970; load is the sum of the loads that were known. By the minute first, so that what
-- is new goes to the end of the table and what is old leaves at its beginning.
CREATE TABLE sample (
    minute INTEGER NOT NULL,
    fleet TEXT NOT NULL,
    instances INTEGER NOT NULL,
    known INTEGER NOT NULL,
    load REAL NOT NULL,
    PRIMARY KEY (minute, fleet)
) WITHOUT ROWID;

-- What programs and hosts used, by minute, hour and day of UTC; keys::by_time(number of the minute, hour or day) with the
-- number of the series. Percent and loads are in hundredths, what is in bytes in bytes; sum is over the minutes that are known.
CREATE TABLE series (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, measure TEXT NOT NULL, UNIQUE (kind, name, measure));
CREATE TABLE usage_minute (id INTEGER PRIMARY KEY, mean INTEGER NOT NULL, least INTEGER NOT NULL, most INTEGER NOT NULL);
CREATE TABLE usage_hour (
    id INTEGER PRIMARY KEY,
    minutes INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    least INTEGER NOT NULL,
    most INTEGER NOT NULL
);
CREATE TABLE usage_day (
    id INTEGER PRIMARY KEY,
    minutes INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    least INTEGER NOT NULL,
    most INTEGER NOT NULL
);

-- pending: neither delivered nor given up.
CREATE TABLE message (id INTEGER PRIMARY KEY, created INTEGER NOT NULL, pending INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX message_pending ON message (id) WHERE pending;

-- Which message tells of which incident.
CREATE TABLE mention (incident INTEGER NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (incident, message)) WITHOUT ROWID;
CREATE INDEX mention_by_message ON mention (message, incident);

-- entry is JSON, at milliseconds. program: whose way of standing the entry tells, if it tells one's.
CREATE TABLE journal (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, entry TEXT NOT NULL, program TEXT);
CREATE INDEX journal_by_at ON journal (at);
CREATE INDEX journal_by_program ON journal (program, at) WHERE program IS NOT NULL;
