-- An order whose items are tried one by one: what is sold out is taken back to
-- its savepoint, and the rest is ordered.
CREATE TABLE stock (id INTEGER PRIMARY KEY, left INTEGER NOT NULL);
CREATE TABLE item (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stock INTEGER NOT NULL REFERENCES stock,
  note TEXT
);
INSERT INTO stock VALUES (1, 5), (2, 3);

\transaction order_two 3
\set first random(1, 2)
\set second random(1, 2)
\set note text(0, 5000)
BEGIN IMMEDIATE;
INSERT INTO item (stock, note) VALUES (:first, :note);
UPDATE stock SET left = left - 1 WHERE id = :first;
SAVEPOINT second;
INSERT INTO item (stock, note) VALUES (:second, :note || :note);
UPDATE stock SET left = left - 1000 WHERE id = :second;
ROLLBACK TO second;
UPDATE stock SET left = left + 1 WHERE id = :second AND left < 0;
RELEASE second;
COMMIT;

\transaction cancel
\set which random(1, 20)
SAVEPOINT all_of_it;
UPDATE stock SET left = left + 1
  WHERE id = (SELECT stock FROM item WHERE id = :which);
DELETE FROM item WHERE id = :which;
RELEASE all_of_it;

\query items
SELECT id, stock, length(note) FROM item;
