-- What synchronous says is for each database, and one that is attached has
-- less than is promised. What must catch it: its own cuts.
PRAGMA journal_mode = wal;
PRAGMA synchronous = full;
ATTACH 'savings.db' AS savings;
PRAGMA savings.synchronous = normal;
CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  balance INTEGER NOT NULL CHECK (balance >= 0)
);
CREATE TABLE savings.account (
  id INTEGER PRIMARY KEY,
  balance INTEGER NOT NULL CHECK (balance >= 0)
);
INSERT INTO account VALUES (1, 100), (2, 100);
INSERT INTO savings.account VALUES (1, 100), (2, 100);

\transaction save 4
\set who random(1, 2)
\set amount random(1, 60)
UPDATE main.account SET balance = balance - :amount WHERE id = :who;
UPDATE savings.account SET balance = balance + :amount WHERE id = :who;

\transaction pay 2
\set source random(1, 2)
\set target random(1, 2)
\set amount random(1, 60)
UPDATE main.account SET balance = balance - :amount WHERE id = :source;
UPDATE main.account SET balance = balance + :amount WHERE id = :target;

-- BEGIN IMMEDIATE, as the others have, would have a super-journal here, too.
\transaction pay_alone
\set source random(1, 2)
\set target random(1, 2)
\set amount random(1, 60)
BEGIN;
UPDATE main.account SET balance = balance - :amount WHERE id = :source;
UPDATE main.account SET balance = balance + :amount WHERE id = :target;
COMMIT;

\promise power
