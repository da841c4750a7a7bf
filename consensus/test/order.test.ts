/** The order `[ORD-1]` `[ORD-2]`, over drawn DAGs, and against a second, slow and obvious implementation. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes } from '../codec/bytes.ts';
import { hash } from '../crypto/hash.ts';
import type { DagNode } from '../dag/open-dag.ts';
import { type OrderRules, orderCone } from '../dag/order.ts';
import { type Drawing, rulesOf, Sketch } from './drawn-dag.ts';

const test = suite('order');

// Four seats: f = 1, q = 3. A stamp is the second smallest time.

//  v ── w0(10)  w1(20)  w2(30) ── anchor w2
//        every witness over v; the anchor gathers them
test('q seats confirm, one fewer does not; witnesses are confirmed as what they cover', () => {
  const sketch = new Sketch().vertex('v', 'A').witness('w0', 0, 10, ['v']).witness('w1', 1, 20, ['v']);
  assert.equal(sketch.order('w1', 4), [], 'only one witness below this anchor');
  sketch.witness('two', 1, 25, ['w0']);
  assert.equal(sketch.order('two', 4), [], 'two seats of three');
  sketch.witness('w2', 2, 30, ['two']);
  assert.equal(sketch.order('w2', 4), ['v', 'w0'], 'w0 covers itself, and seats 1 and 2 are over it');
  sketch.witness('w3', 3, 40, ['w2']);
  assert.equal(sketch.order('w3', 4), ['v', 'w0', 'w1', 'two']);
});

test('one seat counts once, however often it witnesses', () => {
  const sketch = new Sketch().vertex('v', 'A');
  for (let i = 0; i < 9; i++) sketch.witness(`w${i}`, i % 2, 10 + i, i === 0 ? ['v'] : [`w${i - 1}`]);
  assert.equal(sketch.order('w8', 4), []);
});

test('a witness by someone who has no seat is a vertex like any other', () => {
  const sketch = new Sketch().vertex('v', 'A');
  for (const [i, name] of ['x', 'y', 'z'].entries())
    sketch.draw({
      name,
      author: name,
      kind: 'witness',
      time: i,
      parents: [i === 0 ? 'v' : ['x', 'y'][i - 1]!],
    });
  assert.equal(sketch.order('z', 4), []);
});

//      u at seat times 40 50 60        stamp(u) = 50
//      v at seat times 30 70 80        stamp(v) = 70 although somebody saw it first
test('the stamp is the (f+1)-th smallest time: f colluding seats cannot put their vertex first', () => {
  const sketch = new Sketch().vertex('u', 'A').vertex('v', 'B');
  sketch.witness('early', 3, 1, ['v']);
  sketch.witness('u0', 0, 40, ['u']).witness('u1', 1, 50, ['u']).witness('u2', 2, 60, ['u']);
  sketch
    .witness('v0', 0, 70, ['v', 'early'])
    .witness('v1', 1, 80, ['v', 'early'])
    .witness('v2', 2, 90, ['v', 'early']);
  sketch.witness('anchor', 3, 100, ['u0', 'u1', 'u2', 'v0', 'v1', 'v2']);
  const order = sketch.order('anchor', 4);
  assert.ok(order.indexOf('u') < order.indexOf('v'), order.join());
});

test('nor can f seats hold a vertex back by late witnesses, or by none', () => {
  const sketch = new Sketch().vertex('u', 'A').vertex('v', 'B');
  sketch.witness('u0', 0, 40, ['u']).witness('u1', 1, 41, ['u']).witness('u2', 2, 42, ['u']);
  sketch
    .witness('v0', 0, 50, ['v'])
    .witness('v1', 1, 51, ['v'])
    .witness('v2', 2, 52, ['v'])
    .witness('v3', 3, 50, ['v']);
  // Seat 3 sees u only now.
  sketch.witness('late', 3, 900, ['u', 'u0', 'u1', 'u2', 'v0', 'v1', 'v2']);
  const order = sketch.order('late', 4);
  assert.ok(order.indexOf('u') < order.indexOf('v'), order.join());
});

//      u: seats 0, 1         more than f, fewer than q; stamp 50
//      v: seats 0, 1, 2, 3   stamp 61 waits for u, stamp 30 does not
test('a vertex that more than f seats saw, and not yet q, holds back what is not earlier', () => {
  const held = new Sketch().vertex('u', 'A').vertex('v', 'B');
  held.witness('u0', 0, 40, ['u']).witness('u1', 1, 50, ['u']);
  held.witness('v2', 2, 60, ['v']).witness('v3', 3, 61, ['v']);
  held.witness('v0', 0, 62, ['v', 'v2', 'v3']).witness('v1', 1, 63, ['v', 'v0']);
  assert.equal(held.order('v1', 4), []);
  held.witness('u2', 2, 70, ['v1']);
  assert.equal(
    held.order('u2', 4).filter((name) => name === 'u' || name === 'v'),
    ['u', 'v'],
  );

  const early = new Sketch().vertex('u', 'A').vertex('v', 'B');
  early.witness('v2', 2, 20, ['v']).witness('v3', 3, 30, ['v']);
  early.witness('u0', 0, 40, ['u', 'v2', 'v3']).witness('u1', 1, 50, ['u', 'u0']);
  assert.equal(
    early.order('u1', 4).filter((name) => name === 'u' || name === 'v'),
    ['v'],
    'v is earlier than u can become',
  );
});

//      n = 6, f = 1, q = 5; seat 5 is down. Everybody up has seen w of seat 4, but nobody says so again: without
//      v there is nothing new to witness.
test('a witness holds nothing back: in a quiet network nobody would cover it again', () => {
  const sketch = new Sketch().vertex('v', 'A');
  for (let seat = 0; seat < 4; seat++)
    sketch.witness(`w${seat}`, seat, 10 * seat, ['v', ...(seat > 0 ? [`w${seat - 1}`] : [])]);
  sketch.witness('w4', 4, 5, ['v', 'w3']);
  // w1, w2 and w3 are covered by two to four seats: more than f, fewer than q, and earlier than v's stamp.
  assert.equal(sketch.order('w4', 6), ['v', 'w0']);
});

//  a ── b     b was seen earlier by everybody's clock, and still comes after a
test('no vertex is taken before its ancestors', () => {
  const sketch = new Sketch().vertex('a', 'A').vertex('b', 'B', ['a']);
  sketch.witness('w0', 0, 10, ['b']).witness('w1', 1, 20, ['b']).witness('w2', 2, 30, ['w0', 'w1']);
  assert.equal(sketch.order('w2', 4), ['a', 'b']);
});

test('equal stamps are ordered by a hash that the header before decides', () => {
  const sketch = new Sketch();
  const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
  for (const name of names) sketch.vertex(name, name);
  sketch.witness('w0', 0, 10, names).witness('w1', 1, 20, names).witness('w2', 2, 30, ['w0', 'w1']);
  const first = sketch.order('w2', 4, { previousHeader: hash('header') });
  const second = sketch.order('w2', 4, { previousHeader: hash('order') });
  assert.equal(first.slice().sort(), names.slice().sort());
  assert.equal(second.slice().sort(), names.slice().sort());
  assert.not.equal(first, second, 'known only once the header before is');
  assert.not.equal(first, names);
});

test('what is outside the anchor’s past cone has no say', () => {
  const sketch = new Sketch().vertex('u', 'A').vertex('v', 'B');
  sketch.witness('w0', 0, 10, ['v']).witness('w1', 1, 20, ['v']).witness('w2', 2, 30, ['w0', 'w1']);
  const before = sketch.order('w2', 4);
  sketch.witness('x0', 0, 40, ['u']).witness('x1', 1, 50, ['u']).witness('x3', 3, 5, ['u']);
  assert.equal(sketch.order('w2', 4), before);
});

test('thousands of children of one vertex are ordered in linear time', () => {
  const sketch = new Sketch().vertex('root', 'R');
  const names = Array.from({ length: 20_000 }, (_, i) => `c${i}`);
  for (const name of names) sketch.vertex(name, name, ['root']);
  let layer = names;
  let time = 1;
  // Witnesses name 64 parents at most.
  for (let depth = 0; layer.length > 1; depth++) {
    const above: string[] = [];
    for (let i = 0; i < layer.length; i += 64) {
      const name = `g${depth}/${i}`;
      sketch.witness(name, 0, time++, layer.slice(i, i + 64));
      above.push(name);
    }
    layer = above;
  }
  sketch.witness('w1', 1, time, layer).witness('w2', 2, time + 1, ['w1']);
  const startedMs = performance.now();
  const order = sketch.order('w2', 4);
  const tookMs = performance.now() - startedMs;
  assert.ok(order.length >= 20_001);
  assert.is(order[0], 'root');
  assert.ok(tookMs < 3_000, `took ${tookMs} ms`);
});

// ---- a second implementation, from the words of the rule alone

function orderSlowly(cone: readonly DagNode[], rules: OrderRules): DagNode[] {
  const inCone = new Set(cone);
  const covers = (witness: DagNode): Set<DagNode> => {
    const below = new Set<DagNode>();
    const walk = (node: DagNode) => {
      if (!inCone.has(node) || below.has(node)) return;
      below.add(node);
      node.ancestors.forEach(walk);
    };
    walk(witness);
    return below;
  };
  const witnesses = cone
    .filter((node) => node.vertex.kind === 'witness' && rules.seats.has(node.authorKey))
    .map((node) => ({ node, below: covers(node) }));
  const timesOf = (node: DagNode): number[] => {
    const earliest = new Map<string, number>();
    for (const { node: witness, below } of witnesses) {
      if (below.has(node))
        earliest.set(witness.authorKey, Math.min(earliest.get(witness.authorKey) ?? Infinity, witness.time));
    }
    return [...earliest.values()].sort((a, b) => a - b);
  };
  const stamped = cone.map((node) => ({
    node,
    times: timesOf(node),
    tie: hash('order', rules.previousHeader, node.vertex.id),
  }));
  const blocking = stamped
    .filter(
      ({ node, times }) =>
        node.vertex.kind !== 'witness' && times.length > rules.faults && times.length < rules.quorum,
    )
    .map(({ times }) => times[rules.faults]!);
  const candidates = stamped.filter(
    ({ times }) => times.length >= rules.quorum && !blocking.some((stamp) => stamp <= times[rules.faults]!),
  );
  const taken: DagNode[] = [];
  for (;;) {
    const ready = candidates.filter(
      ({ node }) =>
        !taken.includes(node) &&
        node.ancestors.every((ancestor) => !inCone.has(ancestor) || taken.includes(ancestor)),
    );
    ready.sort((a, b) => a.times[rules.faults]! - b.times[rules.faults]! || compareBytes(a.tie, b.tie));
    if (ready[0] === undefined) return taken;
    taken.push(ready[0].node);
  }
}

/** Random vertices and witnesses over earlier ones; times may lie, and go back between seats. */
const script = fc.array(
  fc.record({
    author: fc.nat(9),
    witness: fc.boolean(),
    parents: fc.array(fc.nat(400), { maxLength: 4 }),
    step: fc.nat(30),
  }),
  { minLength: 5, maxLength: 60 },
);
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

