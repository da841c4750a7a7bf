/** The path of a receipt (R101): whatever is split, passed on and taken out, the sums along it stay what was issued. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../consensus/codec/bytes.ts';
import { Survey } from '../../consensus/contracts/invariants/survey.ts';
import { receipt } from '../../consensus/contracts/objects/receipt.ts';
import { PACKAGES, QUANTITY, type Story, storyAt } from '../../consensus/test/contract-story.ts';
import { idOf, type PartyName } from '../../consensus/test/contract-world.ts';
import { cancel, passReceipt, split, takeOut } from '../../consensus/test/goods-steps.ts';
import { type PathNode, readPath } from '../service/receipt-paths.ts';

const test = suite('receipt path');

const pathOf = (story: Story, id: Uint8Array = story.receipt!) =>
  readPath(id, new Survey(story.world), () => true);

function leaves(node: PathNode): PathNode[] {
  return node.parts.length === 0 ? [node] : node.parts.flatMap(leaves);
}

function makeRandom(start: number): (below: number) => number {
  let seed = start;
  return (below) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
}

/** One of the live receipts, as the story's own. */
function step(story: Story, random: (below: number) => number): string {
  const live = leaves(pathOf(story).root).filter(({ state }) => state === 'ISSUED');
  if (live.length === 0) return 'none';
  const chosen = live[random(live.length)]!;
  const own = story.fork(story.world);
  own.receipt = fromHex(chosen.receipt)!;
  const document = story.world.read(receipt, own.receipt);
  const owner: PartyName = toHex(document.owner) === toHex(idOf('acme')) ? 'acme' : 'zenith';
  const other: PartyName = owner === 'acme' ? 'zenith' : 'acme';
  const { quantity, packages } = document;
  const half = Math.floor(quantity / 2);
  const count = Math.floor(packages / 2);
  const can = quantity > 2 && packages > 2;
  const kind = random(4);
  if (kind === 0 && can) {
    const outcome = split(own, [half, quantity - half], [owner, 'warehouse'], [count, packages - count]);
    return `split ${outcome.refusal?.code ?? 'OK'}`;
  }
  if (kind === 1) return `pass ${passReceipt(own, other, [owner, other]).refusal?.code ?? 'OK'}`;
  if (kind === 2 && can) {
    const out = { receipt: own.receipt, quantity: half, packages: count };
    return `out ${takeOut(own, out, ['warehouse', 'monitor', owner]).refusal?.code ?? 'OK'}`;
  }
  // Goods that are given up by their receipt stay where they are.
  if (kind === 3 && random(6) === 0)
    return `cancel ${cancel(own, [owner, 'warehouse']).refusal?.code ?? 'OK'}`;
  return 'none';
}

test('random splits, transfers, exits and surrenders: the total is constant at every step', () => {
  const done = new Map<string, number>();
  for (let seed = 1; seed <= 20; seed++) {
    const story = storyAt('registered', 'lot');
    assert.is(story.issue().refusal, undefined);
    const random = makeRandom(seed);
    for (let at = 0; at < 25; at++) {
      const did = step(story, random);
      done.set(did, (done.get(did) ?? 0) + 1);
      const { constant, issued, standing, left } = pathOf(story);
      assert.equal([constant, issued], [true, QUANTITY], `seed ${seed}, step ${at}: ${did}`);
      assert.is(standing! + left!, QUANTITY);
    }
    // From any receipt of the tree the same path is told.
    const tree = pathOf(story);
    for (const { receipt: id } of leaves(tree.root)) assert.equal(pathOf(story, fromHex(id)!), tree);
  }
  for (const did of ['split OK', 'pass OK', 'out OK', 'cancel OK'])
    assert.ok((done.get(did) ?? 0) > 5, `${did}: ${done.get(did)}`);
  console.log([...done].map((entry) => entry.join(' ')).join(', '));
});

test('a gram that is lost or made up on the way shows', () => {
  const story = storyAt('registered', 'lot');
  story.issue();
  const { refusal } = split(story, [600_000, 400_000], ['acme', 'warehouse'], [24, PACKAGES - 24]);
  assert.is(refusal, undefined);
  const [part] = leaves(pathOf(story).root);
  story.world.change(receipt, fromHex(part!.receipt)!, { quantity: part!.grams! - 1 });
  assert.is(pathOf(story).constant, false);
});

test('what may not be seen is not told, and no sum with it', () => {
  const story = storyAt('registered', 'lot');
  story.issue();
  split(story, [600_000, 400_000], ['acme', 'warehouse'], [24, PACKAGES - 24]);
  const [hidden] = leaves(pathOf(story).root);
  const path = readPath(story.receipt!, new Survey(story.world), (id) => toHex(id) !== hidden!.receipt);
  assert.equal([path.constant, path.issued, path.standing, path.left], [null, null, null, null]);
  const [first, second] = path.root.parts;
  assert.equal([first, second].filter((node) => node!.grams === null).length, 1);
});

test.run();
