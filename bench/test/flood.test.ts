/** What a flooder sends really is what its name says, and what a flood's figures make of the promises of R058. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, uint32Bytes } from '../../consensus/codec/bytes.ts';
import { hash } from '../../consensus/crypto/hash.ts';
import { checkVertex, decodeVertex } from '../../consensus/vertex/vertex.ts';
import { bundle } from '../../consensus/wire/messages.ts';
import { nativeSigner } from '../../node/crypto/native.ts';
import { makeBundle, makeGarbage, makeVertices, type Target } from '../flood/ammunition.ts';
import { type FloodRun, figuresOf } from '../flood/flood-figures.ts';

const test = suite('bench flood');
const signerOf = (number: number) => nativeSigner(hash('salt', uint32Bytes(number)));
const target: Target = {
  ...{ network: hash('salt', uint32Bytes(100)), checkpoint: hash('salt', uint32Bytes(101)), startMs: 1_000 },
  ...{ flooder: signerOf(1), honest: [signerOf(2).publicKey, signerOf(3).publicKey] },
};
const COUNT = 300;

function verdicts(kind: Parameters<typeof makeVertices>[0]) {
  const { ids, envelopes } = makeVertices(kind, COUNT, target);
  assert.is(new Set(ids.map(toHex)).size, COUNT, `${kind}: all of them different`);
  return envelopes.map((envelope) => {
    const vertex = decodeVertex(envelope);
    if (!vertex.ok) throw new Error(vertex.code);
    const checked = checkVertex(vertex.value, target.network);
    return { vertex: vertex.value, code: checked.ok ? 'OK' : checked.code };
  });
}

test('beyond its allowance: one valid chain of the flooder', () => {
  const made = verdicts('beyond its allowance');
  for (const [i, { vertex, code }] of made.entries()) {
    assert.is(code, 'OK');
    assert.equal([vertex.author, vertex.sequence], [target.flooder.publicKey, i + 1]);
    if (i > 0) assert.equal(vertex.previous, made[i - 1]!.vertex.id);
  }
});

test('forged: in the name of the honest, and not signed by them', () => {
  for (const { vertex, code } of verdicts('forged')) {
    assert.is(code, 'E_SIG');
    assert.ok(target.honest.some((key) => toHex(key) === vertex.authorKey));
  }
});

test('strangers: well signed, by nobody that anybody knows', () => {
  const made = verdicts('strangers');
  assert.ok(made.every(({ code }) => code === 'OK'));
  assert.is(new Set(made.map(({ vertex }) => vertex.authorKey)).size, 256);
  assert.is(new Set(made.map(({ vertex }) => toHex(vertex.checkpoint))).size, COUNT);
});

test('no bundle is the same twice; garbage is no bundle', () => {
  const { envelopes } = makeVertices('forged', COUNT, target);
  const [first, second] = [makeBundle(envelopes, 0), makeBundle(envelopes, 0)];
  assert.not.equal(first.data, second.data);
  const decoded = bundle.decode(first.data, 64 << 10);
  assert.ok(decoded.ok && decoded.value.vertices.length === first.count);
  assert.not(bundle.decode(makeGarbage(), 64 << 10).ok);
});

/** A run of three steps: calm, a flood, calm; honest vertices take `calmMs` and `floodedMs`. */
function runOf(calmMs: number, floodedMs: number, grownMiB = 1, confirmed = 0): FloodRun {
  const rss = (MiB: number) => ({
    rssBytes: MiB * 2 ** 20,
    cpuS: 0,
    atMs: 0,
    open: 0,
    parked: 0,
    height: 1,
    final: 0,
    dropped: 0,
  });
  const snapshot = (atMs: number, MiB: number) => ({ atMs, nodes: [rss(MiB)], wireBytes: undefined });
  const ids = Array.from({ length: confirmed }, (_, i) => `id ${i}`);
  const report = {
    sent: 100,
    bytes: 1_000,
    dropped: 0,
    durationMs: 1_000,
    cpuMs: 500,
    ids,
  } as const;
  const stepOf = (fromMs: number, flooded: boolean) => ({
    ...{ kind: flooded ? ('strangers' as const) : undefined, span: { fromMs, toMs: fromMs + 1_000 } },
    ...{ before: snapshot(fromMs, 100), after: snapshot(fromMs + 1_000, 100 + grownMiB) },
    report: flooded ? report : undefined,
  });
  const steps = [stepOf(0, false), stepOf(1_000, true), stepOf(2_000, false)];
  const final = Array.from({ length: 30 }, (_, i) => {
    const dueMs = i * 100;
    return { dueMs, finalMs: dueMs + (i >= 10 && i < 20 ? floodedMs : calmMs) };
  });
  return {
    steps,
    validators: 4,
    allowedPerS: 500,
    final,
    heights: new Map(ids.map((id) => [id, 1])),
    stepMs: 1_000,
  };
}

test('R058: twice as slow is borne, more is not; nor is growth, nor more than the allowance', () => {
  const { figures, tables, faults } = figuresOf(runOf(300, 600));
  assert.equal(faults, []);
  assert.equal([figures.calmP95Ms, figures.steps[1]!.p95Ms, figures.steps[1]!.offeredPerS], [300, 600, 100]);
  assert.equal(
    tables[0]!.rows.map(([kind]) => kind),
    ['none', 'strangers', 'none'],
  );
  assert.match(
    figuresOf(runOf(300, 601)).faults.join(),
    /strangers: honest p95 601 ms, more than 2 × 300 ms/,
  );
  assert.match(figuresOf(runOf(300, 300, 193)).faults.join(), /grew by 193 MiB/);
  assert.match(figuresOf(runOf(300, 300, 1, 8_001)).faults.join(), /8001 of the flooder’s vertices/);
});

test.run();
