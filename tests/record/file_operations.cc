// A program that does odd things to files: one of the operations of its table,
// named by its argument, in the directory that it is started in. Linked
// statically, so that nothing can be put between it and the kernel.

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

// What the directory does not support (a file system without clones).
constexpr int kNotSupported = 77;

void Must(bool holds, const char* what) {
  if (holds) return;
  const bool is_missing = errno == EOPNOTSUPP || errno == ENOSYS ||
                          errno == EXDEV || errno == EINVAL || errno == ENOTTY;
  std::perror(what);
  std::exit(is_missing ? kNotSupported : 1);
}

int Open(const char* path, int flags) {
  const int file = open(path, flags, 0600);
  Must(file >= 0, "open");
  return file;
}

std::string Bytes(std::size_t size, char first) {
  std::string bytes(size, first);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>(first + static_cast<char>(i % 23));
  }
  return bytes;
}

void Put(int file, const std::string& bytes) {
  Must(write(file, bytes.data(), bytes.size()) ==
           static_cast<ssize_t>(bytes.size()),
       "write");
}

void PutAt(int file, const std::string& bytes, off_t offset) {
  Must(pwrite(file, bytes.data(), bytes.size(), offset) ==
           static_cast<ssize_t>(bytes.size()),
       "pwrite");
}

// "old" has 10,000 bytes and "other" 5,000, both are there before.
constexpr int kMake = O_RDWR | O_CREAT | O_TRUNC;

void Allocate(int mode, off_t offset, off_t size) {
  Must(fallocate(Open("old", O_RDWR), mode, offset, size) == 0, "fallocate");
}

void PutVector(int flags, off_t offset, int open_flags) {
  const std::string one = Bytes(100, 'a');
  const std::string two = Bytes(5000, 'b');
  const iovec parts[] = {{const_cast<char*>(one.data()), one.size()},
                         {const_cast<char*>(two.data()), two.size()}};
  Must(pwritev2(Open("old", O_RDWR | open_flags), parts, 2, offset, flags) ==
           5100,
       "pwritev2");
}

void TemporaryWithName(bool by_descriptor) {
  const int file = Open(".", O_RDWR | O_TMPFILE);
  Put(file, Bytes(3000, 'x'));
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  const int linked = by_descriptor
                         ? linkat(file, "", AT_FDCWD, "named", AT_EMPTY_PATH)
                         : linkat(AT_FDCWD, path.c_str(), AT_FDCWD, "named",
                                  AT_SYMLINK_FOLLOW);
  Must(linked == 0, "linkat");
  Put(file, Bytes(10, 'y'));
}

