-- A bank: money moves between accounts and is neither made nor lost.
PRAGMA foreign_keys = ON;
CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  balance INTEGER NOT NULL CHECK (balance >= 0)
);
CREATE TABLE transfer (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source INTEGER NOT NULL REFERENCES account,
  target INTEGER NOT NULL REFERENCES account,
  amount INTEGER NOT NULL,
  note TEXT
);
INSERT INTO account VALUES
  (1, 'ann', 100), (2, 'ben', 100), (3, 'cleo', 100), (4, 'dan', 100);

\transaction pay 4
\set source random(1, 4)
\set target random(1, 4)
\set amount random(1, 60)
\set note text(0, 300) null 20
UPDATE account SET balance = balance - :amount WHERE id = :source;
UPDATE account SET balance = balance + :amount WHERE id = :target;
INSERT INTO transfer (source, target, amount, note)
  VALUES (:source, :target, :amount, :note);

\transaction forget
\set old random(1, 40)
DELETE FROM transfer WHERE id <= :old;

\query statement
\set who random(1, 4)
SELECT id, balance FROM account WHERE id = :who;
SELECT count(*), sum(amount) FROM transfer WHERE source = :who;

\invariant money
SELECT sum(balance) FROM account HAVING sum(balance) <> 400;

\invariant orphans
SELECT id FROM transfer WHERE source NOT IN (SELECT id FROM account);
