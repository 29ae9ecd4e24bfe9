-- Instants are INTEGER microseconds UTC (`_us`). Closed sets are TEXT with CHECK, open sets without.

-- Each version of each playbook that an incident follows, by the hash of its text.
CREATE TABLE playbooks (
    hash TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    body TEXT NOT NULL,
    first_seen_us INTEGER NOT NULL,
    UNIQUE (id, version)
) STRICT;

-- Natural persons: those concerned and staff alike. The number is the pseudonym in event headers.
CREATE TABLE persons (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT,
    department TEXT,
    line_manager_id INTEGER REFERENCES persons (id),
    created_us INTEGER NOT NULL
) STRICT;

-- What a person is known by. `kind` is upn, sid, name, reference or account.
CREATE TABLE identities (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    person_id INTEGER NOT NULL REFERENCES persons (id),
    linked_us INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_of_person ON identities (person_id);

CREATE TABLE incidents (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    playbook_hash TEXT NOT NULL REFERENCES playbooks (hash),
    stage TEXT NOT NULL,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    holder_id INTEGER REFERENCES persons (id),
    severity TEXT NOT NULL CHECK (severity IN ('unknown', 'informational', 'low', 'medium', 'high', 'critical')),
    version INTEGER NOT NULL,
    opened_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL,
    state TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_open ON incidents (stage, id) WHERE is_open = 1;

-- Whom an incident is about.
CREATE TABLE incident_persons (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    person_id INTEGER NOT NULL REFERENCES persons (id),
    PRIMARY KEY (incident_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_persons_of_person ON incident_persons (person_id);

CREATE TABLE alerts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    tenant TEXT NOT NULL,
    source_alert_id TEXT NOT NULL,
    key_time_us INTEGER NOT NULL,
    -- Alerts of one detection share it: the source's incident id, else its alert id.
    detection_key TEXT NOT NULL,
    incident_id INTEGER REFERENCES incidents (id),
    person_id INTEGER REFERENCES persons (id),
    kind TEXT NOT NULL CHECK (kind IN ('dlp', 'endpoint', 'identity', 'compliance', 'siem', 'infra')),
    severity TEXT NOT NULL CHECK (severity IN ('unknown', 'informational', 'low', 'medium', 'high', 'critical')),
    occurred_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    modified_us INTEGER,
    times_received INTEGER NOT NULL,
    drill INTEGER NOT NULL CHECK (drill IN (0, 1)),
    -- Why it opens nothing, where it does not.
    noted TEXT,
    normalized TEXT NOT NULL,
    detail TEXT NOT NULL,
    UNIQUE (source, tenant, source_alert_id, key_time_us)
) STRICT;
CREATE INDEX alerts_of_incident ON alerts (incident_id);
CREATE INDEX alerts_of_detection ON alerts (detection_key);
CREATE INDEX alerts_of_person ON alerts (person_id, occurred_us);

-- Bodies as received, in their own table. The same bytes again only raise the alert's count.
CREATE TABLE raw_bodies (
    alert_id INTEGER NOT NULL REFERENCES alerts (id),
    sha256 TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (alert_id, sha256)
) STRICT;

-- Authenticated bodies, or elements of them, that could not be read; replayed once adapter or sender is mended.
CREATE TABLE quarantine (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    body BLOB NOT NULL,
    pointer TEXT NOT NULL,
    message TEXT NOT NULL,
    times_received INTEGER NOT NULL,
    replayed_us INTEGER,
    UNIQUE (source, sha256)
) STRICT;
CREATE INDEX quarantine_waiting ON quarantine (id) WHERE replayed_us IS NULL;

-- The history. Headers hold no free text and are never changed; payloads hold the contents and may be purged.
CREATE TABLE event_headers (
    seq INTEGER NOT NULL PRIMARY KEY,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    number INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    staff INTEGER NOT NULL,
    role TEXT NOT NULL,
    kind TEXT NOT NULL,
    format INTEGER NOT NULL,
    criterion TEXT NOT NULL,
    payload_hash TEXT NOT NULL,
    previous_of_incident TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (incident_id, number)
) STRICT;
CREATE TABLE event_payloads (
    seq INTEGER NOT NULL PRIMARY KEY REFERENCES event_headers (seq),
    salt BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TRIGGER event_headers_stay BEFORE UPDATE ON event_headers
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER event_headers_remain BEFORE DELETE ON event_headers
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER event_payloads_stay BEFORE UPDATE ON event_payloads
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;

-- Views, chained like the history and not mixed into it. The reason is text of a person, apart and purgeable.
CREATE TABLE access_headers (
    seq INTEGER NOT NULL PRIMARY KEY,
    at_us INTEGER NOT NULL,
    staff INTEGER NOT NULL,
    what TEXT NOT NULL,
    incident_id INTEGER NOT NULL,
    reason_hash TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE TABLE access_reasons (
    seq INTEGER NOT NULL PRIMARY KEY REFERENCES access_headers (seq),
    salt BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE TRIGGER access_headers_stay BEFORE UPDATE ON access_headers
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;
CREATE TRIGGER access_headers_remain BEFORE DELETE ON access_headers
BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END;

-- Intended effects. Delivered after the commit, by what the state is then.
CREATE TABLE outbox (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    -- One waiting row a key: later edits of one card collapse into it.
    key TEXT NOT NULL,
    incident_id INTEGER REFERENCES incidents (id),
    channel TEXT NOT NULL,
    arg INTEGER NOT NULL,
    -- Posts before edits, high severity first.
    rank INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'parked', 'delivered', 'dead')),
    due_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_fault TEXT,
    created_us INTEGER NOT NULL,
    settled_us INTEGER
) STRICT;
CREATE INDEX outbox_waiting ON outbox (rank, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX outbox_one_waiting ON outbox (key) WHERE state = 'waiting';

-- Which message shows what.
CREATE TABLE posted (
    key TEXT NOT NULL PRIMARY KEY,
    incident_id INTEGER REFERENCES incidents (id),
    channel_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    posted_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX posted_of_incident ON posted (incident_id);

-- Forms under way. Each page is kept as it was sent, before it is checked.
CREATE TABLE drafts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    transition TEXT NOT NULL,
    author_id INTEGER NOT NULL REFERENCES persons (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'submitted', 'dropped')),
    created_us INTEGER NOT NULL,
    saved_us INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX drafts_one_open ON drafts (incident_id, transition, author_id) WHERE state = 'open';

-- Deadlines, mirrored from each incident's state in the same transaction.
CREATE TABLE dues (
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    kind TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (incident_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX dues_by_time ON dues (at_us);

-- Members of the guild as Discord last told: who reads which channel by role.
CREATE TABLE members (
    account TEXT NOT NULL PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES persons (id),
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    seen_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Small facts of the service: the gateway session, the hash of the registered commands.
CREATE TABLE facts (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    saved_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
