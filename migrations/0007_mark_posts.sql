-- The key behind the controls of a message that stands: an edit keeps it, so that the control under somebody's finger stays
-- the same one.
ALTER TABLE posted ADD COLUMN mark TEXT;
