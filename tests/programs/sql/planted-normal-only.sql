-- Planted: WAL at NORMAL does not keep a commit over a loss of power.
PRAGMA journal_mode = wal;
PRAGMA synchronous = normal;
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
INSERT INTO account VALUES (1, 100), (2, 100), (3, 100);

\promise power
\transaction pay
\set source random(1, 3)
\set target random(1, 3)
\set amount random(1, 60)
UPDATE account SET balance = balance - :amount WHERE id = :source;
UPDATE account SET balance = balance + :amount WHERE id = :target;
