#include "verify/file_words.h"

#include "absl/strings/str_cat.h"
#include "output/plural.h"
#include "output/shown.h"

namespace lastcommit {
namespace {

const char* WhyHeaderIsInvalid(WalHeader header) {
  switch (header) {
    case WalHeader::kTooShort:
      return "it is too short for a frame";
    case WalHeader::kNoMagic:
      return "its header is none of a WAL";
    case WalHeader::kWrongChecksum:
      return "its header does not match its checksum";
    case WalHeader::kUnknownVersion:
      return "it has an unknown version";
    case WalHeader::kNone:
    case WalHeader::kValid:
      break;
  }
  return "";
}

std::string WhyItEnds(const WalState& wal) {
  if (wal.header != WalHeader::kValid) return WhyHeaderIsInvalid(wal.header);
  const std::string frame = absl::StrCat("frame ", wal.valid + 1);
  switch (wal.end) {
    case WalEnd::kWrongChecksum:
      return absl::StrCat(frame, " does not match its checksum");
    case WalEnd::kOlder:
      return absl::StrCat(frame, " is of an older generation of the WAL");
    case WalEnd::kNewer:
      return absl::StrCat(frame, " is of a newer generation than the header");
    case WalEnd::kForeign:
      return absl::StrCat(frame, " has salts of another WAL");
    case WalEnd::kFileEnds:
      break;
  }
  return "the file ends";
}

std::string DescribeWal(const WalState& wal) {
  std::string text =
      wal.header == WalHeader::kValid
          ? absl::StrCat(Plural(wal.frames, "frame"), ", ", wal.valid,
                         " valid, ", wal.committed, " committed in ",
                         Plural(wal.transactions, "transaction"), "; ",
                         wal.checkpointed_pages, " of ",
                         Plural(wal.pages, "page"),
                         " stand in the database already")
          : absl::StrCat(wal.bytes,
                         " bytes; SQLite ignores all of them, since ",
                         WhyHeaderIsInvalid(wal.header), "; ",
                         Plural(wal.frames, "frame"));
  if (wal.valid > wal.committed) {
    absl::StrAppend(&text, "; ", Plural(wal.valid - wal.committed, "frame"),
                    " of a transaction that has no end are ignored");
  }
  if (wal.frames > wal.valid && wal.header == WalHeader::kValid) {
    absl::StrAppend(&text, "; from there on it is ignored, since ",
                    WhyItEnds(wal));
  }
  if (wal.ignored_older > 0) {
    absl::StrAppend(&text, "; ", Plural(wal.ignored_older, "transaction"),
                    " of older generations, which were in the database before "
                    "the WAL began anew");
  }
  return text;
}

std::string DescribeIgnored(const WalState& wal) {
  std::string text = absl::StrCat(
      "SQLite ignores ", Plural(wal.ignored + wal.ignored_newer, "commit"),
      " in the WAL, since ", WhyItEnds(wal));
  if (wal.ignored_newer > 0) {
    absl::StrAppend(&text, "; ", wal.ignored_newer,
                    " of a newer generation than the header");
  }
  return text;
}

std::string DescribeFate(const JournalState& journal) {
  switch (journal.fate) {
    case JournalFate::kNone:
      return "none";
    case JournalFate::kCold:
      return "not hot: its transaction has ended";
    case JournalFate::kInUse:
      return "not hot: its transaction is under way. Were the process killed "
             "now, SQLite would roll it back, as in the copy that is checked";
    case JournalFate::kDatabaseIsEmpty:
      return absl::StrCat(
          "not hot: SQLite deletes it unread, because the "
          "database is empty; it is of a database of ",
          Plural(journal.original_pages, "page"), " and holds ",
          journal.records, " of them");
    case JournalFate::kNoHeader:
      return "not hot: it has no whole header; SQLite deletes it and rolls "
             "nothing back";
    case JournalFate::kSuperIsGone:
      return absl::StrCat(
          "not hot: its super-journal ", Shown(journal.super_journal),
          " is gone, so that its transaction counts as committed; SQLite "
          "deletes it and rolls nothing back");
    case JournalFate::kRolledBack:
      break;
  }
  std::string text = absl::StrCat(
      "HOT: a transaction was cut short; SQLite rolls it back when the "
      "database is opened: ",
      Plural(journal.records, "page"), ", to a database of ",
      Plural(journal.original_pages, "page"));
  if (!journal.super_journal.empty()) {
    absl::StrAppend(&text, ", because its super-journal ",
                    Shown(journal.super_journal), " is there");
  }
  return text;
}

}  // namespace

void SayWal(const WalState& wal, Report& report) {
  if (wal.header == WalHeader::kNone) return report.Fact("wal", "none");
  report.Fact("wal", DescribeWal(wal));
  if (wal.header == WalHeader::kUnknownVersion) {
    constexpr char kWhy[] = "the WAL has an unknown format";
    return report.Unchecked("wal", kWhy, kWhy);
  }
  if (wal.ignored + wal.ignored_newer == 0) return;
  const std::string what = DescribeIgnored(wal);
  if (wal.ignored_whole == 0) {
    report.Note("wal",
                absl::StrCat(what,
                             ": it was cut short while it was written, or "
                             "what was acknowledged is damaged"));
  } else if (wal.ignored_pages_in_database == wal.ignored_pages) {
    report.Note("wal",
                absl::StrCat(what, ": all their pages stand in the database"));
  } else {
    report.Warn("wal",
                absl::StrCat(what,
                             ". A power loss may do that to a commit that was "
                             "not acknowledged, and with synchronous=NORMAL or "
                             "OFF to others; else what was acknowledged is "
                             "lost"),
                what);
  }
}

void SayJournal(const JournalState& journal, Report& report) {
  if (journal.fate == JournalFate::kNone) return report.Fact("journal", "none");
  report.Fact("journal", absl::StrCat(Plural(journal.bytes, "byte"), ", ",
                                      DescribeFate(journal)));
  if (!journal.is_broken || journal.fate != JournalFate::kRolledBack) return;
  const std::string what =
      absl::StrCat("SQLite rolls back ", Plural(journal.records, "page"),
                   " and ignores the rest of the journal, since the next "
                   "record is cut off, or does not match its checksum");
  report.Warn("journal",
              absl::StrCat(what,
                           ". A power loss may do that before anything is "
                           "written to the database; else half a transaction "
                           "is in it"),
              what);
}

}  // namespace lastcommit
