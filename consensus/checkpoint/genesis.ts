/** The genesis `[GEN-1]`: everything a network starts from. Its hash is the network's id. docs/spec/genesis.md. */

import { equalBytes } from '../codec/bytes.ts';
import { limits } from '../codec/limits.ts';
import { ok, type Result, refuse } from '../codec/result.ts';
import { type Infer, int, type Json, key32, list, record, text, timeMs } from '../codec/schema.ts';
import { checkLei } from '../contracts/identifiers.ts';
import type { ObjectType } from '../contracts/object.ts';
import { policy } from '../contracts/policy.ts';
import { key, labelKey, party, role, roles } from '../contracts/registry.ts';
import { putStake, stakeOf } from '../contracts/rules/stake.ts';
import {
  bondMinOf,
  committeeRules,
  lastHeightOf,
  type SeatRules,
  seatRulesOf,
  seatsMin,
  supplyOf,
} from '../contracts/seats/rules.ts';
import { Draft, LedgerState } from '../contracts/state.ts';
import { keyDefect, SUITE } from '../crypto/ed25519.ts';
import { hash, zero32 } from '../crypto/hash.ts';
import { History } from '../merkle/history.ts';
import { emptyRoot } from '../merkle/tree.ts';
import { Committee } from './committee.ts';
import { type Header, headerId } from './header.ts';
import { beginEpoch } from './succession.ts';

const milliseconds = int(1, 86_400_000);

/** Rhythm and caps of the protocol; defaults in `defaultPace`. */
export const pace = record('pace', {
  /** Least time between two witnesses of one seat `[WIT-1]`. */
  witnessIntervalMs: milliseconds,
  /** Least time between two proposals `[CKP-5]`. */
  checkpointIntervalMs: milliseconds,
  /** Greatest silence: an empty checkpoint is made then. */
  heartbeatMs: milliseconds,
  viewTimeoutMs: milliseconds,
  viewTimeoutMaxMs: milliseconds,
  /** ε: how far a proposal's time may be ahead of a seat's clock `[CKP-3]`. */
  clockAheadMs: milliseconds,
  /** δ: how far it may be behind, doubled with each view. */
  clockBehindMs: milliseconds,
  /** K: checkpoints whose outcome lists every node keeps `[ORD-1]`. */
  settledWindow: int(16, 65_536),
  verticesPerCheckpointMax: int(1, limits.outcomesMax),
  callBytesPerCheckpointMax: int(1, 1 << 30),
  /** A trust root older than this anchors nothing `[LC-1]`. */
  trustingPeriodMs: int(1),
});
export type Pace = Infer<typeof pace>;

export const defaultPace: Pace = {
  witnessIntervalMs: 100,
  checkpointIntervalMs: 250,
  heartbeatMs: 10_000,
  viewTimeoutMs: 1_000,
  viewTimeoutMaxMs: 8_000,
  clockAheadMs: 500,
  clockBehindMs: 5_000,
  settledWindow: 1_024,
  verticesPerCheckpointMax: 20_000,
  callBytesPerCheckpointMax: 16 << 20,
  trustingPeriodMs: 365 * 86_400_000,
};

const genesisParty = record('genesis-party', {
  lei: text(20, 20),
  name: text(80, 1),
  address: text(160),
  roles: list(role, roles.length, 1),
  keys: list(key32, 8, 1),
});

export const genesisSchema = record('genesis', {
  suite: int(0, 255),
  name: text(64, 1),
  time: timeMs,
  /** Voting keys of epoch 0; each must be a key of one of the parties. */
  seats: list(key32, limits.seatsMax, 1),
  /** How later committees are chosen, and when `[CKP-4]`. */
  committee: committeeRules,
  parties: list(genesisParty, 256, 1),
  policy,
  pace,
});
export type GenesisRecord = Infer<typeof genesisSchema>;

export { defaultCommitteeRules } from '../contracts/seats/rules.ts';

/** A network's start, with everything that follows from it. */
export interface Genesis {
  readonly record: GenesisRecord;
  readonly network: Uint8Array;
  readonly committee: Committee;
  /** How committees change, as contracts see it. */
  readonly seatRules: SeatRules;
  readonly header: Header;
  readonly headerId: Uint8Array;
  makeState(): LedgerState;
}

