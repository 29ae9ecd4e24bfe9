-- What the people directory says: its own key for a person, and when they were last in it.
ALTER TABLE persons ADD COLUMN directory_key TEXT;
ALTER TABLE persons ADD COLUMN listed_us INTEGER;
-- Two known persons that turned out to be one: this one is the other. Never a chain; the history keeps both numbers.
ALTER TABLE persons ADD COLUMN same_as_id INTEGER REFERENCES persons (id);
CREATE UNIQUE INDEX persons_by_directory_key ON persons (directory_key) WHERE directory_key IS NOT NULL;
CREATE INDEX persons_same_as ON persons (same_as_id) WHERE same_as_id IS NOT NULL;

-- Which import linked what to whom, and whose it was before. Deleted with the person, never changed.
CREATE TABLE identity_links (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    -- The imported file, by its hash.
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    person_id INTEGER NOT NULL REFERENCES persons (id),
    was_person_id INTEGER REFERENCES persons (id)
) STRICT;
CREATE INDEX identity_links_of_person ON identity_links (person_id);
CREATE TRIGGER identity_links_stay BEFORE UPDATE ON identity_links
BEGIN SELECT RAISE(ABORT, 'what was linked is append-only'); END;
