// A database of schema version 2, as the saver of that time left it, with what
// version_1.h has and one write.

#ifndef LASTCOMMIT_TESTS_SAVER_VERSION_2_H_
#define LASTCOMMIT_TESTS_SAVER_VERSION_2_H_

namespace lastcommit::saver {

// The schema, letter by letter.
inline constexpr char kVersion2Schema[] = R"(
CREATE TABLE meta ( key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE threads ( thread_id TEXT PRIMARY KEY, last_log INTEGER NOT NULL, last_checkpoint INTEGER NOT NULL, is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1))) STRICT;
CREATE TABLE checkpoints ( thread_id TEXT NOT NULL REFERENCES threads  DEFERRABLE INITIALLY DEFERRED, checkpoint_ns TEXT NOT NULL, checkpoint_id TEXT NOT NULL, parent_id TEXT, type TEXT NOT NULL, state BLOB NOT NULL, metadata TEXT NOT NULL CHECK (json_valid(metadata)), sequence INTEGER NOT NULL, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id), UNIQUE (thread_id, checkpoint_ns, sequence)) STRICT;
CREATE TABLE writes ( thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL, checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx), FOREIGN KEY (thread_id, checkpoint_ns, checkpoint_id)  REFERENCES checkpoints DEFERRABLE INITIALLY DEFERRED) STRICT;
CREATE TABLE logs ( thread_id TEXT NOT NULL REFERENCES threads  DEFERRABLE INITIALLY DEFERRED, number INTEGER NOT NULL, level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 3), payload TEXT NOT NULL CHECK (json_valid(payload)), PRIMARY KEY (thread_id, number)) STRICT;
CREATE TABLE tasks ( thread_id TEXT NOT NULL REFERENCES threads  DEFERRABLE INITIALLY DEFERRED, task_id TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN  ('pending', 'running', 'done', 'failed', 'cancelled')), attempts INTEGER NOT NULL, version INTEGER NOT NULL, payload TEXT NOT NULL CHECK (json_valid(payload)), PRIMARY KEY (thread_id, task_id)) STRICT;
CREATE TABLE blobs ( content_id INTEGER PRIMARY KEY, thread_id TEXT NOT NULL REFERENCES threads  DEFERRABLE INITIALLY DEFERRED, name TEXT NOT NULL, size INTEGER NOT NULL, digest BLOB NOT NULL, UNIQUE (thread_id, name)) STRICT;
CREATE TABLE contents ( id INTEGER PRIMARY KEY REFERENCES blobs  DEFERRABLE INITIALLY DEFERRED, bytes BLOB NOT NULL) STRICT;
INSERT INTO meta (key, value) VALUES ('commit_counter', 17);
PRAGMA application_id = 1282634819;
PRAGMA user_version = 2;
)";

inline constexpr char kVersion2Rows[] = R"(
INSERT INTO threads VALUES ('a', 3, 3, 0), ('b', 0, 0, 0), ('c', 0, 0, 0);
INSERT INTO checkpoints VALUES
  ('a', '', '9', NULL, 'raw', x'0002', '{"step": 1}', 1),
  ('a', 'ns', '1', '9', 'raw', x'', '[]', 2),
  ('a', '', '5', '9', 'raw', zeroblob(3000), 'null', 3);
INSERT INTO writes VALUES ('a', '', '9', 'task', 0, 'out', 'raw', x'01');
INSERT INTO logs VALUES ('a', 1, 1, '1'), ('a', 2, 1, '"two"'),
  ('a', 3, 1, '{}');
INSERT INTO blobs VALUES
  (1, 'a', 'empty', 0, x'99aa06d3014798d86001c324468d497f'),
  (2, 'a', 'small', 1, x'5c7401c0ec22eeeeeaf06c6480b2cd11'),
  (3, 'b', 'big', 9000, x'fc3765fd02d25de14b84689bc6b01bef');
INSERT INTO contents VALUES (1, x''), (2, x'78'), (3, zeroblob(9000));
)";

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_TESTS_SAVER_VERSION_2_H_
