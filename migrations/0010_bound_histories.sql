-- What is known of a person is counted from an index alone, and up to a bound, however much there is of them.
DROP INDEX alerts_of_person;
CREATE INDEX alerts_of_person ON alerts (person_id, occurred_us, detection_key, drill, noted);

-- Follows the incident's own.
ALTER TABLE incident_persons ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0 CHECK (is_open IN (0, 1));
UPDATE incident_persons SET is_open = 1 WHERE incident_id IN (SELECT id FROM incidents WHERE is_open = 1);
DROP INDEX incident_persons_of_person;
CREATE INDEX incident_persons_of_person ON incident_persons (person_id, is_open);
