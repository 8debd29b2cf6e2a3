// Verbs for tests of the simulated disk: a machine whose power can be cut, and
// connections of SQLite to databases on it.

#ifndef LASTCOMMIT_TESTS_DISK_SIM_FIXTURE_H_
#define LASTCOMMIT_TESTS_DISK_SIM_FIXTURE_H_

#include <sqlite3.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "disk/survival.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit {

class Connection {
 public:
  explicit Connection(const std::string& path = kSimDatabase,
                      int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                  SQLITE_OPEN_URI)
      : result_(sqlite3_open_v2(path.c_str(), &connection_, flags, nullptr)) {}
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* get() { return connection_; }
  int open_result() const { return result_; }
  void Close() { sqlite3_close(std::exchange(connection_, nullptr)); }

  // The result of the statements, and the extended one of the last.
  int Run(const std::string& sql) {
    return sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  }
  int extended_result() { return sqlite3_extended_errcode(connection_); }
  // What they return, as "a,b c,d"; or why they fail.
  std::string Get(const std::string& sql) {
    std::string rows;
    const auto add = [](void* to, int count, char** values, char**) {
      auto& text = *static_cast<std::string*>(to);
      for (int i = 0; i < count; ++i) {
        if (!text.empty()) text += i == 0 ? " " : ",";
        text += values[i] == nullptr ? "NULL" : values[i];
      }
      return 0;
    };
    const int result =
        sqlite3_exec(connection_, sql.c_str(), add, &rows, nullptr);
    return result == SQLITE_OK ? rows : sqlite3_errmsg(connection_);
  }

 private:
  sqlite3* connection_ = nullptr;
  int result_;
};

// A file of the default VFS without a database around it.
class RawFile {
 public:
  RawFile(const std::string& path, int type,
          int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
      : name_(path + std::string(4, '\0')), memory_(Memory()) {
    result_ = vfs()->xOpen(vfs(), path.empty() ? nullptr : name_.c_str(),
                           file(), type | flags, &out_flags_);
  }
  ~RawFile() { Close(); }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  static sqlite3_vfs* vfs() { return sqlite3_vfs_find(nullptr); }
  sqlite3_file* file() {
    return reinterpret_cast<sqlite3_file*>(memory_.data());
  }
  const sqlite3_io_methods& methods() { return *file()->pMethods; }
  int open_result() const { return result_; }
  int out_flags() const { return out_flags_; }

  void Close() {
    if (file()->pMethods != nullptr) methods().xClose(file());
    file()->pMethods = nullptr;
  }
  int Write(const std::string& bytes, std::int64_t offset) {
    return methods().xWrite(file(), bytes.data(),
                            static_cast<int>(bytes.size()), offset);
  }
  std::string Read(int amount, std::int64_t offset, int* result = nullptr) {
    std::string bytes(static_cast<std::size_t>(amount), 'x');
    const int got = methods().xRead(file(), bytes.data(), amount, offset);
    if (result != nullptr) *result = got;
    return bytes;
  }
  int Sync() { return methods().xSync(file(), SQLITE_SYNC_NORMAL); }
  std::int64_t Size() {
    sqlite3_int64 size = -1;
    EXPECT_EQ(methods().xFileSize(file(), &size), SQLITE_OK);
    return size;
  }
  int Lock(int level) { return methods().xLock(file(), level); }
  int Unlock(int level) { return methods().xUnlock(file(), level); }
  bool IsReserved() {
    int is_reserved = -1;
    EXPECT_EQ(methods().xCheckReservedLock(file(), &is_reserved), SQLITE_OK);
    return is_reserved == 1;
  }
  int ShmLock(int slot, int flags, int count = 1) {
    return methods().xShmLock(file(), slot, count, SQLITE_SHM_LOCK | flags);
  }
  int ShmUnlock(int slot, int flags, int count = 1) {
    return methods().xShmLock(file(), slot, count, SQLITE_SHM_UNLOCK | flags);
  }
  volatile char* ShmMap(int region, bool extends) {
    void volatile* memory = nullptr;
    EXPECT_EQ(
        methods().xShmMap(file(), region, 32768, extends ? 1 : 0, &memory),
        SQLITE_OK);
    return static_cast<volatile char*>(memory);
  }

 private:
  static std::vector<char> Memory() {
    return std::vector<char>(static_cast<std::size_t>(vfs()->szOsFile));
  }

  std::string name_;
  std::vector<char> memory_;
  int result_;
  int out_flags_ = 0;
};

// Does what the test says at each call.
class Watcher : public SimObserver {
 public:
  int BeforeCall(const VfsCall& call) override {
    return before ? before(call) : SQLITE_OK;
  }
  std::optional<std::int64_t> Divide(const VfsCall& call) override {
    return divide ? divide(call) : std::nullopt;
  }
  int DuringCall(const VfsCall& call) override {
    return during ? during(call) : SQLITE_OK;
  }
  void AfterCall(const VfsCall& call, int result) override {
    if (after) after(call, result);
  }

  std::function<int(const VfsCall&)> before;
  std::function<std::optional<std::int64_t>(const VfsCall&)> divide;
  std::function<int(const VfsCall&)> during;
  std::function<void(const VfsCall&, int)> after;
};

inline std::string ContentOf(const Storage& storage, const std::string& path) {
  const InodeId inode = storage.Find(path);
  if (inode == kNoInode) return "(no file)";
  std::string bytes(static_cast<std::size_t>(storage.Size(inode)), '\0');
  storage.Read(inode, 0, bytes.data(), storage.Size(inode));
  return bytes;
}

class SimTest : public testing::Test {
 protected:
  SimTest() {
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    EXPECT_THAT(RegisterSimVfs(), IsOk());
    Start(Storage(Storage::Options{}));
  }
  ~SimTest() override { UseSimDisk(nullptr); }

  // A machine with that disk begins.
  void Start(Storage storage) {
    disk_ = std::make_unique<SimDisk>(std::move(storage));
    UseSimDisk(disk_.get());
    BeginSimLifetime(++seed_);
  }
  // What the disk holds if the power is cut now.
  Storage AfterPowerLoss(SurvivalKind kind, std::uint64_t number = 0) {
    Survival survival;
    survival.kind = kind;
    survival.number = number;
    return disk_->storage().AfterCrash(
        Resolve(disk_->storage(), survival).fates);
  }
  std::string Content(const std::string& path) {
    return ContentOf(disk_->storage(), path);
  }
  bool Has(const std::string& path) {
    return disk_->storage().Find(path) != kNoInode;
  }

  std::unique_ptr<SimDisk> disk_;
  Watcher watcher_;
  std::uint32_t seed_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_DISK_SIM_FIXTURE_H_
