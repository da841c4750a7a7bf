/**
 * What a transition costs: µs and bytes of state for each, and what the state map adds as the state grows. Prints its
 * conditions. `node dist/bench/contracts.js [--json] [--quick]`; docs/measurements/contracts.md has a table taken by it.
 */

import { cpus, loadavg } from 'node:os';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { encodeReadingProof, openEvidence } from '../consensus/checkpoint/evidence.ts';
import { type Header, headerId } from '../consensus/checkpoint/header.ts';
import { makeOutcome, outcomesRoot, proveVertex } from '../consensus/checkpoint/outcome.ts';
import { toHex, uint32Bytes } from '../consensus/codec/bytes.ts';
import { runCall } from '../consensus/contracts/engine.ts';
import { transitions as declared } from '../consensus/contracts/index.ts';
import { storedObject } from '../consensus/contracts/object.ts';
import { Draft } from '../consensus/contracts/state.ts';
import { isRefusal } from '../consensus/contracts/transition.ts';
import { SUITE } from '../consensus/crypto/ed25519.ts';
import { hash, zero32 } from '../consensus/crypto/hash.ts';
import { verifyZip215 } from '../consensus/crypto/primitives.ts';
import { batch, batchHash, makeBatch, proveFrame } from '../consensus/vertex/batch.ts';
import { signFrame } from '../consensus/vertex/frame.ts';
import { signVertex } from '../consensus/vertex/vertex.ts';
import { installNativePrimitives, nativeSigner } from '../node/crypto/native.ts';
import { type ContractSample, gatherSamples } from './contract-samples.ts';
import { type Cost, measureCost } from './rounds.ts';
import { BATCH, type MapResult, measureMap } from './state-map.ts';

export interface ContractsOptions {
  readonly rounds: number;
  readonly roundMs: number;
  /** Objects in the state map, ascending. */
  readonly mapSizes: readonly number[];
}

export const contractsDefaults: ContractsOptions = {
  rounds: 7,
  roundMs: 25,
  mapSizes: [1_000, 10_000, 100_000, 1_000_000],
};
/** For a look in a few seconds; too coarse for a record. */
export const contractsQuick: ContractsOptions = { rounds: 3, roundMs: 3, mapSizes: [1_000, 10_000] };

export interface TransitionRow extends Cost {
  readonly transition: string;
  readonly signatures: number;
  /** Objects written or removed, the call's own record included. */
  readonly objects: number;
  /** By which the stored state grows; negative where it shrinks. */
  readonly stateBytes: number;
}

export interface ContractsResult {
  readonly conditions: { readonly [name: string]: string | number };
  readonly transitions: readonly TransitionRow[];
  /** Transitions whose cases run elsewhere than on a contract world, and that are not measured. */
  readonly absent: readonly string[];
  /** Single operations that calls are made of. */
  readonly parts: { readonly verifySignature: Cost; readonly openReadingProof: Cost };
  readonly map: MapResult;
}

export async function run(options: ContractsOptions = contractsDefaults): Promise<ContractsResult> {
  const loadBefore = loadavg()[0]!;
  const samples = await gatherSamples();
  // The tests bring primitives of their own: the node's are measured.
  installNativePrimitives();
  const transitions = samples
    .map((sample) => measureTransition(sample, options))
    .sort((a, b) => b.medianUs - a.medianUs);
  const parts = { verifySignature: measureVerify(options), openReadingProof: measureProof(options) };
  const map = measureMap(options.mapSizes, options);
  const absent = [...declared.keys()].filter(
    (name) => !samples.some(({ transition }) => transition === name),
  );
  const conditions = {
    ...{ node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length },
    ...{ loadBefore: round(loadBefore), loadAfter: round(loadavg()[0]!) },
    ...{ rounds: options.rounds, roundMs: options.roundMs },
  };
  return { conditions, transitions, absent, parts, map };
}

function measureTransition(
  { transition, call, state, environment }: ContractSample,
  options: ContractsOptions,
): TransitionRow {
  const execute = (): Draft => {
    const draft = new Draft(state);
    const refusal = runCall(call, zero32, draft, environment);
    if (refusal !== undefined)
      throw new Error(`${transition}: the case passed, and here it gives ${refusal.code}`);
    return draft;
  };
  const changes = execute().changes();
  let stateBytes = 0;
  for (const { path, object } of changes) {
    const before = state.find(toHex(path));
    stateBytes += (object && storedObject.encode(object).length) ?? 0;
    stateBytes -= (before && storedObject.encode(before).length) ?? 0;
  }
  const signatures = call.signatures.length;
  return { transition, ...measureCost(execute, options), signatures, objects: changes.length, stateBytes };
}

