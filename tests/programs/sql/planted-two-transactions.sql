-- Planted: a transfer in two transactions, which should be one.
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
INSERT INTO account VALUES (1, 100), (2, 100), (3, 100);

\atomic pay
\transaction pay
\set source random(1, 3)
\set target random(1, 3)
\set amount random(1, 60)
BEGIN IMMEDIATE;
UPDATE account SET balance = balance - :amount WHERE id = :source;
COMMIT;
BEGIN IMMEDIATE;
UPDATE account SET balance = balance + :amount WHERE id = :target;
COMMIT;
