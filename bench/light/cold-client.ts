/**
 * A light client that has never run: knows the genesis, is given the frames that a node answers with, and comes to the
 * newest header and to a verdict on a bundle. A process of its own, so that nothing is compiled or cached beforehand.
 */

import { readFileSync } from 'node:fs';
import { parseGenesis } from '../../consensus/checkpoint/genesis.ts';
import { fromHex } from '../../consensus/codec/bytes.ts';
import { Follower } from '../../light-client/gateway/follower.ts';
import { lightResponse } from '../../light-client/protocol/messages.ts';
import { verifyBundle } from '../../light-client/verify/verify.ts';
import { installNativePrimitives } from '../../node/crypto/native.ts';

export interface ColdTask {
  readonly genesis: Parameters<typeof parseGenesis>[0];
  /** Hex: the answer to `head`, and the answers to `changes` in their order. */
  readonly head: string;
  readonly changes: readonly string[];
  readonly bundle: string;
  /** With the verifier that a browser has. */
  readonly isPortable: boolean;
}

export interface ColdResult {
  /** From the node's answers to the newest header, verified. */
  readonly syncMs: number;
  readonly syncCpuMs: number;
  readonly verifyMs: number;
  readonly verifyCpuMs: number;
  readonly height: number;
  readonly verdict: string;
  readonly rssBytes: number;
}

const task = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as ColdTask;
if (!task.isPortable) installNativePrimitives();
const genesis = parseGenesis(task.genesis);
if (!genesis.ok) throw new Error('the genesis is not good');
const frames = [task.head, ...task.changes].map((hex) => fromHex(hex)!);
const bundle = fromHex(task.bundle)!;

const sync = timed(() => {
  const bodies = frames.map((frame) => {
    const response = lightResponse.decode(frame);
    if (!response.ok) throw new Error(`an answer does not decode: ${response.code}`);
    return response.value.body;
  });
  const { record } = genesis.value;
  const follower = new Follower({
    ...{ root: genesis.value, genesisTimeMs: record.time, trustingPeriodMs: record.pace.trustingPeriodMs },
    ...{ newest: undefined, changes: [] },
  });
  const [head, ...answers] = bodies;
  if (head?.type !== 'head' || head.certified === undefined) throw new Error('no head');
  for (const answer of answers) {
    if (answer.type !== 'changes') throw new Error('no changes');
    for (const change of answer.changes) {
      const sight = follower.change(change, 'node', Date.now()).type;
      if (sight !== 'changed') throw new Error(`a change of committee is ${sight}`);
    }
  }
  const sight = follower.observe(head.certified, 'node', Date.now()).type;
  if (sight !== 'advanced') throw new Error(`the newest header is ${sight}`);
  return follower.head!.header.height;
});
const verify = timed(() => verifyBundle(bundle, genesis.value, { nowMs: Date.now() }).verdict);
const result: ColdResult = {
  ...{ syncMs: sync.ms, syncCpuMs: sync.cpuMs, height: sync.value },
  ...{ verifyMs: verify.ms, verifyCpuMs: verify.cpuMs, verdict: verify.value },
  rssBytes: process.memoryUsage.rss(),
};
process.stdout.write(JSON.stringify(result));

function timed<T>(work: () => T): { readonly value: T; readonly ms: number; readonly cpuMs: number } {
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const value = work();
  const ms = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { value, ms, cpuMs: (user + system) / 1_000 };
}
