-- Planted: what is written follows from what was read before BEGIN, and by then
-- another client may have written.
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
CREATE TABLE payment (account INTEGER NOT NULL, amount INTEGER NOT NULL);
INSERT INTO account VALUES (1, 100), (2, 100);

\transaction pay
\set id random(1, 2)
\set amount random(1, 60)
SELECT balance FROM account WHERE id = :id \gset
BEGIN IMMEDIATE;
UPDATE account SET balance = :balance - :amount WHERE id = :id;
INSERT INTO payment VALUES (:id, :amount);
COMMIT;

\invariant paid
SELECT id, balance FROM account
WHERE balance <>
      100 - (SELECT total(amount) FROM payment WHERE account = account.id);