void Mapped(bool sync) {
  const int file = Open("old", O_RDWR);
  auto* const memory = static_cast<char*>(
      mmap(nullptr, 10'000, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
  Must(memory != MAP_FAILED, "mmap");
  std::memset(memory + 4090, 'm', 12);
  if (sync) Must(msync(memory, 10'000, MS_SYNC) == 0, "msync");
  std::memset(memory + 9000, 'n', 5);
  close(file);
}

void* PutFromThread(void* argument) {
  const auto number = reinterpret_cast<std::intptr_t>(argument);
  const int file = Open("old", O_RDWR);
  for (int i = 0; i < 200; ++i) {
    PutAt(file, Bytes(50, static_cast<char>('a' + number)), (i % 7) * 20);
  }
  return nullptr;
}

void Threads() {
  pthread_t threads[4];
  for (std::intptr_t i = 0; i < 4; ++i) {
    pthread_create(&threads[i], nullptr, PutFromThread,
                   reinterpret_cast<void*>(i));
  }
  for (pthread_t thread : threads) pthread_join(thread, nullptr);
}

void Processes() {
  for (std::intptr_t i = 0; i < 4; ++i) {
    if (fork() == 0) {
      PutFromThread(reinterpret_cast<void*>(i));
      _exit(0);
    }
  }
  while (wait(nullptr) > 0) {
  }
}

struct Operation {
  const char* name;
  void (*run)();
};

constexpr Operation kOperations[] = {
    {"append", [] { Put(Open("old", O_WRONLY | O_APPEND), Bytes(77, 'a')); }},
    {"append_by_two",
     [] {
       const int one = Open("old", O_WRONLY | O_APPEND);
       const int two = Open("old", O_WRONLY | O_APPEND);
       Put(one, "1");
       Put(two, "22");
       Put(one, "333");
     }},
    {"pwrite_on_append",
     [] { PutAt(Open("old", O_WRONLY | O_APPEND), Bytes(9, 'p'), 3); }},
    {"pwrite_beyond_the_end",
     [] { PutAt(Open("old", O_WRONLY), "far", 50'000); }},
    {"write_at_position",
     [] {
       const int file = Open("old", O_RDWR);
       lseek(file, 123, SEEK_SET);
       Put(file, "here");
       lseek(file, -4, SEEK_END);
       Put(file, "there");
     }},
    {"shared_position",
     [] {
       const int file = Open("old", O_RDWR);
       const int same = dup(file);
       Put(file, "one");
       Put(same, "two");
       if (fork() == 0) {
         Put(file, "three");
         _exit(0);
       }
       wait(nullptr);
       Put(file, "four");
     }},
    {"writev",
     [] {
       const std::string one = Bytes(3, 'v');
       const iovec parts[] = {{const_cast<char*>(one.data()), 3},
                              {const_cast<char*>(one.data()), 2}};
       Must(writev(Open("old", O_RDWR), parts, 2) == 5, "writev");
     }},
    {"pwritev",
     [] {
       const std::string one = Bytes(30, 'v');
       const iovec parts[] = {{const_cast<char*>(one.data()), 30}};
       Must(pwritev(Open("old", O_RDWR), parts, 1, 4090) == 30, "pwritev");
     }},
    {"pwritev2", [] { PutVector(0, 200, 0); }},
    {"pwritev2_at_position", [] { PutVector(0, -1, 0); }},
    {"pwritev2_append", [] { PutVector(RWF_APPEND, 5, 0); }},
    {"pwritev2_synced", [] { PutVector(RWF_DSYNC, 200, 0); }},
    {"large_write", [] { Put(Open("new", kMake), Bytes(40 << 20, 'l')); }},
    {"truncate_shorter", [] { Must(truncate("old", 4097) == 0, "t"); }},
    {"truncate_longer", [] { Must(truncate("old", 40'000) == 0, "t"); }},
    {"ftruncate",
     [] { Must(ftruncate(Open("old", O_RDWR), 1) == 0, "ftruncate"); }},
    {"open_truncates", [] { Open("old", O_WRONLY | O_TRUNC); }},
    {"creat", [] { Put(creat("old", 0600), "created"); }},
    {"open_exclusive",
     [] { Put(Open("new", O_WRONLY | O_CREAT | O_EXCL), "new"); }},
    {"openat2",
     [] {
       struct {
         std::uint64_t flags, mode, resolve;
       } how = {O_RDWR | O_CREAT, 0600, 0};
       const long file =
           syscall(SYS_openat2, AT_FDCWD, "new", &how, sizeof(how));
       Must(file >= 0, "openat2");
       Put(static_cast<int>(file), "by openat2");
     }},
    {"open_through_link",
     [] {
       Must(symlink("made", "link") == 0, "symlink");
       Put(Open("link", O_WRONLY | O_CREAT), "through");
     }},
    {"preallocate", [] { Allocate(0, 5'000, 20'000); }},
    {"preallocate_keeping_size",
     [] { Allocate(FALLOC_FL_KEEP_SIZE, 5'000, 20'000); }},
    {"punch_hole",
     [] {
       Allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1'000, 7'000);
     }},
    {"zero_range", [] { Allocate(FALLOC_FL_ZERO_RANGE, 9'000, 9'000); }},
    {"collapse_range", [] { Allocate(FALLOC_FL_COLLAPSE_RANGE, 0, 4096); }},
    {"insert_range", [] { Allocate(FALLOC_FL_INSERT_RANGE, 4096, 4096); }},
    {"copy_file_range",
     [] {
       off_t from = 100;
       off_t to = 6'000;
       Must(copy_file_range(Open("other", O_RDONLY), &from, Open("old", O_RDWR),
                            &to, 4'500, 0) == 4'500,
            "copy_file_range");
     }},
    {"copy_file_range_at_position",
     [] {
       Must(copy_file_range(Open("other", O_RDONLY), nullptr,
                            Open("new", kMake), nullptr, 5'000, 0) == 5'000,
            "copy_file_range");
     }},
    {"sendfile",
     [] {
       Must(sendfile(Open("new", kMake), Open("old", O_RDONLY), nullptr,
                     10'000) == 10'000,
            "sendfile");
     }},
    {"splice",
     [] {
       int ends[2];
       Must(pipe(ends) == 0, "pipe");
       Put(ends[1], Bytes(2'000, 's'));
       off_t to = 500;
       Must(splice(ends[0], nullptr, Open("old", O_RDWR), &to, 2'000, 0) ==
                2'000,
            "splice");
     }},
    {"clone",
     [] {
       Must(ioctl(Open("new", kMake), FICLONE, Open("old", O_RDONLY)) == 0,
            "FICLONE");
     }},
    {"rename", [] { Must(rename("old", "moved") == 0, "rename"); }},
    {"rename_over", [] { Must(rename("other", "old") == 0, "rename"); }},
    {"rename_of_itself",
     [] {
       Must(link("old", "twin") == 0, "link");
       Must(rename("old", "twin") == 0, "rename");
     }},
    {"rename_into_folder",
     [] {
       Must(mkdir("folder", 0700) == 0, "mkdir");
       Must(rename("old", "folder/old") == 0, "rename");
       Must(rename("folder", "renamed") == 0, "rename");
       PutAt(Open("renamed/old", O_RDWR), "in it", 7);
     }},
    {"rename_exchange",
     [] {
       Must(renameat2(AT_FDCWD, "old", AT_FDCWD, "other", RENAME_EXCHANGE) == 0,
            "renameat2");
       PutAt(Open("old", O_RDWR), "was other", 0);
     }},
    {"rename_no_replace",
     [] {
       Must(renameat2(AT_FDCWD, "old", AT_FDCWD, "new", RENAME_NOREPLACE) == 0,
            "renameat2");
       Must(renameat2(AT_FDCWD, "other", AT_FDCWD, "new", RENAME_NOREPLACE) < 0,
            "renameat2");
     }},
    {"rename_out_of_it", [] { Must(rename("old", "../out") == 0, "rename"); }},
    {"rename_into_it",
     [] {
       Put(Open("../outside", O_WRONLY | O_CREAT), Bytes(20, 'o'));
       Must(rename("../outside", "inside") == 0, "rename");
       Put(Open("inside", O_WRONLY | O_APPEND), "more");
     }},
    {"hard_link",
     [] {
       Must(link("old", "second") == 0, "link");
       PutAt(Open("second", O_RDWR), "both", 10);
       Must(unlink("old") == 0, "unlink");
       PutAt(Open("second", O_RDWR), "one", 20);
     }},
    {"hard_link_from_outside",
     [] {
       Put(Open("../outside", O_WRONLY | O_CREAT), Bytes(20, 'o'));
       Must(link("../outside", "inside") == 0, "link");
     }},
    {"symlink_is_replaced",
     [] {
       Must(symlink("old", "link") == 0, "symlink");
       Must(unlink("link") == 0, "unlink");
       Must(symlink("/nowhere", "link") == 0, "symlink");
     }},
    {"unlinked_and_written",
     [] {
       const int file = Open("old", O_RDWR);
       Must(unlink("old") == 0, "unlink");
       Put(file, Bytes(300, 'u'));
       Put(Open("old", O_RDWR | O_CREAT), "another");
       Put(file, Bytes(300, 'u'));
     }},
    {"number_used_again",
     [] {
       for (int i = 0; i < 20; ++i) {
         const int file = Open("new", kMake);
         Put(file, Bytes(static_cast<std::size_t>(10 + i), 'r'));
         close(file);
         if (i < 19) Must(unlink("new") == 0, "unlink");
       }
     }},
    {"temporary_file_gets_a_name", [] { TemporaryWithName(false); }},
    {"temporary_file_without_one",
     [] { Put(Open(".", O_RDWR | O_TMPFILE), Bytes(3000, 'x')); }},
    {"folders",
     [] {
       Must(mkdir("a", 0700) == 0, "mkdir");
       Must(mkdirat(AT_FDCWD, "a/b", 0700) == 0, "mkdir");
       Put(Open("a/b/c", kMake), "deep");
       Must(rmdir("a/b") < 0, "rmdir");
       Must(unlink("a/b/c") == 0, "unlink");
       Must(unlinkat(AT_FDCWD, "a/b", AT_REMOVEDIR) == 0, "rmdir");
     }},
    {"through_descriptor_of_folder",
     [] {
       Must(mkdir("a", 0700) == 0, "mkdir");
       const int folder = Open("a", O_RDONLY | O_DIRECTORY);
       const int file = openat(folder, "in", kMake, 0600);
       Must(file >= 0, "openat");
       Put(file, "in");
       Must(renameat(folder, "in", AT_FDCWD, "out") == 0, "renameat");
       Must(fsync(folder) == 0, "fsync");
     }},
    {"other_working_directory",
     [] {
       Must(mkdir("a", 0700) == 0, "mkdir");
       Must(chdir("a") == 0, "chdir");
       Put(Open("../b", kMake), "up");
       Put(Open("./c", kMake), "here");
     }},
    {"mknod", [] { Must(mknod("new", S_IFREG | 0600, 0) == 0, "mknod"); }},
    {"direct",
     [] {
       void* block = nullptr;
       Must(posix_memalign(&block, 4096, 8192) == 0, "memalign");
       std::memset(block, 'd', 8192);
       const int file = Open("new", kMake | O_DIRECT);
       Must(write(file, block, 8192) == 8192, "write");
     }},
    {"synced_open",
     [] { Put(Open("old", O_WRONLY | O_SYNC), Bytes(10, 's')); }},
    {"mapping", [] { Mapped(false); }},
    {"mapping_synced", [] { Mapped(true); }},
    {"mapping_grows",
     [] {
       const int file = Open("new", kMake);
       Must(ftruncate(file, 8192) == 0, "ftruncate");
       auto* const memory = static_cast<char*>(
           mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
       Must(memory != MAP_FAILED, "mmap");
       memory[8000] = 'g';
       PutAt(file, "by call", 100);
       Must(ftruncate(file, 9000) == 0, "ftruncate");
       memory[1] = 'h';
     }},
    {"syncs",
     [] {
       const int file = Open("old", O_RDWR);
       Put(file, "1");
       Must(fdatasync(file) == 0 && fsync(file) == 0, "fsync");
       Put(file, "2");
       Must(sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE) == 0, "range");
       Must(syncfs(file) == 0, "syncfs");
     }},
    {"locks",
     [] {
       const int file = Open("old", O_RDWR);
       struct flock lock = {};
       lock.l_type = F_WRLCK;
       lock.l_len = 1;
       Must(fcntl(file, F_SETLK, &lock) == 0, "fcntl");
       Must(flock(file, LOCK_EX) == 0, "flock");
       Put(file, "locked");
     }},
    {"failing_calls",
     [] {
       Must(open("missing/file", kMake, 0600) < 0, "open");
       Must(unlink("missing") < 0, "unlink");
       Must(write(Open("old", O_RDONLY), "x", 1) < 0, "write");
       Must(rename("missing", "old") < 0, "rename");
       Must(ftruncate(Open("old", O_RDONLY), 0) < 0, "ftruncate");
     }},
    {"threads", Threads},
    {"processes", Processes},
    {"executes_from_a_thread",
     [] {
       pthread_t thread;
       pthread_create(
           &thread, nullptr,
           [](void*) -> void* {
             execl("/proc/self/exe", "again", "append", nullptr);
             return nullptr;
           },
           nullptr);
       pthread_join(thread, nullptr);
     }},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    for (const Operation& operation : kOperations) std::puts(operation.name);
    return 0;
  }
  for (const Operation& operation : kOperations) {
    if (std::strcmp(operation.name, argv[1]) == 0) {
      operation.run();
      return 0;
    }
  }
  return 2;
}
