/** Who may see what (semantics §3): by class and party, over every object of a lent and warned loan. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../codec/bytes.ts';
import { objectJson } from '../contracts/object.ts';
import { encumbrance } from '../contracts/objects/encumbrance.ts';
import { pledge } from '../contracts/objects/pledge.ts';
import { unit } from '../contracts/objects/unit.ts';
import { objectTypes, partiesOf, visibleClasses } from '../contracts/views.ts';
import { storyAt } from './contract-story.ts';
import { cast, idOf, type PartyName, type World } from './contract-world.ts';

const views = suite('views');

const names = Object.keys(cast) as PartyName[];

/** Everything in the state of a loan that was drawn against a receipt and warned about. */
function lentAndWarned(): World {
  const story = storyAt('approved');
  story.issue();
  story.agree();
  story.perfect();
  story.draw();
  story.warn();
  return story.world;
}

function viewers(world: World, type: string, visibility: 1 | 2): string {
  const seen = new Set<string>();
  for (const stored of world.objects()) {
    if (stored.type !== type) continue;
    for (const name of names)
      if (visibleClasses(stored, idOf(name), world).includes(visibility)) seen.add(name);
  }
  return names.filter((name) => seen.has(name)).join(' ');
}

views('V1 and V2 of each type are shown to their parties and to no one else', () => {
  const world = lentAndWarned();
  const file = 'acme bankA monitor warehouse';
  const expected: readonly (readonly [type: string, v1: string, v2: string])[] = [
    ['unit', file, file],
    ['encumbrance', file, file],
    ['receipt', file, file],
    ['order-receipt', file, 'acme bankA monitor'],
    ['loan', 'acme bankA', 'acme bankA'],
    ['grant', 'acme bankA monitor', 'acme bankA monitor'],
    ['status', 'acme bankA monitor', 'acme bankA monitor'],
    ['evaluation', 'acme bankA', 'acme bankA'],
    ['pledge', file, 'acme bankA'],
    ['warning', file, file],
    ['payment', 'acme bankA', 'acme bankA'],
    ['call', '', ''],
    ['evidence-use', '', ''],
    ['order-head', '', ''],
    ['key', '', ''],
  ];
  for (const [type, v1, v2] of expected) {
    assert.is(viewers(world, type, 1), v1, `${type} V1`);
    assert.is(viewers(world, type, 2), v2, `${type} V2`);
  }
});

views('every object in the state is of a type in the table', () => {
  for (const { type } of lentAndWarned().objects()) assert.ok(objectTypes.has(type), type);
});

views('without a viewer, and for a type that is not in the table, V0 alone', () => {
  const world = lentAndWarned();
  for (const stored of world.objects()) {
    assert.equal(visibleClasses(stored, undefined, world), [0]);
    assert.equal(visibleClasses({ ...stored, type: 'unheard-of' }, idOf('acme'), world), [0]);
  }
});

views(
  'a bank becomes a party of the unit’s file with its reservation, and ceases to be with its release',
  () => {
    const story = storyAt('approved');
    const sees = (): boolean =>
      visibleClasses(story.world.stored(unit, story.unit), idOf('bankA'), story.world).includes(1);
    assert.not.ok(sees());
    story.agree();
    assert.ok(sees());
    story.release();
    assert.not.ok(sees());
  },
);

views('two lenders on one lot learn nothing of each other (V4)', () => {
  const story = storyAt('approved', 'lot');
  const rival = story.rival('approved');
  story.agree({ quantity: 600_000 });
  rival.agree({ quantity: 400_000 });
  const { world } = story;
  const held = partiesOf(world.stored(encumbrance, story.unit), world);
  assert.equal(
    held.v1.map(toHex),
    ['acme', 'warehouse', 'monitor'].map((name) => toHex(idOf(name as PartyName))),
  );
  const theirs = world.stored(pledge, rival.pledge);
  assert.equal(visibleClasses(theirs, idOf('bankA'), world), [0]);
});

views('V0 tells neither party, quantity nor price', () => {
  const world = lentAndWarned();
  const parties = names.map((name) => toHex(idOf(name)));
  for (const stored of world.objects()) {
    // Parties, keys and devices are the directory itself.
    if (['party', 'key', 'device'].includes(stored.type)) continue;
    const shown = JSON.stringify(objectJson(objectTypes.get(stored.type)!, stored, [0]));
    for (const id of parties) assert.not.ok(shown.includes(id), `${stored.type} names a party: ${shown}`);
    for (const secret of ['quantity', 'amount', 'price', 'limit', 'label'])
      assert.not.ok(shown.includes(`"${secret}`), `${stored.type} shows ${secret}`);
  }
});

views.run();
