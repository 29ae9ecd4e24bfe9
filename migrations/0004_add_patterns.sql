-- Known patterns: why alerts of a kind are harmless, who stands for it, and until when. A pattern never dismisses by itself.
CREATE TABLE patterns (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    playbook TEXT NOT NULL,
    title TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- An expression over the facts that criteria see.
    scope TEXT NOT NULL,
    owner_id INTEGER NOT NULL REFERENCES persons (id),
    expires_us INTEGER NOT NULL,
    proposed_us INTEGER NOT NULL,
    proposed_by INTEGER NOT NULL REFERENCES persons (id),
    approved_us INTEGER,
    approved_by INTEGER REFERENCES persons (id),
    reviewed_us INTEGER,
    reviewed_by INTEGER REFERENCES persons (id),
    retired_us INTEGER,
    retired_by INTEGER REFERENCES persons (id),
    -- So many of so many past alerts, when it was proposed.
    matched INTEGER NOT NULL,
    tried INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    last_hit_us INTEGER
) STRICT;
CREATE INDEX patterns_of_playbook ON patterns (playbook, id);

-- What was done with a pattern: by whom, when, in which role, in which words.
CREATE TABLE pattern_events (
    pattern_id INTEGER NOT NULL REFERENCES patterns (id),
    number INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    staff INTEGER NOT NULL REFERENCES persons (id),
    role TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('proposed', 'approved', 'reviewed', 'retired')),
    -- Until when it counts from this step on.
    expires_us INTEGER NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (pattern_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER pattern_events_stay BEFORE UPDATE ON pattern_events
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;
CREATE TRIGGER pattern_events_remain BEFORE DELETE ON pattern_events
BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END;

-- A pattern that somebody is writing: kept as it was typed, before it is checked.
CREATE TABLE pattern_drafts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    author_id INTEGER NOT NULL REFERENCES persons (id),
    playbook TEXT NOT NULL,
    saved_us INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (author_id, playbook)
) STRICT;