/** In the end some seats, one after the other, cover all that is open; the last of their witnesses is the anchor. */
function sketchOf(steps: Script, seats: number, closing: number): { sketch: Sketch; last: string } {
  const sketch = new Sketch();
  const times = new Map<number, number>();
  steps.forEach(({ author, witness, parents, step }, index) => {
    const names = [
      ...new Set(parents.filter((parent) => index > 0 && parent >= 0).map((parent) => `n${parent % index}`)),
    ];
    if (witness && author < seats) {
      const time = (times.get(author) ?? 0) + 1 + step;
      times.set(author, time);
      sketch.witness(`n${index}`, author, time, names);
    } else sketch.vertex(`n${index}`, `a${author}`, names);
  });
  for (let i = 0; i <= closing % seats; i++) {
    const open = [...sketch.dag.tips()].map((node) => sketch.nameOf(node));
    sketch.witness(`last${i}`, i, 10_000 + i, open);
  }
  return { sketch, last: `last${closing % seats}` };
}

test('is what the rule says: 400 random DAGs against the slow implementation', () => {
  let confirmed = 0;
  fc.assert(
    fc.property(script, fc.constantFrom(1, 2, 3, 4, 5, 6, 7), fc.nat(6), (steps, seats, closing) => {
      const { sketch, last } = sketchOf(steps, seats, closing);
      const cone = sketch.dag.cone(sketch.node(last));
      const fast = orderCone(cone, rulesOf(seats)).map((node) => sketch.nameOf(node));
      assert.equal(
        fast,
        orderSlowly(cone, rulesOf(seats)).map((node) => sketch.nameOf(node)),
      );
      confirmed += fast.length;
      const place = new Map(fast.map((name, index) => [name, index]));
      for (const name of fast) {
        for (const ancestor of sketch.node(name).ancestors)
          assert.ok(place.get(sketch.nameOf(ancestor))! < place.get(name)!, 'ancestors come first');
      }
    }),
    { numRuns: 400, seed: 20_260_105 },
  );
  assert.ok(confirmed > 2_000, `only ${confirmed} confirmed: the property says little`);
});

