// Commits ten rows with better-sqlite3, and prints each.
const Database = require("better-sqlite3");

const database = new Database("app.db");
database.pragma("journal_mode = WAL");
database.exec("CREATE TABLE steps(n)");
const insert = database.prepare("INSERT INTO steps VALUES(?)");
for (let n = 0; n < 10; ++n) {
  insert.run(n);
  console.log("step", n, "is stored");
}
database.close();
