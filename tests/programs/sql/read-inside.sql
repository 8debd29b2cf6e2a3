-- As planted-read-before-begin.sql, mended; and a read before BEGIN that is only
-- a hint.
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
CREATE TABLE payment (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  newest INTEGER
);
CREATE TABLE look (newest INTEGER, balance INTEGER NOT NULL);
INSERT INTO account VALUES (1, 100), (2, 100);

\transaction pay 3
\set id random(1, 2)
\set amount random(1, 60)
SELECT max(id) AS newest FROM payment \gset
BEGIN IMMEDIATE;
SELECT balance FROM account WHERE id = :id \gset
UPDATE account SET balance = :balance - :amount WHERE id = :id;
INSERT INTO payment (account, amount, newest) VALUES (:id, :amount, :newest);
COMMIT;

\transaction undo
SELECT id, account, amount FROM payment ORDER BY id DESC LIMIT 1 \gset last_
UPDATE account SET balance = balance + :last_amount WHERE id = :last_account;
DELETE FROM payment WHERE id = :last_id;

\transaction look
SELECT max(id) AS newest FROM payment \gset
SELECT balance FROM account WHERE id = 2 \gset
BEGIN;
INSERT INTO look VALUES (:newest, :balance);
COMMIT;

\query statement
SELECT balance AS first FROM account WHERE id = 1
\gset
SELECT total(amount), :first FROM payment WHERE account = 1;

\invariant paid
SELECT id, balance FROM account
WHERE balance <>
      100 - (SELECT total(amount) FROM payment WHERE account = account.id);
