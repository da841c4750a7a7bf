/** What is planted. Each is a mistake that somebody could make, in the file where it would be made. */

import type { Plant } from './plant.ts';

const LIGHT = ['--load', 'vertices:5,races:0'];
const RACES = ['--load', 'vertices:2,races:6'];

/**
 * Seat 1 says something about a height, and then everybody dies who heard it: what nobody can tell it any more, it must
 * not say otherwise. While others are up they tell it what it said, and that second guard hides what is planted in the first.
 */
const RESTORED = [
  ...['--load', 'vertices:4,races:0', '--network', '100ms', '--duration', '5', '--schedule'],
  'restored-backup@2000-2100:1/1850ms crash@2000-2400:0 crash@2000-2400:2 crash@2000-2400:3',
];

export const plants: readonly Plant[] = [
  {
    name: 'a quorum of 2f',
    file: 'consensus/checkpoint/committee.js',
    find: 'return Math.floor((2 * this.size) / 3) + 1;',
    replace: 'return 2 * this.faults;',
    options: [...LIGHT, '--byzantine', 'equivocate:1'],
    seedsMax: 2,
    checks: ['agreement', 'state'],
  },
  {
    name: 'a lock forgotten on view change',
    file: 'consensus/pbft/height.js',
    find: 'const prepared = this.#prepared;',
    replace: 'const prepared = undefined;',
    options: [...LIGHT, '--byzantine', 'hide-prepared:1', '--faults', 'asymmetric'],
    seedsMax: 6,
    checks: ['agreement', 'one vote'],
  },
  {
    name: 'a vote sent before it is written',
    file: 'node/runner.js',
    find: 'if (writes.length > 0 || durable)',
    replace:
      "const isVote = ({ type, message }) => type === 'broadcast' && 'signature' in message;\n" +
      'this.#perform(round.filter(isVote));\n' +
      'round = round.filter((effect) => !isVote(effect));\n' +
      'if (writes.length > 0 || durable)',
    options: [
      '--validators',
      '2',
      '--network',
      '100ms',
      '--load',
      'vertices:2,races:0',
      '--faults',
      'torn-write',
    ],
    pace: { viewTimeoutMs: 8_000 },
    seedsMax: 4,
    checks: ['one vote'],
  },
  {
    name: 'execution in the order of arrival',
    file: 'node/replica/proposal.js',
    find: 'for (const { vertex } of ordered) {',
    replace:
      'const taken = new Set(ordered);\n    for (const { vertex } of [...dag.nodes()].filter((node) => taken.has(node))) {',
    options: LIGHT,
    seedsMax: 2,
    checks: ['finality', 'state'],
  },
  {
    name: 'a proof checker that skips the last level',
    file: 'consensus/merkle/tree.js',
    find: 'last > 0; position',
    replace: 'last > 1; position',
    options: RACES,
    seedsMax: 2,
    checks: ['proof'],
  },
  {
    name: 'a proof checker that takes any state root',
    file: 'consensus/merkle/map.js',
    find: 'if (!equalBytes(node, root))',
    replace: 'if (false)',
    options: RACES,
    seedsMax: 3,
    checks: ['proof'],
  },
  {
    name: 'an allowance not enforced',
    file: 'node/replica/allowance.js',
    find: 'bucket.tokens -= cost;',
    replace: '',
    options: [...LIGHT, '--nodes', '5', '--byzantine', 'tip-spam:1'],
    seedsMax: 2,
    checks: ['allowance'],
  },
  {
    name: 'a unit pledged twice',
    file: 'consensus/contracts/rules/reserving.js',
    find: 'if (rival === undefined ||',
    replace: 'if (true ||',
    options: RACES,
    seedsMax: 2,
    checks: ['race', 'semantics 1'],
  },
  {
    name: 'a checkpoint told before it is durable',
    file: 'node/replica/replica.js',
    find: "this.#effects.push({ type: 'store', write: { type: 'checkpoint', checkpoint } }, { type: 'sync' });",
    replace: "this.#effects.push({ type: 'store', write: { type: 'checkpoint', checkpoint } });",
    options: [...LIGHT, '--faults', 'crash'],
    seedsMax: 6,
    checks: ['loss'],
  },
  {
    name: 'prepares counted across views',
    file: 'consensus/pbft/vote-box.js',
    find: 'for (const vote of ',
    replace:
      'for (const vote of [...this.#boxes].flatMap(([name, box]) => (name.startsWith(phase) ? [...box.values()] : [])) ?? ',
    options: [...LIGHT, '--byzantine', 'equivocate:1', '--faults', 'asymmetric,crash'],
    seedsMax: 6,
    checks: ['validity', 'agreement', 'finality'],
  },
  {
    name: 'settled vertices that stay open',
    file: 'consensus/dag/open-dag.js',
    find: 'this.drop(key);\n            this.#settled.add(key, facts, height);',
    // Else the node would notice by itself, and halt.
    replace: 'if (!this.#settled.has(key)) this.#settled.add(key, facts, height);',
    options: LIGHT,
    seedsMax: 1,
    checks: ['once'],
  },
  {
    name: 'open vertices dropped with the dead',
    file: 'node/replica/settlement.js',
    find: 'if (sequence <= ledger.standingOf(vertex).topSequence)',
    replace: 'if (sequence >= 0)',
    // An author cut off for longer than the window: what it says meanwhile cites a checkpoint from before.
    options: ['--load', 'vertices:10,races:0', '--nodes', '6', '--schedule', 'partition@2000-9000:5'],
    pace: { settledWindow: 16, checkpointIntervalMs: 100, witnessIntervalMs: 50 },
    seedsMax: 2,
    // The store in memory may meet one that comes again before anybody misses it.
    checks: ['finality', 'halt'],
  },
  {
    name: 'a fork that takes effect',
    file: 'consensus/checkpoint/execute.js',
    find: 'if (!continues) {',
    replace: 'if (false) {',
    options: [...LIGHT, '--nodes', '5', '--byzantine', 'fork:1'],
    seedsMax: 3,
    checks: ['chain'],
  },
  {
    name: 'a proposal’s time not judged',
    file: 'node/replica/proposal.js',
    find: 'if (header.time > latest)',
    replace: 'if (false)',
    options: [...LIGHT, '--byzantine', 'time-liar:1'],
    seedsMax: 3,
    checks: ['time'],
  },
  {
    name: 'votes in views that were left',
    file: 'consensus/pbft/height.js',
    find: 'if (view < this.#view)\n            return;\n        const id',
    replace: 'const id',
    options: [...LIGHT, '--network', 'lognormal:100ms'],
    pace: { viewTimeoutMs: 300 },
    seedsMax: 6,
    checks: ['one vote'],
  },
  {
    name: 'a restored seat that votes at once',
    file: 'node/replica/silence.js',
    find: '{ votesFrom }) {',
    replace: '{ votesFrom = 0 }) {',
    options: RESTORED,
    seedsMax: 2,
    checks: ['one vote'],
  },
  {
    name: 'a restored seat that votes at the height under way',
    file: 'node/replica/silence.js',
    find: 'this.#speaksFrom = greatest + 2;',
    replace: 'this.#speaksFrom = greatest;',
    options: RESTORED,
    seedsMax: 2,
    checks: ['one vote'],
  },
  {
    name: 'a vote log that nobody reads after a restart',
    file: 'node/replica/seat.js',
    find: 'this.#voteLog = voteLog;',
    replace: 'this.#voteLog = [];',
    options: [...LIGHT, '--network', '100ms', '--faults', 'crash'],
    seedsMax: 2,
    checks: ['one vote'],
  },
  {
    name: 'a new view that may choose any value',
    file: 'consensus/pbft/new-view.js',
    find: 'if (message.prepared !== undefined && (chosen',
    replace: 'if (false && (chosen',
    options: [...LIGHT, '--byzantine', 'hide-prepared:1', '--faults', 'asymmetric'],
    seedsMax: 3,
    checks: ['state', 'agreement', 'one vote'],
  },
  {
    name: 'f + 1 view-changes are enough for a new view',
    file: 'consensus/pbft/view-changes.js',
    find: 'this.#committee = committee;',
    replace: 'this.#committee = { faults: committee.faults, quorum: committee.faults + 1 };',
    // Whoever makes a new view counts, and whoever is shown one.
    also: {
      file: 'consensus/pbft/new-view.js',
      find: 'rules.committee.quorum)',
      replace: 'rules.committee.faults + 1)',
    },
    options: [...LIGHT, '--byzantine', 'hide-prepared:1', '--faults', 'asymmetric'],
    seedsMax: 4,
    checks: ['state', 'agreement'],
  },
  {
    name: 'a quorum whose signatures nobody checks',
    file: 'consensus/checkpoint/certificate.js',
    find: 'if (!verifyDigest(quorum.signatures[index]',
    replace: 'if (false && !verifyDigest(quorum.signatures[index]',
    options: [...LIGHT, '--byzantine', 'forge:1'],
    seedsMax: 2,
    // The checker asks the same code; but seats are shown votes that they never cast.
    checks: ['one vote', 'agreement'],
  },
  {
    name: 'a vote for a proposal that was found bad',
    file: 'consensus/pbft/height.js',
    find: 'if (!this.#decided && good && accepted',
    replace: 'if (!this.#decided && accepted',
    options: [...LIGHT, '--byzantine', 'time-liar:1'],
    seedsMax: 2,
    checks: ['halt', 'time'],
  },
  {
    name: 'a decision before the value was executed',
    file: 'consensus/pbft/height.js',
    find: 'checked && equalBytes(id, committed.id)',
    replace: 'equalBytes(id, committed.id)',
    options: [
      ...['--load', 'vertices:20,races:0', '--byzantine', 'withhold:1', '--nodes', '6'],
      ...['--network', 'lognormal:100ms'],
    ],
    seedsMax: 3,
    checks: ['halt'],
  },
];
