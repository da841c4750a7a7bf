import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Schedule } from './pbft-schedule.ts';
import { installCheapSignatures } from './test-signer.ts';

installCheapSignatures();
const test = suite('pbft');

const SCHEDULES = Number(process.env['SCHEDULES'] ?? 150);
for (const seats of [4, 5, 6, 7]) {
  test(`n = ${seats}: schedules`, () => {
    const failures: string[] = [];
    const totals = { restarts: 0, lost: 0, highestView: 0, forged: 0 };
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      const schedule = new Schedule({ seed: 1_000 * seats + seed, seats });
      const failure = schedule.run();
      if (failure !== undefined) failures.push(`seed ${1_000 * seats + seed}: ${failure}`);
      for (const name of ['restarts', 'lost', 'forged'] as const) totals[name] += schedule.counts[name];
      totals.highestView = Math.max(totals.highestView, schedule.counts.highestView);
    }
    console.log(JSON.stringify(totals), failures.length);
    assert.equal(failures.slice(0, 5), []);
  });
}
test.run();
