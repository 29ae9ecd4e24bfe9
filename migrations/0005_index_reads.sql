-- What people ask for is found without reading what has ended.
CREATE INDEX members_of_person ON members (person_id);
CREATE INDEX incidents_open_by_id ON incidents (id) WHERE is_open = 1;
CREATE INDEX event_headers_offered ON event_headers (staff, incident_id) WHERE kind = 'offered';
CREATE INDEX posted_threads ON posted (channel_id) WHERE substr(key, 1, 7) IN ('thread:', 'sealed:');
CREATE INDEX outbox_resting ON outbox (key) WHERE state IN ('parked', 'dead');
CREATE INDEX persons_of_manager ON persons (line_manager_id) WHERE line_manager_id IS NOT NULL;
