/* SQLite: a ROLLBACK that undoes nothing, and a kill that leaves half of a
 * transaction (docs/findings.md). In an empty directory:
 *
 *   cc stale_super_journal.c -lsqlite3 && ./a.out
 *   rm *.db* && ./a.out kill
 *
 * Two processes have a database open in journal mode TRUNCATE, with another one
 * attached. The first dies in a commit to both, between the deletion of the
 * super-journal, which is the commit, and the truncation of its journals. The
 * second then changes a row and takes that back, or is killed before it
 * commits. Nothing of that row may be seen afterwards.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static sqlite3_vfs* real;
static sqlite3_io_methods methods;

static int Die(sqlite3_file* file, sqlite3_int64 size) {
  (void)file;
  (void)size;
  _exit(0);
}

static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file,
                int flags, int* out) {
  const int result = real->xOpen(real, name, file, flags, out);
  (void)vfs;
  if (result == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_JOURNAL) != 0) {
    methods = *file->pMethods;
    methods.xTruncate = Die;
    file->pMethods = &methods;
  }
  return result;
}

static int Print(void* what, int count, char** values, char** names) {
  (void)count;
  (void)names;
  return printf("%s: %s\n", (const char*)what, values[0]) < 0;
}

static sqlite3* Connect(const char* vfs) {
  sqlite3* connection = NULL;
  sqlite3_open_v2("main.db", &connection,
                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs);
  sqlite3_exec(connection,
               "ATTACH 'other.db' AS other; PRAGMA journal_mode = truncate", 0,
               0, 0);
  return connection;
}

/* What is left of a kill: nobody rolls back but the next one to open it. */
static void LookAtACopy(void) {
  sqlite3* connection;
  mkdir("copy", 0700);
  if (fork() == 0) {
    execlp("cp", "cp", "main.db", "main.db-journal", "copy/", (char*)NULL);
    _exit(1);
  }
  wait(NULL);
  sqlite3_open("copy/main.db", &connection);
  sqlite3_exec(connection, "SELECT v FROM t", Print, "after a kill", 0);
}

int main(int count, char** arguments) {
  sqlite3* first = Connect(NULL);
  sqlite3* second;
  sqlite3_vfs dying;
  (void)arguments;
  sqlite3_exec(first,
               "CREATE TABLE main.t (v); INSERT INTO main.t VALUES (1);"
               "CREATE TABLE main.wide (v); INSERT INTO main.wide VALUES "
               "(zeroblob(9000));"
               "CREATE TABLE other.t (v); INSERT INTO other.t VALUES (1)",
               0, 0, 0);
  sqlite3_close(first);
  second = Connect(NULL);
  sqlite3_exec(second, "SELECT v FROM main.t", 0, 0, 0);
  if (fork() == 0) {
    real = sqlite3_vfs_find(NULL);
    dying = *real;
    dying.zName = "dying";
    dying.xOpen = Open;
    sqlite3_vfs_register(&dying, 0);
    sqlite3_exec(Connect("dying"),
                 "BEGIN; UPDATE main.wide SET v = zeroblob(8999);"
                 "UPDATE main.t SET v = 2; UPDATE other.t SET v = 2; COMMIT",
                 0, 0, 0);
    _exit(1);
  }
  wait(NULL);
  printf("SQLite %s\n", sqlite3_libversion());
  sqlite3_exec(second, "SELECT v FROM main.t", Print, "committed by the first",
               0);
  sqlite3_exec(second, "BEGIN; UPDATE main.t SET v = 3", 0, 0, 0);
  if (count > 1) {
    sqlite3_db_cacheflush(second); /* as a cache that is full would be */
    LookAtACopy();
    return 0;
  }
  sqlite3_exec(second, "ROLLBACK", 0, 0, 0);
  sqlite3_exec(second, "SELECT v FROM main.t", Print, "after the ROLLBACK", 0);
  return 0;
}
