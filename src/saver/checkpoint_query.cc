#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/checkpoint_row.h"
#include "saver/json.h"
#include "saver/shown.h"
#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

constexpr int kThread = 1;
constexpr int kNamespace = 2;
constexpr int kBefore = 3;
constexpr int kLimit = 4;
constexpr int kFirstFilter = 5;  // a key and a value for each

// An integer does not equal a real of the same value, nor a text a number:
// json_each has the JSON type, and IS compares NULLs too.
std::string QuerySql(std::size_t filters) {
  std::string sql = "SELECT " LASTCOMMIT_CHECKPOINT_COLUMNS
                    " FROM checkpoints WHERE thread_id = ?1"
                    " AND checkpoint_ns = ?2 AND sequence < ?3";
  for (std::size_t i = 0; i < filters; ++i) {
    const std::size_t key = kFirstFilter + 2 * i;
    const std::size_t value = key + 1;
    absl::StrAppend(&sql, " AND json_type(metadata) = 'object'",
                    " AND EXISTS (SELECT 1 FROM json_each(metadata) AS m",
                    " WHERE m.key = ?", key, " AND m.type = json_type(?", value,
                    ") AND m.atom IS json_extract(?", value, ", '$'))");
  }
  return absl::StrCat(sql, " ORDER BY sequence DESC LIMIT ?4");
}

absl::Status CheckIsScalar(Database& database, std::size_t index,
                           const std::string& json) {
  ASSIGN_OR_RETURN(const bool is_json, IsJson(database.connection(), json));
  if (is_json) {
    ASSIGN_OR_RETURN(
        Statement select,
        database.Prepare("SELECT json_type(?1) NOT IN ('array', 'object')"));
    select.BindText(1, json);
    ASSIGN_OR_RETURN(const std::int64_t is_scalar, select.OnlyInt());
    if (is_scalar != 0) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("filter[", index,
                   "].json_value is not a JSON null, boolean,"
                   " number or string: ",
                   Shown(json)));
}

absl::StatusOr<Statement> PrepareQuery(Database& database,
                                       std::size_t filters) {
  if (filters > 0) return database.PrepareOnce(QuerySql(filters));
  static const std::string kUnfiltered = QuerySql(0);
  return database.Prepare(kUnfiltered);
}

}  // namespace

absl::StatusOr<std::vector<Checkpoint>> QueryCheckpointRows(
    Database& database, const CheckpointQuery& query) {
  for (std::size_t i = 0; i < query.filter.size(); ++i) {
    RETURN_IF_ERROR(CheckIsScalar(database, i, query.filter[i].json_value));
  }
  // As long as it has not ended, what is selected next is of the same version.
  CheckpointKey key = {query.thread_id, query.checkpoint_ns, ""};
  std::optional<Statement> select_before;
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  if (query.before.has_value()) {
    key.checkpoint_id = *query.before;
    ASSIGN_OR_RETURN(Statement selected, SelectCheckpoint(database, key));
    select_before.emplace(std::move(selected));
    ASSIGN_OR_RETURN(const std::optional<Checkpoint> checkpoint,
                     FirstCheckpoint(*select_before, query.thread_id));
    if (!checkpoint.has_value()) {
      return absl::NotFoundError(
          absl::StrCat("before: no such checkpoint: ", Shown(key)));
    }
    before = checkpoint->sequence;
  }
  ASSIGN_OR_RETURN(Statement select,
                   PrepareQuery(database, query.filter.size()));
  select.BindText(kThread, query.thread_id)
      .BindText(kNamespace, query.checkpoint_ns)
      .BindInt(kBefore, before)
      .BindInt(kLimit, query.limit == 0 ? -1 : query.limit);
  int parameter = kFirstFilter;
  for (const MetadataEquals& filter : query.filter) {
    select.BindText(parameter++, filter.key);
    select.BindText(parameter++, filter.json_value);
  }
  return AllCheckpoints(select, query.thread_id);
}

}  // namespace lastcommit::saver
