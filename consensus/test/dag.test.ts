/** The open DAG `[VTX-2]` `[VTX-3]` `[VTX-7]` `[ORD-1]`: what enters, what is missing, where the walk stops. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { type AncestorFacts, OpenDag } from '../dag/open-dag.ts';
import { drawnVertex, idOf, keyOf, Sketch } from './drawn-dag.ts';

const test = suite('open DAG');

const facts = (author: string, sequence = 1, time = 0, checkpointHeight = 0): AncestorFacts => ({
  authorKey: author,
  sequence,
  time,
  checkpointHeight,
});
const coneOf = (sketch: Sketch, name: string) =>
  sketch.dag.cone(sketch.node(name)).map((node) => sketch.nameOf(node));
const tipsOf = (sketch: Sketch) => [...sketch.dag.tips()].map((node) => sketch.nameOf(node)).sort();

//  a   b
//   \ / \
//    c   d      e
test('tips are open vertices without an open child', () => {
  const sketch = new Sketch()
    .vertex('a', 'A')
    .vertex('b', 'B')
    .vertex('c', 'C', ['a', 'b'])
    .vertex('d', 'D', ['b'])
    .vertex('e', 'E');
  assert.equal(tipsOf(sketch), ['c', 'd', 'e']);
  assert.equal(coneOf(sketch, 'c').sort(), ['a', 'b', 'c']);
  assert.equal(sketch.add({ name: 'c', author: 'C' }), { kind: 'known' });
});

test('what is missing is named, all of it, previous included; nothing enters meanwhile', () => {
  const sketch = new Sketch().vertex('a', 'A');
  const added = sketch.add({ name: 'x', author: 'X', parents: ['a', 'm', 'n'], previous: 'p' });
  assert.is(added.kind, 'missing');
  const missing = added.kind === 'missing' ? added.ids.map(toHex) : [];
  assert.equal(missing.sort(), ['m', 'n', 'p'].map(keyOf).sort());
  assert.is(sketch.dag.size, 1);
  assert.equal(tipsOf(sketch), ['a']);
});

//  A: a1 ── a2      every other continuation is refused
test('previous is the same author’s vertex with exactly the sequence before', () => {
  const sketch = new Sketch().vertex('a1', 'A').vertex('b1', 'B');
  const refusals: [Parameters<Sketch['add']>[0], string][] = [
    [{ name: 'gap', author: 'A', previous: 'a1', sequence: 3 }, 'E_CHAIN'],
    [{ name: 'again', author: 'A', previous: 'a1', sequence: 1 }, 'none'],
    [{ name: 'stolen', author: 'A', previous: 'b1', sequence: 2 }, 'E_CHAIN'],
  ];
  for (const [drawing, code] of refusals) {
    const added = sketch.add(drawing);
    assert.is(added.kind === 'refused' ? added.refusal.code : 'none', code, drawing.name);
  }
  // Two vertices of one sequence are a fork, and both are valid: which one takes effect is decided by the order.
  assert.is(sketch.add({ name: 'a2', author: 'A', previous: 'a1', sequence: 2 }).kind, 'added');
  assert.is(sketch.add({ name: 'a2 too', author: 'A', previous: 'a1', sequence: 2 }).kind, 'added');
});

test('the cited checkpoint does not go back, along parents and previous, open or settled', () => {
  const sketch = new Sketch()
    .vertex('old', 'A', [], { checkpointHeight: 4 })
    .vertex('new', 'B', [], { checkpointHeight: 7 });
  const codeOf = (height: number, parents: readonly string[]) => {
    const added = sketch.add({
      name: `x${height}${parents}`,
      author: `X${height}${parents}`,
      parents,
      checkpointHeight: height,
    });
    return added.kind === 'refused' ? added.refusal.code : added.kind;
  };
  assert.is(codeOf(6, ['old']), 'added');
  assert.is(codeOf(7, ['old', 'new']), 'added');
  assert.is(codeOf(6, ['old', 'new']), 'E_CHECKPOINT');
  sketch.dag.settle(8, [{ key: keyOf('new'), facts: facts('B', 1, 0, 7) }]);
  assert.is(codeOf(5, ['new']), 'E_CHECKPOINT');
  sketch.dag.recall(keyOf('older'), facts('C', 1, 0, 6));
  assert.is(codeOf(4, ['older']), 'E_CHECKPOINT');
});

test('a witness is later than the vertex before it in its chain; other kinds need not be', () => {
  const sketch = new Sketch().witness('w1', 0, 100, []);
  const codeOf = (kind: 'witness' | 'readings', time: number) => {
    const added = sketch.add({
      name: `${kind}${time}`,
      author: 's0',
      previous: 'w1',
      sequence: 2,
      kind,
      time,
    });
    return added.kind === 'refused' ? added.refusal.code : added.kind;
  };
  assert.is(codeOf('witness', 99), 'E_CHAIN');
  assert.is(codeOf('witness', 100), 'E_CHAIN');
  assert.is(codeOf('witness', 101), 'added');
  assert.is(codeOf('readings', 5), 'added');
});

//  a ── b ── c      settle a: the walk from c stops before it
test('settled vertices leave the cone and the tips, and still carry what stands on them', () => {
  const sketch = new Sketch().vertex('a', 'A').vertex('b', 'B', ['a']);
  sketch.dag.settle(1, [{ key: keyOf('a'), facts: facts('A') }]);
  assert.ok(sketch.dag.isSettled(keyOf('a')));
  assert.is(sketch.dag.get(keyOf('a')), undefined);
  assert.ok(sketch.dag.knows(keyOf('a')));
  sketch.vertex('c', 'C', ['a', 'b']);
  assert.equal(coneOf(sketch, 'c'), ['b', 'c']);
  assert.equal(sketch.add({ name: 'a', author: 'A' }), { kind: 'known' });
  // Also those that this node never held: a follower settles by a certified list.
  sketch.dag.settle(2, [{ key: keyOf('unseen'), facts: facts('U') }]);
  assert.is(sketch.add({ name: 'd', author: 'D', parents: ['unseen'] }).kind, 'added');
});

test('a settled tip is no tip; what was below it does not become one', () => {
  const sketch = new Sketch().vertex('a', 'A').vertex('b', 'B', ['a']);
  sketch.dag.settle(1, [
    { key: keyOf('a'), facts: facts('A') },
    { key: keyOf('b'), facts: facts('B') },
  ]);
  assert.equal(tipsOf(sketch), []);
  assert.is(sketch.dag.size, 0);
});

test('beyond the window a settled vertex is forgotten, until it is recalled', () => {
  const sketch = new Sketch(16);
  sketch.vertex('a', 'A');
  for (let height = 1; height <= 17; height++) {
    assert.is(sketch.dag.isSettled(keyOf('a')), height > 1 && height <= 17, `before height ${height}`);
    sketch.dag.settle(height, height === 1 ? [{ key: keyOf('a'), facts: facts('A') }] : []);
  }
  assert.not.ok(sketch.dag.knows(keyOf('a')), 'settled at 1, the window holds 2 to 17');
  assert.is(sketch.add({ name: 'b', author: 'B', parents: ['a'] }).kind, 'missing');
  sketch.dag.recall(keyOf('a'), facts('A'));
  assert.is(sketch.add({ name: 'b', author: 'B', parents: ['a'] }).kind, 'added');
  assert.equal(coneOf(sketch, 'b'), ['b']);
});

test('what is recalled is bounded, and evicting it loses nothing but time', () => {
  const dag = new OpenDag(16);
  for (let i = 0; i < 10_000; i++) dag.recall(keyOf(`r${i}`), facts('R'));
  const vertex = drawnVertex({ name: 'x', author: 'X', parents: ['r0', 'r9999'] });
  const added = dag.add(vertex, 0);
  assert.equal(added.kind === 'missing' ? added.ids.map(toHex) : [], [keyOf('r0')]);
  dag.recall(keyOf('r0'), facts('R'));
  assert.is(dag.add(vertex, 0).kind, 'added');
});

//  dead ── citer     a dropped branch: its citer stays, the walk stops at it
test('a dropped vertex leaves its descendants valid', () => {
  const sketch = new Sketch()
    .vertex('dead', 'A')
    .vertex('citer', 'B', ['dead'])
    .vertex('child', 'C', ['citer']);
  sketch.dag.drop(keyOf('dead'));
  assert.equal(coneOf(sketch, 'child'), ['citer', 'child']);
  assert.not.ok(sketch.dag.knows(keyOf('dead')));
  sketch.dag.drop(keyOf('dead'));
});

test('a cone names every ancestor before its descendants, however deep', () => {
  const sketch = new Sketch();
  for (let i = 0; i < 50_000; i++) sketch.vertex(`v${i}`, 'A', i > 1 ? [`v${i - 2}`] : []);
  const cone = sketch.dag.cone(sketch.node('v49999'));
  assert.is(cone.length, 50_000);
  const place = new Map(cone.map((node, index) => [node, index]));
  for (const node of cone)
    for (const ancestor of node.ancestors) assert.ok(place.get(ancestor)! < place.get(node)!);
});

test('a vertex whose previous is also its parent stands on it once', () => {
  const sketch = new Sketch().vertex('a1', 'A');
  sketch.vertex('a2', 'A', ['a1']);
  assert.is(sketch.node('a2').ancestors.length, 1);
  assert.equal(sketch.node('a2').vertex.parents, [idOf('a1')]);
});

test.run();