test('does not depend on the order in which vertices came', () => {
  fc.assert(
    fc.property(
      script,
      fc.constantFrom(4, 6, 7),
      fc.nat(6),
      fc.integer({ min: 1, max: 2 ** 31 }),
      (steps, seats, closing, seed) => {
        const { sketch, last } = sketchOf(steps, seats, closing);
        const again = new Sketch();
        // Whatever is solid may come next: draw from those at random.
        let state = seed;
        let left: Drawing[] = sketch.drawings.slice();
        while (left.length > 0) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          const drawing = left[state % left.length]!;
          if (again.add(drawing).kind === 'added') left = left.filter((other) => other !== drawing);
        }
        assert.equal(again.order(last, seats), sketch.order(last, seats));
      },
    ),
    { numRuns: 200, seed: 20_260_106 },
  );
});

test('f seats that lie about time move an honest vertex only among those that came within the spread', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(100), { minLength: 7, maxLength: 7 }),
      fc.array(fc.nat(2_000), { minLength: 7, maxLength: 7 }),
      (spreads, lies) => {
        const seats = 7;
        // u reaches every honest seat at 1,000 to 1,100 and v at 1,200 to 1,300; seats 5 and 6 say what they like.
        const sketch = new Sketch().vertex('u', 'A').vertex('v', 'B');
        const tops: string[] = [];
        for (let seat = 0; seat < seats; seat++) {
          const spread = spreads[seat]!;
          const [first, second] = [
            seat < 5 ? 1_000 + spread : lies[seat]!,
            seat < 5 ? 1_200 + spread : lies[seat]! + 1,
          ];
          const [early, late] = seat < 5 ? ['u', 'v'] : ['v', 'u'];
          sketch.witness(`${seat}a`, seat, first, [early!]).witness(`${seat}b`, seat, second, [late!]);
          tops.push(`${seat}b`);
        }
        sketch.witness('anchor', 0, 5_000, tops.slice(1));
        const order = sketch.order('anchor', seats);
        assert.ok(order.includes('u') && order.includes('v'));
        assert.ok(order.indexOf('u') < order.indexOf('v'));
      },
    ),
    { numRuns: 200, seed: 20_260_107 },
  );
});

test.run();
