-- The digest in which a post is shown; it is fixed before the digest is sent, so that a later try sends the same one.
ALTER TABLE outbox ADD COLUMN digest_id INTEGER REFERENCES outbox (id);
-- What waits is read channel by channel; what stands in a digest goes with it.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_due ON outbox (channel, rank, id) WHERE state = 'waiting' AND digest_id IS NULL;
CREATE INDEX outbox_of_digest ON outbox (digest_id, rank, id) WHERE digest_id IS NOT NULL;
CREATE INDEX outbox_digested ON outbox (key) WHERE digest_id IS NOT NULL;
-- Whether a message that stands in a channel is one that is recorded.
CREATE INDEX posted_of_message ON posted (message_id);
