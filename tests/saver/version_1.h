// A database of schema version 1, as the saver of that time left it.

#ifndef LASTCOMMIT_TESTS_SAVER_VERSION_1_H_
#define LASTCOMMIT_TESTS_SAVER_VERSION_1_H_

namespace lastcommit::saver {

// The schema, letter by letter.
inline constexpr char kVersion1Schema[] = R"(
CREATE TABLE meta ( key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE threads ( thread_id TEXT PRIMARY KEY, last_log INTEGER NOT NULL) STRICT;
CREATE TABLE checkpoints ( thread_id TEXT NOT NULL REFERENCES threads  DEFERRABLE INITIALLY DEFERRED, checkpoint_ns TEXT NOT NULL, checkpoint_id TEXT NOT NULL, parent_id TEXT, type TEXT NOT NULL, state BLOB NOT NULL, metadata TEXT NOT NULL CHECK (json_valid(metadata)), PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)) STRICT;
CREATE TABLE logs ( thread_id TEXT NOT NULL REFERENCES threads  DEFERRABLE INITIALLY DEFERRED, number INTEGER NOT NULL, payload TEXT NOT NULL CHECK (json_valid(payload)), PRIMARY KEY (thread_id, number)) STRICT;
CREATE TABLE blobs ( thread_id TEXT NOT NULL REFERENCES threads  DEFERRABLE INITIALLY DEFERRED, name TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (thread_id, name)) STRICT;
INSERT INTO meta (key, value) VALUES ('commit_counter', 17);
PRAGMA application_id = 1282634819;
PRAGMA user_version = 1;
)";

// Thread a has everything, b only blobs, c nothing. The checkpoints of a were
// put in the order 9, 1, 5, in two namespaces; 9 was replaced after that.
inline constexpr char kVersion1Rows[] = R"(
INSERT INTO threads VALUES ('a', 3), ('b', 0), ('c', 0);
INSERT INTO checkpoints VALUES
  ('a', '', '9', NULL, 'raw', x'0001', '{"step": 1}'),
  ('a', 'ns', '1', '9', 'raw', x'', '[]'),
  ('a', '', '5', '9', 'raw', zeroblob(3000), 'null');
INSERT INTO checkpoints VALUES ('a', '', '9', NULL, 'raw', x'0002', '{}')
  ON CONFLICT DO UPDATE SET state = excluded.state;
INSERT INTO logs VALUES ('a', 1, '1'), ('a', 2, '"two"'), ('a', 3, '{}');
INSERT INTO blobs VALUES ('a', 'empty', x''), ('a', 'small', x'78'),
  ('b', 'big', zeroblob(9000));
)";

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_TESTS_SAVER_VERSION_1_H_
