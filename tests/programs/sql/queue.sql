-- A queue: jobs are put, claimed by a worker and completed; claims and
-- completions are counted by a trigger. Transactions begin by themselves.
CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'claimed', 'done')),
  worker INTEGER,
  payload BLOB
) STRICT;
CREATE INDEX job_state ON job (state, id);
CREATE TABLE count (state TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO count VALUES ('new', 0), ('claimed', 0), ('done', 0);
CREATE TRIGGER job_put AFTER INSERT ON job BEGIN
  UPDATE count SET n = n + 1 WHERE state = new.state;
END;
CREATE TRIGGER job_moved AFTER UPDATE OF state ON job BEGIN
  UPDATE count SET n = n - 1 WHERE state = old.state;
  UPDATE count SET n = n + 1 WHERE state = new.state;
END;
CREATE VIEW open_job AS SELECT id, worker FROM job WHERE state <> 'done';

\transaction put 3
\set payload blob(0, 2000) null 10
BEGIN;
INSERT INTO job (payload) VALUES (:payload);
COMMIT;

\transaction claim 2
\set worker random(1, 3)
BEGIN IMMEDIATE;
UPDATE job SET state = 'claimed', worker = :worker
  WHERE id = (SELECT id FROM job WHERE state = 'new' ORDER BY id LIMIT 1);
COMMIT;

\transaction complete 2
\set worker random(1, 3)
BEGIN EXCLUSIVE;
UPDATE job SET state = 'done', payload = NULL
  WHERE state = 'claimed' AND worker = :worker;
END;

\query unfinished
SELECT count(*) FROM open_job;
SELECT state, n FROM count ORDER BY state;

\invariant counted
SELECT state, n FROM count
  WHERE n <> (SELECT count(*) FROM job WHERE job.state = count.state);
