// PlainKeys: a store of the vocabulary `keys` over one plain table. Planted
// stores derive from it and do one thing wrong.

#ifndef LASTCOMMIT_SUBJECT_PLAIN_KEYS_H_
#define LASTCOMMIT_SUBJECT_PLAIN_KEYS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "keys/specs.h"
#include "subject/plain_store.h"
#include "subject/registry.h"

namespace lastcommit {

class PlainKeys : public PlainStore {
 public:
  using PlainStore::PlainStore;

 protected:
  // The key's new version; whether it was there.
  virtual absl::StatusOr<std::int64_t> Put(const std::string& key,
                                           std::string_view value);
  virtual absl::StatusOr<std::int64_t> Delete(const std::string& key);

  absl::StatusOr<std::int64_t> CountCommit() override;
  absl::StatusOr<std::int64_t> ReadCounter() override;
  absl::StatusOr<std::int64_t> ChangeRows(const Operation& operation) override;
  absl::StatusOr<std::int64_t> Query(const Operation& operation) override;
  absl::Status AddRowsTo(State& state) override;
  absl::StatusOr<State> ReadAlone() override;
};

// ---- for the registry; Keys() is in own_tables.h ----

// Reads a key's version before it has the write lock, and writes one more.
SaverEntry PlantedKeysLostUpdate();
// Commits the rows in one transaction, the counter in the next.
SaverEntry PlantedKeysTornTransaction();
// Acknowledges a transaction and only then commits it.
SaverEntry PlantedKeysAckBeforeCommit();
// Says that a key is deleted, and deletes it with its next commit.
SaverEntry PlantedKeysDeletedComesBack();

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_PLAIN_KEYS_H_
