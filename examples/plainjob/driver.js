// The job queue plainjob, as it comes, as a driver of lastcommit.
//
//   npm install plainjob better-sqlite3
//   lastcommit fuzz --driver='node driver.js'
//
// What is found first hides what is behind it. Words behind `driver.js` leave
// out what is known, or ask for more:
//
//   keep    jobs that were claimed long ago are not requeued
//   power   what was acknowledged survives a loss of power

'use strict';

const path = require('node:path');

const Database = require('better-sqlite3');
const { better, defineQueue } = require('plainjob');
const { serve } =
    require(path.join(__dirname, '..', 'node', 'lastcommit-driver'));

const TYPE = 'job';
const words = process.argv.slice(2);

// It asks for the time itself.
let now = 0;
Date.now = () => now * 1000;

const quiet = { error() {}, warn() {}, info() {}, debug() {} };

class Store {
  static dialect = 'queue';

  open(file) {
    this.db = new Database(file);
    this.queue = defineQueue({ connection: better(this.db), logger: quiet });
  }

  close() { this.queue.close(); }

  enqueue(job, value, time) {
    now = time;
    this.queue.add(TYPE, [job, value]);
  }

  enqueue_batch(jobs, time) {
    now = time;
    this.queue.addMany(TYPE, jobs);
  }

  claim_waiting(worker, time) {
    now = time;
    const claimed = this.queue.getAndMarkJobAsProcessing(TYPE);
    return claimed && JSON.parse(this.queue.getJobById(claimed.id).data);
  }

  idOf(job) {
    return this.db.prepare(
        'SELECT id FROM plainjob_jobs WHERE data ->> 0 = ?').pluck().get(job);
  }

  complete(job, worker, time) {
    now = time;
    this.queue.markJobAsDone(this.idOf(job));
  }

  fail(job, worker, time) {
    now = time;
    this.queue.markJobAsFailed(this.idOf(job), 'it failed');
  }

  state() {
    return this.db.prepare('SELECT * FROM plainjob_jobs WHERE status < 2').all()
        .map((row) => [row.status === 0 ? 'waiting' : 'claimed',
                       ...JSON.parse(row.data)]);
  }
}

if (!words.includes('keep')) {
  Store.prototype.requeue = function(lease, time) {
    now = time;
    this.queue.requeueTimedOutJobs(lease * 1000);
  };
}

serve(Store, { store: 'plainjob', clients: 3,
               promise: words.includes('power') ? 'power' : 'process' });
