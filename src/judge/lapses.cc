#include "judge/lapses.h"

#include <string_view>
#include <utility>

namespace lastcommit {
namespace {

constexpr std::string_view kJournalMagic{"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8};
// Magic, and how many records count; what syncJournal writes.
constexpr std::size_t kJournalCount = 12;
// The header of a WAL; the first frame is behind it.
constexpr std::int64_t kFirstFrame = 32;
// The first of the bytes that who has a database for itself locks.
constexpr std::int64_t kSharedByte = 0x40000002;

bool IsAbove(const std::string& directory, const std::string& path) {
  return directory.empty() ? !path.empty() : path.starts_with(directory + "/");
}

}  // namespace

LapseWatch::LapseWatch(std::string path, DatabaseNames names)
    : below_(std::move(path)), names_(std::move(names)) {}

std::vector<Lapse> LapseWatch::Take() {
  Close(transaction_);
  Close(checkpoint_);
  return std::move(lapses_);
}

LapseWatch::Role LapseWatch::RoleOf(const Effect& effect,
                                    const Rebuild& files) const {
  const InodeId inode = files.InodeOf(effect.file);
  if (inode == kNoInode) return Role::kOther;
  const auto is = [&](const std::string& path) {
    return files.storage().Find(path) == inode;
  };
  if (is(names_.database)) return Role::kDatabase;
  if (is(names_.journal)) return Role::kJournal;
  if (is(names_.wal)) return Role::kWal;
  return is(names_.index) ? Role::kIndex : Role::kOther;
}

void LapseWatch::See(const RecordedCall& call, const Rebuild& files) {
  for (const Effect& effect : call.effects) {
    if (IsOfNames(effect.kind)) {
      SeeNames(call, effect);
      continue;
    }
    switch (effect.kind) {
      case EffectKind::kLock:
        SeeLock(call, effect, RoleOf(effect, files), files);
        break;
      case EffectKind::kUnlock:
        SeeUnlock(effect, RoleOf(effect, files));
        break;
      case EffectKind::kSync:
      case EffectKind::kSyncData:
        SeeSync(call, RoleOf(effect, files));
        break;
      case EffectKind::kSyncDirectory:
        may_cut_ = 0;
        break;
      case EffectKind::kExit:
        if (checkpoint_.has_value() && checkpoint_->process == call.process) {
          Close(checkpoint_);
          has_checkpoint_lock_ = false;
        }
        break;
      case EffectKind::kSyncAll:
        database_is_dirty_ = journal_is_dirty_ = wal_is_dirty_ =
            wal_header_is_dirty_ = is_dirty_by_off_ = false;
        may_cut_ = 0;
        break;
      case EffectKind::kWrite:
      case EffectKind::kTruncate:
      case EffectKind::kZero:
        SeeWrite(call, effect, RoleOf(effect, files), files);
        break;
      default:
        break;
    }
  }
}

std::size_t LapseWatch::Add(const RecordedCall& call, Cause cause) {
  lapses_.push_back({call.number, cause});
  return lapses_.size() - 1;
}

void LapseWatch::SeeNames(const RecordedCall& call, const Effect& effect) {
  if (effect.kind == EffectKind::kUnlink && effect.path == below_.journal) {
    EndJournal(call);
    Add(call, Cause::kDirectoryNotSynced);
    journal_is_dirty_ = false;
  } else if (effect.kind == EffectKind::kUnlink && effect.path == below_.wal) {
    EndWal(call);
    wal_is_dirty_ = wal_header_is_dirty_ = false;
  }
  const auto is_or_holds = [this](const std::string& path) {
    return path == below_.database || IsAbove(path, below_.database);
  };
  const bool has_target = effect.kind == EffectKind::kRename ||
                          effect.kind == EffectKind::kExchange;
  const bool is_creation = effect.kind == EffectKind::kCreate;
  if ((is_or_holds(effect.path) && !is_creation) ||
      (has_target && is_or_holds(effect.to))) {
    Add(call, Cause::kOwnFilesNotSynced);
    database_is_dirty_ = is_dirty_by_off_ = false;
  }
}

// A checkpoint has the lock for it; the last one that closes has the whole
// database instead, and nobody else is there.
void LapseWatch::SeeLock(const RecordedCall& call, const Effect& effect,
                         Role role, const Rebuild& files) {
  if (!effect.exclusive) return;
  if (role == Role::kIndex && Covers(effect, kWalCheckpointByte)) {
    Close(checkpoint_);
    checkpoint_ = Writer{call.process};
    has_checkpoint_lock_ = true;
  } else if (role == Role::kDatabase && Covers(effect, kSharedByte) &&
             !has_checkpoint_lock_ &&
             files.storage().Find(names_.wal) != kNoInode) {
    Close(checkpoint_);
    checkpoint_ = Writer{call.process};
  }
}

void LapseWatch::SeeUnlock(const Effect& effect, Role role) {
  if (role == Role::kIndex && Covers(effect, kWalCheckpointByte)) {
    Close(checkpoint_);
    has_checkpoint_lock_ = false;
  } else if (role == Role::kDatabase && Covers(effect, kSharedByte) &&
             !has_checkpoint_lock_) {
    Close(checkpoint_);
  }
}

void LapseWatch::SeeSync(const RecordedCall& call, Role role) {
  switch (role) {
    case Role::kDatabase:
      database_is_dirty_ = is_dirty_by_off_ = false;
      for (std::optional<Writer>* writer : {&transaction_, &checkpoint_}) {
        if (writer->has_value() && (*writer)->process == call.process) {
          (*writer)->synced = (*writer)->wrote;
        }
      }
      break;
    case Role::kJournal:
      journal_is_dirty_ = false;
      may_cut_ = 0;
      if (!transaction_.has_value()) break;
      // Who finds a hot journal syncs it before it rolls back.
      if (transaction_->process != call.process) BeginTransaction(call);
      ++transaction_->syncs;
      break;
    case Role::kWal:
      wal_is_dirty_ = wal_header_is_dirty_ = false;
      if (checkpoint_.has_value() && checkpoint_->process == call.process) {
        ++checkpoint_->syncs;
      }
      break;
    default:
      break;
  }
}

void LapseWatch::SeeWrite(const RecordedCall& call, const Effect& effect,
                          Role role, const Rebuild& files) {
  switch (role) {
    case Role::kDatabase:
      WriteDatabase(call, effect, files);
      break;
    case Role::kJournal:
      WriteJournal(call, effect);
      break;
    case Role::kWal:
      WriteWal(call, effect);
      break;
    default:
      break;
  }
}

void LapseWatch::BeginTransaction(const RecordedCall& call) {
  Close(transaction_);
  transaction_ = Writer{call.process};
  may_cut_ = 0;
}

void LapseWatch::WriteJournal(const RecordedCall& call, const Effect& effect) {
  const bool is_truncated = effect.kind == EffectKind::kTruncate;
  if ((is_truncated && effect.offset == 0) || ZeroesJournal(effect)) {
    const bool is_full = transaction_.has_value() && transaction_->is_full;
    const bool is_normal = transaction_.has_value() && transaction_->syncs > 0;
    EndJournal(call);
    // TRUNCATE syncs that at FULL, PERSIST at NORMAL.
    if (is_normal) {
      Add(call, is_truncated && !is_full ? Cause::kJournalNotSynced
                                         : Cause::kMissingSync);
    }
    journal_is_dirty_ = true;
    return;
  }
  if (!transaction_.has_value()) BeginTransaction(call);
  if (effect.bytes.starts_with(kJournalMagic)) {
    if (effect.bytes.size() == kJournalCount) {
      transaction_->is_full = !journal_is_dirty_;
      if (journal_is_dirty_) {
        transaction_->headers.push_back(Add(call, Cause::kJournalSyncedOnce));
      }
    } else if (effect.bytes.size() > kJournalCount) {
      transaction_->is_off = true;  // the header comes first
    }
  }
  if (transaction_->is_off) Add(call, Cause::kDatabaseNotSynced);
  journal_is_dirty_ = true;
}

void LapseWatch::EndJournal(const RecordedCall& call) {
  if (!transaction_.has_value()) return;
  if (transaction_->wrote && database_is_dirty_) {
    Add(call, transaction_->syncs == 0 ? Cause::kDatabaseNotSynced
                                       : Cause::kMissingSync);
  }
  Close(transaction_);
  may_cut_ = call.thread;
}

void LapseWatch::WriteWal(const RecordedCall& call, const Effect& effect) {
  const bool is_truncated = effect.kind == EffectKind::kTruncate;
  if (is_truncated && effect.offset > 0) return;  // old frames
  if (is_truncated || effect.offset < kFirstFrame) {
    EndWal(call);
    wal_header_is_dirty_ = true;
  } else {
    if (wal_header_is_dirty_) Add(call, Cause::kDatabaseNotSynced);
    Add(call, Cause::kWalNotSynced);
  }
  // Whoever has locked the whole database all the time writes frames, too.
  if (!has_checkpoint_lock_ && checkpoint_.has_value()) {
    checkpoint_->is_exact = false;
  }
  wal_is_dirty_ = true;
}

void LapseWatch::EndWal(const RecordedCall& call) {
  if (database_is_dirty_) {
    Add(call,
        is_dirty_by_off_ ? Cause::kDatabaseNotSynced : Cause::kMissingSync);
  }
  if (!has_checkpoint_lock_) Close(checkpoint_);
}

void LapseWatch::WriteDatabase(const RecordedCall& call, const Effect& effect,
                               const Rebuild& files) {
  const Storage& storage = files.storage();
  const auto size_of = [&](const std::string& path) {
    const InodeId inode = storage.Find(path);
    return inode == kNoInode ? 0 : storage.Size(inode);
  };
  // pager_truncate: SQLite cuts the file when the journal has ended.
  const bool is_cut = effect.kind == EffectKind::kTruncate &&
                      may_cut_ == call.thread && !transaction_.has_value();
  if (transaction_.has_value()) {
    // What is put behind the end of the database is not in the journal.
    WriteInTransaction(call, effect.offset < size_of(names_.database));
  } else if (is_cut) {
    Add(call, Cause::kVacuumUndone);
  } else if (size_of(names_.wal) > 0) {
    Checkpoint(call);
  } else {
    Add(call, Cause::kUnprotected);
    Add(call, Cause::kDirectoryNotSynced);
    is_dirty_by_off_ = true;
  }
  database_is_dirty_ = true;
}

void LapseWatch::Wrote(Writer& writer) {
  writer.wrote = true;
  writer.synced = false;
  is_dirty_by_off_ |= writer.syncs == 0 || !writer.is_exact;
}

void LapseWatch::WriteInTransaction(const RecordedCall& call, bool overwrites) {
  if (transaction_->process != call.process) BeginTransaction(call);
  if (overwrites && transaction_->syncs == 0 && journal_is_dirty_) {
    transaction_->open.push_back(Add(call, Cause::kDatabaseNotSynced));
  }
  Wrote(*transaction_);
}

void LapseWatch::Checkpoint(const RecordedCall& call) {
  if (!checkpoint_.has_value() || checkpoint_->process != call.process) {
    Close(checkpoint_);
    checkpoint_ = Writer{.process = call.process, .is_exact = false};
  }
  // Another one may write frames meanwhile, which are not copied: what counts
  // is that the WAL was synced since the checkpoint began.
  if (wal_is_dirty_ && checkpoint_->syncs == 0) {
    checkpoint_->open.push_back(Add(call, Cause::kDatabaseNotSynced));
  }
  Wrote(*checkpoint_);
}

// What it wrote over is not synced: at OFF the database is not synced either.
void LapseWatch::Close(std::optional<Writer>& writer) {
  if (!writer.has_value()) return;
  if (writer->synced && writer->is_exact && !writer->open.empty()) {
    for (const auto& lapses : {writer->open, writer->headers}) {
      for (const std::size_t lapse : lapses) {
        lapses_[lapse].cause = Cause::kMissingSync;
      }
    }
  }
  writer.reset();
}

}  // namespace lastcommit
