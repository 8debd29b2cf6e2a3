// LangGraph's SqliteSaver, as it comes, as a driver of lastcommit.
//
//   npm install @langchain/langgraph-checkpoint-sqlite
//   lastcommit fuzz --driver='node driver.js'
//
// What is found first hides what is behind it. Words behind `driver.js` leave
// out what is known, or ask for more:
//
//   namespace   each write gives a namespace
//   setup       the tables are made when the store is opened
//   text        no value is bytes
//   step        put() and putWrites() after it are one operation, which is all
//               there or not at all
//   power       what was acknowledged survives a loss of power
//
// What a checkpoint holds is its one channel `value`, to which writes go, too.

'use strict';

const path = require('node:path');

const { SqliteSaver } = require('@langchain/langgraph-checkpoint-sqlite');
const { serve, NotFound, Refused } =
    require(path.join(__dirname, '..', 'node', 'lastcommit-driver'));

const CHANNEL = 'value';
const words = process.argv.slice(2);

function configOf(thread, ns, id) {
  return { configurable:
    { thread_id: thread, checkpoint_ns: ns, checkpoint_id: id } };
}

// What the saver throws is its answer.
async function answerOf(call) {
  try {
    return await call();
  } catch (error) {
    throw new Refused(error.message, 'invalid');
  }
}

class Store {
  static dialect = 'checkpoints';

  open(file) {
    this.saver = SqliteSaver.fromConnString(file);
    if (words.includes('setup')) this.saver.setup();
  }

  close() { this.saver.db.close(); }

  put(thread, ns, id, parent, value) {
    const checkpoint = {
      v: 4, id, ts: '2026-01-01T00:00:00Z', channel_values: { [CHANNEL]: value },
      channel_versions: {}, versions_seen: {},
    };
    return answerOf(() => this.saver.put(
        configOf(thread, ns, parent), checkpoint,
        { source: 'loop', step: 1, parents: {} }));
  }

  put_writes(thread, ns, id, task, values) {
    const given = words.includes('namespace') ? ns ?? '' : ns;
    return answerOf(() => this.saver.putWrites(
        configOf(thread, given, id), values.map((value) => [CHANNEL, value]),
        task));
  }

  delete_thread(thread) {
    return answerOf(() => this.saver.deleteThread(thread));
  }

  async get(thread, ns, id) {
    const tuple = await answerOf(
        () => this.saver.getTuple(configOf(thread, ns, id)));
    if (tuple === undefined) throw new NotFound(id);
    const numbers = {};
    return {
      parent: tuple.parentConfig?.configurable.checkpoint_id,
      value: tuple.checkpoint.channel_values[CHANNEL],
      writes: tuple.pendingWrites.map(([task, , value]) => {
        numbers[task] = (numbers[task] ?? -1) + 1;
        return [task, numbers[task], value];
      }),
    };
  }

  // From the tables, since no method gives what waits at a checkpoint that is
  // not there.
  async state() {
    const { db, serde } = this.saver;
    const rows = [];
    // The first call makes the tables, one after the other.
    const rowsOf = (table) =>
      db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) ?
        db.prepare(`SELECT * FROM ${table}`).all() : [];
    for (const row of rowsOf('checkpoints')) {
      const checkpoint = await serde.loadsTyped(row.type, row.checkpoint);
      rows.push(['checkpoint', row.thread_id, row.checkpoint_ns,
                 row.checkpoint_id, row.parent_checkpoint_id,
                 checkpoint.channel_values[CHANNEL]]);
    }
    for (const row of rowsOf('writes')) {
      rows.push(['write', row.thread_id, row.checkpoint_ns, row.checkpoint_id,
                 row.task_id, row.idx,
                 await serde.loadsTyped(row.type, row.value)]);
    }
    return rows;
  }
}

if (!words.includes('text')) {
  Store.prototype.put_bytes = Store.prototype.put_writes;
}
if (words.includes('step')) {
  Store.prototype.put_step =
      async function(thread, ns, id, parent, value, task, values) {
        await this.put(thread, ns, id, parent, value);
        await this.put_writes(thread, ns, id, task, values);
      };
}

serve(Store, { store: 'langgraph-js',
               promise: words.includes('power') ? 'power' : 'process' });
