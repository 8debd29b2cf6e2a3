-- A commit is promised to survive a loss of power, and synchronous says less.
-- What must catch it: the model. Only one of the statements is needed for that.
PRAGMA journal_mode = wal;
PRAGMA synchronous = normal;
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE count (day INTEGER PRIMARY KEY, notes INTEGER NOT NULL);
CREATE TABLE log (id INTEGER PRIMARY KEY, line TEXT);
INSERT INTO count VALUES (1, 0), (2, 0);

\transaction take
\set day random(1, 2)
\set text text(0, 300)
BEGIN IMMEDIATE;
SELECT notes FROM count WHERE day = :day \gset
INSERT INTO note (text) VALUES (:text);
UPDATE count SET notes = notes + 1 WHERE day = :day;
INSERT INTO log (line) VALUES ('note ' || :notes);
DELETE FROM log WHERE id < 3;
COMMIT;

\promise power
