#include "verify/verification_json.h"

#include <exception>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "verify/shown.h"

// The library finds these where the types are.
namespace lastcommit {
namespace {

using Json = nlohmann::json;

}  // namespace

NLOHMANN_JSON_SERIALIZE_ENUM(Soundness,
                             {{Soundness::kOk, "OK"},
                              {Soundness::kWarning, "WARNING"},
                              {Soundness::kDamaged, "DAMAGED"},
                              {Soundness::kCannotCheck, "CANNOT CHECK"}})
NLOHMANN_JSON_SERIALIZE_ENUM(RemarkLevel,
                             {{RemarkLevel::kFact, "fact"},
                              {RemarkLevel::kNote, "note"},
                              {RemarkLevel::kWarning, "warning"},
                              {RemarkLevel::kDamage, "damage"},
                              {RemarkLevel::kUnchecked, "unchecked"}})
NLOHMANN_JSON_SERIALIZE_ENUM(WalHeader,
                             {{WalHeader::kNone, "none"},
                              {WalHeader::kTooShort, "too_short"},
                              {WalHeader::kNoMagic, "no_magic"},
                              {WalHeader::kWrongChecksum, "wrong_checksum"},
                              {WalHeader::kUnknownVersion, "unknown_version"},
                              {WalHeader::kValid, "valid"}})
NLOHMANN_JSON_SERIALIZE_ENUM(WalEnd,
                             {{WalEnd::kFileEnds, "file_ends"},
                              {WalEnd::kWrongChecksum, "wrong_checksum"},
                              {WalEnd::kOlder, "older_generation"},
                              {WalEnd::kNewer, "newer_generation"},
                              {WalEnd::kForeign, "foreign_salts"}})
NLOHMANN_JSON_SERIALIZE_ENUM(
    JournalFate, {{JournalFate::kNone, "none"},
                  {JournalFate::kCold, "cold"},
                  {JournalFate::kInUse, "in_use"},
                  {JournalFate::kDatabaseIsEmpty, "deleted_database_is_empty"},
                  {JournalFate::kNoHeader, "deleted_no_header"},
                  {JournalFate::kSuperIsGone, "deleted_super_journal_is_gone"},
                  {JournalFate::kRolledBack, "rolled_back"}})

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
