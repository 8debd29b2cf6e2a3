// Twenty steps of LangGraph's SqliteSaver: a put, and its writes, which are
// acknowledged together.
const { appendFileSync } = require("node:fs");
const { SqliteSaver } = require("@langchain/langgraph-checkpoint-sqlite");

async function main() {
  const saver = SqliteSaver.fromConnString("threads.db");
  let config = { configurable: { thread_id: "a", checkpoint_ns: "" } };
  for (let step = 0; step < 20; ++step) {
    const checkpoint = {
      v: 1,
      id: `1ef4f797-8335-6428-8001-8a15035${String(step).padStart(5, "0")}`,
      ts: "2026-01-01T00:00:00Z",
      channel_values: { step },
      channel_versions: {},
      versions_seen: {},
      pending_sends: [],
    };
    const metadata = { source: "loop", step, parents: {} };
    config = await saver.put(config, checkpoint, metadata);
    await saver.putWrites(config, [["result", step]], `task${step}`);
    appendFileSync(process.env.LASTCOMMIT_ACK, `ack ${step}\n`);
  }
}

main();
