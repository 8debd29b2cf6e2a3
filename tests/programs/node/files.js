// Files by node:fs/promises, sixteen at a time: libuv's threads, or a ring if
// the environment says UV_USE_IO_URING=1.
const fs = require("node:fs/promises");

async function work(n) {
  const name = `many/${n}`;
  await fs.writeFile(name, `line ${n}\n`.repeat(n * 100));
  await fs.appendFile(name, "end");
  const file = await fs.open(name, "r+");
  await file.write("START", 0);
  await file.truncate(100 + n);
  await file.sync();
  await file.close();
  await fs.rename(name, `${name}.done`);
}

async function main() {
  await fs.mkdir("many");
  await Promise.all([...Array(16).keys()].map(work));
  console.log("written");
}

main();
