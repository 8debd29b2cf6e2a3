-- Planted: PRAGMA foreign_keys was forgotten.
CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE book (
  id INTEGER PRIMARY KEY,
  author INTEGER NOT NULL REFERENCES author ON DELETE CASCADE
);

\transaction write
\set author random(1, 5)
INSERT OR IGNORE INTO author VALUES (:author, 'somebody');
INSERT INTO book (author) VALUES (:author);

\transaction leave
\set author random(1, 5)
DELETE FROM author WHERE id = :author;

\invariant orphans
SELECT id FROM book WHERE author NOT IN (SELECT id FROM author);
