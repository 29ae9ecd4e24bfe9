-- An alert is kept before the incident that it opens, in one transaction: the reference is judged at the commit. Said in
-- the schema, since the pragma for it would have each statement compiled anew. What stands in the file is as it was.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
   SET sql = replace(sql, 'incident_id INTEGER REFERENCES incidents (id)',
                          'incident_id INTEGER REFERENCES incidents (id) DEFERRABLE INITIALLY DEFERRED')
 WHERE type = 'table' AND name = 'alerts';
PRAGMA writable_schema = RESET;
