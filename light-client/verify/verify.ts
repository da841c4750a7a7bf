/**
 * The offline verifier `[LC-1]`: checks a proof bundle against a genesis, with no network and no node, and says in a
 * sentence what each check showed. Pure: it runs in a browser as it is. docs/spec/proofs.md.
 */

import type { Genesis } from '../../consensus/checkpoint/genesis.ts';
import { type Header, headerId } from '../../consensus/checkpoint/header.ts';
import { equalBytes, toHex } from '../../consensus/codec/bytes.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import type { Result } from '../../consensus/codec/result.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import { checkAnchored, checkCertified, followChanges, type TrustRoot } from '../proof/anchor.ts';
import { type Bundle, bundleBytesMax, bundleSchema, type Statement } from '../proof/bundle.ts';
import { type Acquaintance, getAcquainted } from './acquaintance.ts';
import { because, type Fact, isoTime, no, yes } from './fact.ts';
import type { Declarations } from './history.ts';
import { checkStatement } from './statements.ts';

export interface Verification {
  /** `unanchored`: every check passed, but the trust root is too old, or there is no clock, to rely on it. */
  readonly verdict: 'valid' | 'invalid' | 'unanchored';
  readonly facts: readonly Fact[];
  /** Id of the network whose genesis is the trust root, hex. */
  readonly network: string;
  readonly certified:
    | { readonly height: number; readonly time: number; readonly signers: number; readonly seats: number }
    | undefined;
  /** Of the first check that failed. */
  readonly code: Code | undefined;
  /** The bundle for people; absent where it does not decode. */
  readonly shown: Json | undefined;
  /** `[LC-6]` What is known of the network now, after a bundle that is valid. */
  readonly known: Acquaintance | undefined;
}

export function verifyBundle(
  bytes: Uint8Array,
  genesis: Genesis,
  {
    nowMs,
    maxAgeMs,
    declarations,
    known,
  }: {
    readonly nowMs: number | undefined;
    /** An older certificate is refused, E_STALE; without it, its age is only said. */
    readonly maxAgeMs?: number | undefined;
    /** Of all transitions, to tell what the calls of a history said; without it only their names are told. */
    readonly declarations?: Declarations;
    /** What was known of the network before. */
    readonly known?: Acquaintance | undefined;
  },
): Verification {
  const facts: Fact[] = [];
  const network = toHex(genesis.network);
  const decoded = bundleSchema.decode(bytes, bundleBytesMax);
  const shown = decoded.ok ? bundleSchema.toJson(decoded.value) : undefined;
  let certified: Verification['certified'];
  let acquainted: Acquaintance | undefined;
  const end = (verdict: Verification['verdict']): Verification => ({
    verdict,
    facts,
    network,
    certified,
    code: facts.find(({ ok }) => !ok)?.code,
    shown,
    known: verdict === 'valid' ? acquainted : known,
  });
  /** Takes note of a check; its value, or `undefined` after a failure. */
  const note = <T>(result: Result<T>, text: (value: T) => string, failure: string): T | undefined => {
    facts.push(result.ok ? yes(text(result.value)) : because(failure, result));
    return result.ok ? result.value : undefined;
  };

  const bundle = note(
    decoded,
    () => 'The file is one proof bundle in canonical encoding.',
    'The file is no proof bundle',
  );
  if (bundle === undefined) return end('invalid');
  if (!equalBytes(bundle.network, genesis.network)) {
    facts.push(
      no('E_NETWORK', `The bundle is of network ${toHex(bundle.network)}, the genesis of ${network}.`),
    );
    return end('invalid');
  }
  facts.push(yes(`It is of network “${genesis.record.name}”, whose genesis was given.`));
  const { changes } = bundle;
  const followed = followChanges(changes, genesis);
  const root =
    followed.ok && changes.length === 0
      ? genesis
      : note(followed, changesText(changes.length), 'A change of committee does not hold');
  if (root === undefined) return end('invalid');
  const seatCount = root.committee.size;
  const { header } = bundle.anchor.certified;
  const signers = note(
    checkCertified(bundle.anchor.certified, root),
    (seats) =>
      `Checkpoint ${header.height} of ${isoTime(header.time)} is certified by ${seats.length} of ${seatCount} seats.`,
    'The certificate does not hold',
  );
  if (signers === undefined) return end('invalid');
  certified = {
    height: header.height,
    time: header.time,
    signers: signers.length,
    seats: seatCount,
  };
  const learnt = getAcquainted(bundle, known);
  if (!learnt.ok) {
    facts.push(because('It contradicts what is known of this network', learnt));
    return end('invalid');
  }
  acquainted = learnt.value;
  for (const result of anchorAll(bundle)) {
    const target = note(result, anchoredText(header), 'A checkpoint is not anchored');
    if (target === undefined) return end('invalid');
  }
  for (const fact of checkStatement(bundle.statement, genesis, bundle.anchor.certified, declarations)) {
    facts.push(fact);
    if (!fact.ok) return end('invalid');
  }
  const anchored = checkRoot(genesis, known, nowMs);
  if (anchored !== undefined) {
    facts.push(anchored);
    return end('unanchored');
  }
  const age = checkAge(asOf(bundle), nowMs!, maxAgeMs);
  facts.push(age);
  return end(age.ok ? 'valid' : 'invalid');
}