function measureVerify(options: ContractsOptions): Cost {
  const signer = nativeSigner(hash('salt', uint32Bytes(1)));
  const digest = hash('call-signature', zero32);
  const signature = signer.sign(digest);
  return measureCost(() => verifyZip215(signature, digest, signer.publicKey), options);
}

/** In the cases a reading is known to be on the ledger; on a node its proof is opened, and this is what that costs. */
function measureProof(options: ContractsOptions): Cost {
  const network = hash('network', uint32Bytes(1));
  const signer = nativeSigner(hash('salt', uint32Bytes(2)));
  const readings = [{ quantity: 'temperature' as const, value: { mantissa: 215, exponent: -1 } }];
  const frames = Array.from({ length: 64 }, (_, counter) =>
    signFrame(
      { device: 'bench', session: '', counter, time: 1_700_000_000_000 + counter, readings },
      network,
      signer,
    ),
  );
  const made = makeBatch(frames, hash('salt', uint32Bytes(3)));
  const vertex = signVertex(
    {
      ...{ network, sequence: 1, previous: zero32, checkpoint: zero32, parents: [], time: 1_700_000_000_000 },
      ...{ kind: 'readings' as const, payloadHash: batchHash(made) },
    },
    batch.encode(made),
    signer,
  );
  const others = Array.from({ length: 99 }, (_, i) =>
    makeOutcome(hash('vertex', uint32Bytes(i)), 'OK', zero32),
  );
  const outcomes = [makeOutcome(vertex.id, 'OK', zero32), ...others];
  const header: Header = {
    ...{
      suite: SUITE,
      network,
      epoch: 0,
      height: 1,
      previous: zero32,
      time: 1_700_000_000_500,
      anchor: zero32,
    },
    ...{ outcomesRoot: outcomesRoot(outcomes), outcomesCount: outcomes.length, stateRoot: zero32 },
    ...{ historyRoot: zero32, committeeHash: zero32, nextCommitteeHash: zero32 },
  };
  const encoded = encodeReadingProof({
    frame: proveFrame(made, 0),
    vertex: proveVertex(vertex, outcomes, 0, header),
  });
  if (!encoded.ok) throw new Error(encoded.code);
  const recent = new Map([[toHex(headerId(header)), header.time]]);
  const open = () => openEvidence(encoded.value, network, recent);
  const opened = open();
  if (isRefusal(opened)) throw new Error(`the proof does not open: ${JSON.stringify(opened.facts)}`);
  return measureCost(open, options);
}

const round = (value: number): number => Math.round(value * 100) / 100;
const us = (value: number): string => value.toFixed(value < 10 ? 1 : 0);
const cost = ({ medianUs, leastUs, mostUs }: Cost): string =>
  `${us(medianUs).padStart(7)}  (${us(leastUs)}–${us(mostUs)})`;

export function printContracts({ conditions, transitions, absent, parts, map }: ContractsResult): string {
  const facts = Object.entries(conditions).map(([name, value]) => `${name} ${value}`);
  const lines = [
    `Conditions: ${facts.join(', ')}; CPU time of one process, median of rounds (least–most)`,
    '',
    'Cost of a transition: the call on a draft of the state, signatures included; CPU µs',
    `${'transition'.padEnd(20)} ${'µs'.padStart(7)}  ${'spread'.padEnd(14)} signatures objects  state bytes`,
    ...transitions.map((row) => {
      const [median, spread] = cost(row).trim().split('  ');
      const { transition, signatures, objects, stateBytes } = row;
      return `${transition.padEnd(20)} ${median!.padStart(7)}  ${spread!.padEnd(14)} ${String(signatures).padStart(10)} ${String(objects).padStart(7)} ${String(stateBytes).padStart(12)}`;
    }),
    `not measured: ${absent.join(', ')}`,
    '',
    `one signature verified    ${cost(parts.verifySignature)} µs`,
    `one reading proof opened  ${cost(parts.openReadingProof)} µs`,
    '',
    `State map: one object changed alone, and among ${BATCH} of one checkpoint; µs an object`,
    `${'objects'.padStart(9)}  ${'alone'.padEnd(24)} ${'among others'.padEnd(24)} build ms  bytes an object`,
    ...map.rows.map(
      ({ objects, single, batched, buildMs, bytesPerObject }) =>
        `${String(objects).padStart(9)} ${cost(single).padEnd(25)}${cost(batched).padEnd(25)}${String(Math.round(buildMs)).padStart(8)} ${String(Math.round(bytesPerObject)).padStart(16)}`,
    ),
    `exponent: alone ${map.exponents.single.toFixed(3)}, among others ${map.exponents.batched.toFixed(3)} (0 constant, 1 linear)`,
  ];
  return `${lines.join('\n')}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
  });
  const result = await run(values.quick ? contractsQuick : contractsDefaults);
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : printContracts(result));
}
