/**
 * Child of the tests of the disk budget: one real ledger on a real disk, given batches of readings until so many are taken or
 * its budget is used up. Says in lines of JSON how it stands; to be killed at any moment, and started again.
 */

import { checkVertexProof } from '../../consensus/checkpoint/outcome.ts';
import { decodeVertex } from '../../consensus/vertex/vertex.ts';
import { checkAnchored, checkCertified } from '../../light-client/proof/anchor.ts';
import type { Profile } from '../config/node-config.ts';
import { budgetSpentIn } from '../level/disk-plan.ts';
import { openStore } from '../level/store.ts';
import { Prover } from '../service/proofs.ts';
import { Pruner } from '../service/pruner.ts';
import { Upkeep } from '../service/upkeep.ts';
import { exitCodes } from '../startup.ts';
import { until } from './local-nodes.ts';
import { SharedLedger, value } from './shared-ledger.ts';

export const SSCC = '340123450000000017';
const AT_ONCE = 16;
const CALLS_AT_ONCE = 16;
const RETRY_MS = 250;
/** The ledger's clock runs ahead by so much with each batch: what has to be a minute old is so after 200 batches. */
const AHEAD_MS = 300;

export interface Load {
  readonly directory: string;
  readonly genesisMs: number;
  readonly profile: Profile;
  readonly capBytes: number;
  /** Batches to be taken in this life, and the frames of each, of 0.4 KiB. */
  readonly batches: number;
  readonly frames: number;
  /** Vertices, by what they are, that an earlier life told of. */
  readonly before?: Told;
}

/** Vertices by name. */
export interface Told {
  /** Cited by a registration. */
  readonly cited: string;
  readonly unused: string;
  /** Acknowledged last. */
  readonly last: string;
}

export interface Line extends Told {
  readonly taken: number;
  readonly refused: { readonly [code: string]: number };
  readonly takesBatches: boolean;
  readonly pruned: { readonly batches: number; readonly bytes: number };
  readonly diskBytes: number;
  /** Calls that took effect while batches were refused. */
  readonly calls: number;
}

/** What the last line says, instead. */
export interface Ending {
  readonly ended: 'done' | 'spent';
  readonly message: string;
  readonly held: { readonly [name in keyof Told]: boolean | undefined };
  /** Whether a proof of each is good. */
  readonly outcomes: { readonly [name in keyof Told]: boolean };
  readonly reading: boolean;
  readonly callCode: string;
  /** Of the store as it was found, and at the end; one that is spent is read by the next life. */
  readonly faults: readonly string[];
}

