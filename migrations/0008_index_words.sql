-- The words of alerts, for search: an index alone, no text stands here a second time. The rowid is the alert's id; a row can
-- be deleted. The words come in order of the ids and afterwards, the fact `words_indexed` says up to which alert. They are
-- cut by `domain::search`: letters, digits and one joining sign, so that the simplest tokenizer cuts them in the same way.
CREATE VIRTUAL TABLE alert_words USING fts5 (words, content='', contentless_delete=1, detail=column, tokenize='ascii');
