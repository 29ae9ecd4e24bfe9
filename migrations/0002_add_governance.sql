-- Who could be named on a side, in order: the first is the contact, the next the deputy.
CREATE TABLE roster (
    side TEXT NOT NULL,
    place INTEGER NOT NULL,
    person_id INTEGER NOT NULL REFERENCES persons (id),
    absent INTEGER NOT NULL CHECK (absent IN (0, 1)),
    saved_us INTEGER NOT NULL,
    saved_by INTEGER NOT NULL,
    PRIMARY KEY (side, place)
) STRICT, WITHOUT ROWID;

-- What Legal and HR say in words. Never on the timeline, never exported without their release.
CREATE TABLE counsel_texts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    engagement INTEGER NOT NULL,
    said_us INTEGER NOT NULL,
    said_by INTEGER NOT NULL REFERENCES persons (id),
    choice TEXT NOT NULL,
    words TEXT NOT NULL
) STRICT;
CREATE INDEX counsel_texts_of_engagement ON counsel_texts (incident_id, engagement, id);
