-- Planted: what fails is not rolled back, and the rest is committed.
CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  balance INTEGER NOT NULL CHECK (balance >= 0)
);
INSERT INTO account VALUES (1, 100), (2, 100), (3, 100);

\transaction pay
\set source random(1, 3)
\set target random(1, 3)
\set amount random(1, 150)
\on_error continue
UPDATE account SET balance = balance - :amount WHERE id = :source;
UPDATE account SET balance = balance + :amount WHERE id = :target;

\invariant money
SELECT sum(balance) FROM account HAVING sum(balance) <> 300;