async function run({
  directory,
  genesisMs,
  profile,
  capBytes,
  batches,
  frames,
  before,
}: Load): Promise<void> {
  const store = await openStore(directory, { firstStart: before === undefined, diskBytesMax: capBytes });
  const { faults: found } = await store.audit();
  const height = (await store.load()).height;
  const newest = await store.checkpoint(height);
  let aheadMs = Math.max(0, (newest?.header.time ?? 0) - Date.now());
  const clock = { now: () => Date.now() + aheadMs };
  const kept: { upkeep?: Upkeep } = {};
  let halted: Error | undefined;
  const ledger = await SharedLedger.start(
    {},
    {
      ...{ disk: store, clock, genesisMs },
      prepare: async (runner) => {
        const days = profile === 'archive' ? undefined : 30;
        const pruner = new Pruner({ ledger: runner.replica.ledger, store }, days);
        const onRoom = (batchBytes: number) => void runner.dispatch({ type: 'room', batchBytes });
        kept.upkeep = await Upkeep.start({ store, pruner, profile, onRoom }).catch((error) => {
          process.stderr.write((error as Error).message);
          process.exit(exitCodes.budgetSpent);
        });
      },
      onNotice: ({ type }) => {
        if (type === 'checkpoint' || kept.upkeep?.isDue) kept.upkeep?.look().catch(fail);
      },
      onHalt: (error) => {
        halted = error;
      },
    },
  );
  const { bank, monitor } = ledger.services;
  const upkeep = kept.upkeep!;
  const told: { -readonly [name in keyof Told]: string } = before ? { ...before } : await begin(ledger);
  const refused: { [code: string]: number } = {};
  let taken = 0;
  let calls = 0;
  while (taken < batches && halted === undefined) {
    const takenBefore = taken;
    const piled = Array.from({ length: AT_ONCE }, () => ledger.pile(frames));
    for (const said of await Promise.allSettled(piled)) {
      // The node has stopped.
      if (said.status === 'rejected') break;
      const { key, reply } = said.value;
      const code = reply.type === 'refused' ? reply.refusal.code : undefined;
      if (code === undefined) {
        taken += 1;
        told.last = key;
        aheadMs += AHEAD_MS;
      } else refused[code] = (refused[code] ?? 0) + 1;
    }
    // As a gateway would.
    if (taken - takenBefore < AT_ONCE) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    say({
      ...{ ...told, taken, refused, takesBatches: upkeep.takesBatches },
      ...{ pruned: upkeep.pruned, diskBytes: store.meter.bytes, calls },
    });
    // Consensus goes on: calls fill what the batches left.
    if (upkeep.takesBatches || profile !== 'archive') continue;
    const called = Array.from({ length: CALLS_AT_ONCE }, () => enrol(ledger));
    // What is under way when the node stops is answered by nobody.
    const codes = await Promise.race([Promise.all(called), until('it stops', () => halted !== undefined)]);
    calls += codes?.filter((code) => code === 'OK').length ?? 0;
  }

  const each = async <T>(
    ask: (key: string) => Promise<T>,
  ): Promise<{ readonly [name in keyof Told]: T }> => ({
    cited: await ask(told.cited),
    unused: await ask(told.unused),
    last: await ask(told.last),
  });
  const prover = new Prover(ledger.runner.replica.ledger, store, bank.head);
  const isProved = async (key: string): Promise<boolean> => {
    const proved = await prover.vertex(key);
    if (proved === undefined) return false;
    const { proof, anchor } = proved;
    const { network, committee } = ledger.genesis;
    const root = { network, committee, height: 0 };
    return (
      checkVertexProof(proof, network).ok &&
      checkAnchored(proof.header, anchor).ok &&
      checkCertified(anchor.certified, root).ok
    );
  };
  const verified = (bundle: Uint8Array): boolean =>
    ledger.verify(bundle, { nowMs: clock.now() }).verdict === 'valid';
  const spent = budgetSpentIn(halted);
  const callCode = spent === undefined ? await enrol(ledger) : '';
  await until('the last batch is final', async () => spent !== undefined || (await isProved(told.last)));
  const reading = spent === undefined && verified(value(await monitor.readings.bundle(told.cited, 0)));
  await ledger.stop();
  const ending: Ending = {
    ended: spent === undefined ? 'done' : 'spent',
    message: spent?.message ?? '',
    held: await each(async (key) => {
      const stored = await store.vertex(key);
      const vertex = stored && decodeVertex(stored);
      return vertex?.ok ? vertex.value.payload.length > 0 : undefined;
    }),
    outcomes: await each(isProved),
    ...{
      reading,
      callCode,
      faults: spent === undefined ? [...found, ...(await store.audit()).faults] : found,
    },
  };
  say(ending);
  process.exit(0);
}

async function begin(ledger: SharedLedger): Promise<Told> {
  const unused = await ledger.measure('500');
  await ledger.register(SSCC);
  const page = await ledger.services.monitor.readings.page({
    device: undefined,
    limit: 100,
    from: undefined,
  });
  const cited = page.readings.find(({ vertex }) => vertex !== unused)!.vertex;
  return { cited, unused, last: cited };
}

let doors = 0;
async function enrol(ledger: SharedLedger): Promise<string> {
  const party = ledger.party('monitor');
  const { outcome } = await ledger.act(['monitor'], 'enrol-device', {
    ...{ owner: party, monitor: party, key: '', replaces: false },
    ...{ identifier: `door-${process.pid}-${doors++}`, functions: ['door'] },
  });
  return outcome.code;
}

function fail(error: unknown): void {
  // Whatever looks after a store that takes no more ends with it.
  if (budgetSpentIn(error) === undefined) throw error;
}

function say(line: Line | Ending): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

if (process.argv[2] === 'load') await run(JSON.parse(process.argv[3]!) as Load);
