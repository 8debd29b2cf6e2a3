-- Money moves between a database and another one that is attached to it, and
-- in WAL mode a crash may leave the one half without the other. What must catch
-- it: the invariant money.
PRAGMA journal_mode = wal;
ATTACH 'savings.db' AS savings;
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

\invariant money
SELECT 1 WHERE (SELECT sum(balance) FROM main.account)
  + (SELECT sum(balance) FROM savings.account) <> 400;