function changesText(count: number): (root: TrustRoot) => string {
  const changes = count === 1 ? 'One change of committee leads' : `${count} changes of committee lead`;
  return ({ committee }) => `${changes} from the genesis to epoch ${committee.epoch}, each certified.`;
}

/** Headers that a statement rests on. */
function headersOf(statement: Statement): readonly Header[] {
  switch (statement.type) {
    case 'reading':
      return [
        statement.proof.vertex.header,
        ...(statement.device === undefined ? [] : [statement.device.header]),
      ];
    case 'call':
    case 'object':
      return [statement.proof.header];
    case 'unpledged':
      return [statement.unit.header, statement.encumbrance.header];
    case 'search':
      return [statement.unit.header];
    case 'history':
      // What stands under an older header has a path of its own to the certified one.
      return [statement.object.header, ...statement.hops.map((hop) => hop.record.header)];
  }
}

/** Each header is the certified one, or the one older header that the history path leads to. */
function anchorAll({ statement, anchor }: Bundle): Result<Header>[] {
  const certifiedId = headerId(anchor.certified.header);
  const older = headersOf(statement).filter((header) => !equalBytes(headerId(header), certifiedId));
  // No path is used where there is none to prove: then it must be empty, or it could be changed unnoticed.
  return (older.length === 0 ? [anchor.certified.header] : older).map((header) =>
    checkAnchored(header, anchor),
  );
}

function anchoredText(certified: Header): (target: Header) => string {
  return ({ height, time }) =>
    height === certified.height
      ? 'Everything below is proved under that checkpoint.'
      : `Checkpoint ${height} of ${isoTime(time)} stands in its history.`;
}

/** Why the trust root cannot carry the proof; nothing where it can. */
function checkRoot(
  genesis: Genesis,
  known: Acquaintance | undefined,
  nowMs: number | undefined,
): Fact | undefined {
  if (nowMs === undefined)
    return no('E_STALE', 'There is no clock here to tell how old the certificate is: do not rely on it.');
  const { trustingPeriodMs } = genesis.record.pace;
  // The header's own time proves nothing here: whoever holds old keys would write a fresh one.
  const [what, trustedMs] =
    known === undefined
      ? ['genesis', genesis.record.time]
      : ['newest header known', known.newest.header.time];
  const rootAgeMs = nowMs - trustedMs;
  if (rootAgeMs <= trustingPeriodMs) return undefined;
  const text = `The ${what} is ${days(rootAgeMs)} days old, the trusting period ${days(trustingPeriodMs)}: old keys could forge this, do not rely on it.`;
  return no('E_STALE', text);
}

/** The moment that the statement is about: a state may be proved in the history of a newer certificate. */
function asOf({ statement, anchor }: Bundle): Header {
  const { header } = anchor.certified;
  // That a sensor said something, or that a call took effect, does not age.
  const shown = statement.type === 'reading' || statement.type === 'call' ? [] : headersOf(statement);
  return shown.reduce((oldest, one) => (one.time < oldest.time ? one : oldest), header);
}

function checkAge({ time }: Header, nowMs: number, maxAgeMs: number | undefined): Fact {
  const ageMs = Math.max(0, nowMs - time);
  return maxAgeMs !== undefined && ageMs > maxAgeMs
    ? no(
        'E_STALE',
        `The certificate is of ${isoTime(time)}, ${ageText(ageMs)} old, and no more than ${ageText(maxAgeMs)} was asked for.`,
      )
    : yes(`The certificate is ${ageText(ageMs)} old; it says nothing of what came after.`);
}

const days = (ms: number): number => Math.floor(ms / 86_400_000);

function ageText(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} seconds`;
  return ms < 2 * 86_400_000 ? `${Math.round(ms / 60_000)} minutes` : `${days(ms)} days`;
}