export function checkGenesis(genesis: GenesisRecord): Result<Genesis> {
  if (genesis.suite !== SUITE) return refuse('E_SUITE', { suite: genesis.suite });
  const enrolled = new Set<string>();
  const leis = new Set<string>();
  for (const entry of genesis.parties) {
    const wrong = checkLei(entry.lei) ?? (leis.has(entry.lei) ? 'named twice' : undefined);
    if (wrong !== undefined)
      return refuse('E_ID_INVALID', { party: entry.name, lei: entry.lei, reason: wrong });
    leis.add(entry.lei);
    for (const publicKey of entry.keys) {
      const defect = keyDefect(publicKey);
      if (defect !== undefined) return refuse('E_CREDENTIAL', { party: entry.name, reason: defect });
      if (enrolled.has(publicKey.join()))
        return refuse('E_CREDENTIAL', { party: entry.name, reason: 'key enrolled twice' });
      enrolled.add(publicKey.join());
    }
  }
  const seats = new Set(genesis.seats.map((seat) => seat.join()));
  if (seats.size !== genesis.seats.length) return refuse('E_CREDENTIAL', { reason: 'a seat is named twice' });
  for (const seat of seats)
    if (!enrolled.has(seat)) return refuse('E_CREDENTIAL', { reason: 'a seat is no party’s key' });

  const stakes = checkStakes(genesis);
  if (!stakes.ok) return stakes;
  const { policy: seatPolicy, seatsWanted } = genesis.committee;
  if (seatPolicy !== 'governance' && seatsWanted < seatsMin(genesis.seats.length))
    return refuse('E_SCHEMA', { field: 'genesis.committee.seatsWanted', reason: 'too few seats' });

  const network = hash('network', genesisSchema.encode(genesis));
  const committee = new Committee({
    epoch: 0,
    firstHeight: 0,
    lastHeight: lastHeightOf(0, genesis.committee.epochHeights),
    seats: genesis.seats,
  });
  const seatRules = seatRulesOf(genesis.committee, genesis.pace.trustingPeriodMs);
  const makeState = () => firstState(genesis, network, committee);
  const header: Header = {
    suite: SUITE,
    network,
    epoch: 0,
    height: 0,
    previous: zero32,
    time: genesis.time,
    anchor: zero32,
    outcomesRoot: emptyRoot,
    outcomesCount: 0,
    stateRoot: makeState().map.root,
    historyRoot: History.empty.root,
    committeeHash: committee.hash,
    nextCommitteeHash: committee.hash,
  };
  return {
    ok: true,
    value: { record: genesis, network, committee, seatRules, header, headerId: headerId(header), makeState },
  };
}

/** Each bond is one party's, behind a key of its own, and large enough. */
function checkStakes({ committee: { stakes }, parties }: GenesisRecord): Result<void> {
  const field = 'genesis.committee.stakes';
  if (supplyOf(stakes) > BigInt(Number.MAX_SAFE_INTEGER))
    return refuse('E_SCHEMA', { field, reason: 'more than 2^53 - 1 in all' });
  const seen = new Set<string>();
  for (const { lei, amount, key: seat } of stakes) {
    const holder = parties.find((entry) => entry.lei === lei);
    if (holder === undefined || seen.has(lei))
      return refuse('E_SCHEMA', {
        field,
        lei,
        reason: holder === undefined ? 'no such party' : 'named twice',
      });
    seen.add(lei);
    if (!holder.keys.some((own) => equalBytes(own, seat)))
      return refuse('E_CREDENTIAL', { field, lei, reason: 'not a key of the party' });
    if (amount < bondMinOf(stakes))
      return refuse('E_SCHEMA', { field, lei, reason: 'less than the least bond', least: bondMinOf(stakes) });
  }
  return ok(undefined);
}

/** Reads a genesis file's JSON. */
export function parseGenesis(json: Json): Result<Genesis> {
  const parsed = genesisSchema.parseJson(json);
  return parsed.ok ? checkGenesis(parsed.value) : parsed;
}

function firstState(genesis: GenesisRecord, network: Uint8Array, committee: Committee): LedgerState {
  const draft = new Draft(LedgerState.of([]));
  // Whoever holds the genesis knows these values, so their salts need not be secret.
  const salts = [network, network] as const;
  for (const entry of genesis.parties) {
    const id = labelKey(network, 'lei', entry.lei);
    draft.put(
      party,
      id,
      { roles: entry.roles, lei: entry.lei, name: entry.name, address: entry.address, controller: zero32 },
      salts,
    );
    for (const publicKey of entry.keys)
      draft.put(key, publicKey, { party: id, kind: 'party', state: 'ACTIVE', since: 0 }, salts);
  }
  const writer = {
    get: <T>(type: ObjectType<T>, id: Uint8Array) => draft.get(type, id),
    put: <T>(type: ObjectType<T>, id: Uint8Array, value: T) => draft.put(type, id, value, salts),
  };
  for (const { lei, amount, key: seat } of genesis.committee.stakes) {
    const id = labelKey(network, 'lei', lei);
    putStake(writer, id, { ...stakeOf(draft, id), bonded: amount, weight: amount, key: seat });
  }
  beginEpoch(draft, committee, false);
  return LedgerState.of(draft.changes().map((change) => change.object!));
}
