#include "verify/verification_json.h"

#include <exception>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "names/names.h"
#include "output/shown.h"

// The library finds these where the types are.
namespace lastcommit {
namespace {

using Json = nlohmann::json;

}  // namespace

constexpr auto NamesOf(Soundness) {
  return Names<Soundness, Soundness::kCannotCheck>("OK", "WARNING", "DAMAGED",
                                                   "CANNOT CHECK");
}
constexpr auto NamesOf(RemarkLevel) {
  return Names<RemarkLevel, RemarkLevel::kUnchecked>("fact", "note", "warning",
                                                     "damage", "unchecked");
}
constexpr auto NamesOf(WalHeader) {
  return Names<WalHeader, WalHeader::kValid>("none", "too_short", "no_magic",
                                             "wrong_checksum",
                                             "unknown_version", "valid");
}
constexpr auto NamesOf(WalEnd) {
  return Names<WalEnd, WalEnd::kForeign>("file_ends", "wrong_checksum",
                                         "older_generation", "newer_generation",
                                         "foreign_salts");
}
constexpr auto NamesOf(JournalFate) {
  return Names<JournalFate, JournalFate::kRolledBack>(
      "none", "cold", "in_use", "deleted_database_is_empty",
      "deleted_no_header", "deleted_super_journal_is_gone", "rolled_back");
}

template <typename Enum>
concept HasNames = requires(Enum value) {
  NamesOf(value);
};

template <HasNames Enum>
void to_json(Json& json, Enum value) {
  json = std::string(NamesOf(value).Of(value));
}

template <HasNames Enum>
void from_json(const Json& json, Enum& value) {
  const auto named = NamesOf(value).Parse(json.get<std::string>());
  if (!named.has_value()) {
    throw Json::other_error::create(501, "unknown name", &json);
  }
  value = *named;
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Remark, level, about, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WalState, bytes, header, frames, valid,
                                   committed, transactions, end, pages,
                                   checkpointed_pages, ignored, ignored_newer,
                                   ignored_older, ignored_whole, ignored_pages,
                                   ignored_pages_in_database)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JournalState, fate, bytes, original_pages,
                                   records, is_broken, super_journal)

std::string Word(Soundness soundness) { return Json(soundness); }

nlohmann::json ToJson(const Verification& verification) {
  JournalState journal = verification.journal;
  journal.super_journal = Shown(journal.super_journal);  // any bytes
  return {{"verdict", verification.soundness},
          {"summary", verification.summary},
          {"remarks", verification.remarks},
          {"wal", verification.wal},
          {"journal", journal}};
}

absl::StatusOr<Verification> VerificationFromJson(const std::string& text) {
  // The library throws; nothing throws across an interface of ours.
  try {
    const Json json = Json::parse(text);
    return Verification{json.at("verdict").get<Soundness>(),
                        json.at("summary").get<std::string>(),
                        json.at("remarks").get<std::vector<Remark>>(),
                        json.at("wal").get<WalState>(),
                        json.at("journal").get<JournalState>()};
  } catch (const std::exception& error) {
    return absl::InternalError(
        absl::StrCat("the check said something else: ", error.what()));
  }
}

}  // namespace lastcommit
