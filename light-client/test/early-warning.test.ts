/**
 * One rule file, three places (R012): the gateway that warns early, the contract on a node, and a replay from stored bytes
 * decide alike, for 10,000 random inputs. And what the gateway reads of the ledger for it, with proofs.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../consensus/codec/bytes.ts';
import { runCall } from '../../consensus/contracts/engine.ts';
import { type StoredObject, storedObject } from '../../consensus/contracts/object.ts';
import { clock } from '../../consensus/contracts/objects/clock.ts';
import { encumbrance } from '../../consensus/contracts/objects/encumbrance.ts';
import { pledge } from '../../consensus/contracts/objects/pledge.ts';
import { releaseOrder } from '../../consensus/contracts/objects/release-order.ts';
import { triggerSet } from '../../consensus/contracts/objects/trigger-set.ts';
import { unit } from '../../consensus/contracts/objects/unit.ts';
import { warning } from '../../consensus/contracts/objects/warning.ts';
import { device, labelKey, party } from '../../consensus/contracts/registry.ts';
import { isControlledBy } from '../../consensus/contracts/rules/affiliation.ts';
import { Draft, LedgerState } from '../../consensus/contracts/state.ts';
import { warn } from '../../consensus/contracts/transitions/warn.ts';
import { readFrom } from '../../consensus/contracts/triggers/evaluate.ts';
import { expectedOf, type Source } from '../../consensus/contracts/triggers/readings.ts';
import {
  defaultTriggers,
  immediateTriggers,
  ruleOf,
  type TriggerRule,
} from '../../consensus/contracts/triggers/rules.ts';
import { hash, zero32 } from '../../consensus/crypto/hash.ts';
import { SSCC, type Story, storyAt } from '../../consensus/test/contract-story.ts';
import { deviceId, signerOf } from '../../consensus/test/contract-world.ts';
import { Dice } from '../../consensus/test/dice.ts';
import { callId, signedCall } from '../../consensus/vertex/call.ts';
import { formatDecimal } from '../../consensus/vertex/decimal.ts';
import type { Frame } from '../../consensus/vertex/frame.ts';
import type { QuantityName } from '../../consensus/vertex/quantities.ts';
import { EarlyWarnings } from '../gateway/early-warnings.ts';
import { Follower } from '../gateway/follower.ts';
import { type EarlyWarning, type GoodsFacts, GoodsWatch } from '../gateway/goods-watch.ts';
import { Ledger } from '../gateway/ledger.ts';
import { framesOf } from '../intake/frames.ts';
import { packOf } from '../intake/packs.ts';
import { decodePack } from '../senml/pack.ts';
import { root, START_MS } from './certifying.ts';
import { ScriptedLink, SmallLedger } from './small-ledger.ts';

const test = suite('early warning');
const INPUTS = 10_000;
const RULE_SETS = 40;
const MINUTE_MS = 60_000;
const version = { call: zero32, height: 1 };
const FENCE = { latitude: 52_500_000, longitude: 13_400_000, radiusM: 1_000 };

const signals = ['weight', 'temperature', 'tilt', 'shock', 'geofence', 'door'] as const;
type ReadingSignal = (typeof signals)[number];

/** Who can say it: of the monitor, of the warehouse, of the goods' owner. */
const devicesFor: { readonly [S in ReadingSignal]: readonly string[] } = {
  weight: ['scale', 'second-scale', 'acme-scale', 'climate'],
  temperature: ['climate', 'acme-counter'],
  tilt: ['climate', 'scale'],
  shock: ['climate'],
  geofence: ['locator', 'truck'],
  door: ['locator'],
};

/** Around the edges of what the rules and the goods allow. */
const valuesFor: { readonly [S in ReadingSignal]: readonly string[] } = {
  weight: ['1000', '995', '994.9', '994.999999', '980', '979.9', '1005.1', '900'],
  temperature: ['-5.1', '-5', '40', '40.001', '41', '20'],
  tilt: ['0.5236', '0.523601', '-0.6', '0', '1.2'],
  shock: ['49.033', '49.034', '60', '0', '80'],
  geofence: ['52.5', '52.508', '52.509', '52.51', '-33.9'],
  door: ['0', '1'],
};

function drawRules(dice: Dice): TriggerRule[] {
  return defaultTriggers.map((rule) => ({
    ...rule,
    sources: dice.of([1, 1, 1, 2]),
    warnReadings: dice.of([1, 1, 2, 3]),
    warnMs: dice.of([0, 0, 30_000, 2 * MINUTE_MS]),
    criticalMs: rule.criticalMs > 0 ? dice.of([0, 4 * MINUTE_MS]) : 0,
  }));
}

function readingsOf(dice: Dice, signal: ReadingSignal): { readonly [Q in QuantityName]?: string } {
  const value = dice.of(valuesFor[signal]);
  if (signal === 'geofence')
    return { latitude: value, longitude: dice.of(['13.4', '13.415', '13.41', '-179.9']) };
  return { [readFrom[signal]!]: value };
}

/** A pledge in trouble's way, with drawn rules of its own, and what a gateway of the monitor knows of it. */
function makeCase(
  dice: Dice,
  rules: readonly TriggerRule[] = drawRules(dice),
): { story: Story; facts: GoodsFacts; replayed: LedgerState } {
  const story = storyAt('drawn').fork();
  const { world } = story;
  world.change(pledge, story.pledge, { triggers: hash('salt', zero32) });
  const held = world.read(pledge, story.pledge);
  const { pledgor, pledgee, monitor } = held;
  world.put(triggerSet, held.triggers!, {
    pledge: story.pledge,
    pledgor,
    pledgee,
    monitor,
    rules,
    ...version,
  });
  world.change(unit, story.unit, {
    transit: dice.chance() < 0.8 ? { seal: 'S', route: 'R', fence: FENCE } : undefined,
    temperature: dice.chance() < 0.8 ? { leastMilliC: -5_000, mostMilliC: 40_000 } : undefined,
  });
  const goods = world.read(unit, story.unit);
  const names = [...new Set(Object.values(devicesFor).flat())];
  const sources = new Map(
    names.map((name): [string, Source] => {
      const { owner, functions } = world.read(device, deviceId(name));
      const ownersOwn = isControlledBy(owner, goods.owner, world);
      const gateway = signerOf('monitor gateway').publicKey;
      return [name, { device: deviceId(name), gateway, owner, functions, ownersOwn }];
    }),
  );
  const pledges = [{ id: toHex(story.pledge), rules, expected: expectedOf(goods, false) }];
  // As another node has it, from its disk.
  const stored = [...world.objects()].map((object) => {
    const decoded = storedObject.decode(storedObject.encode(object));
    if (!decoded.ok) throw new Error(decoded.code);
    return decoded.value as StoredObject;
  });
  return { story, facts: { sources, pledges }, replayed: LedgerState.of(stored) };
}

/** Frame as it left the sensor → SenML → what the gateway's intake makes of it. */
function throughSenml(shown: Frame, format: 'json' | 'cbor'): Frame {
  const records = decodePack(packOf(shown, format), undefined, shown.time);
  const frames = records.ok ? framesOf(records.value) : records;
  if (!frames.ok) throw new Error(`${frames.code} ${JSON.stringify(frames.facts)}`);
  return frames.value[0]!;
}

interface Verdict {
  readonly level: string;
  readonly measured: string;
}
const verdictOf = (shown: Verdict | undefined): string =>
  shown === undefined ? 'none' : `${shown.level} ${shown.measured}`;

/** What the contract says of evidence, run on the node's state and on the replayed one, and thrown away. */
function decide(story: Story, replayed: LedgerState, trigger: ReadingSignal, evidence: Uint8Array[]): string {
  const { world } = story;
  const call = world.compose(warn, { pledge: story.pledge, trigger, evidence }, ['monitor']);
  const carried = signedCall.decode(signedCall.encode(call));
  if (!carried.ok) throw new Error(carried.code);
  const [node, replay] = [world.state, replayed].map((state) => {
    const draft = new Draft(state);
    const refusal = runCall(carried.value, zero32, draft, world.environment());
    if (refusal !== undefined) {
      assert.is(refusal.code, 'E_EVIDENCE', JSON.stringify(refusal.facts));
      return 'none';
    }
    const { level, measured } = draft.get(warning, callId(call.header))!;
    return verdictOf({ level, measured: formatDecimal(measured) });
  });
  assert.is(replay, node, 'replay');
  return node!;
}

test(`R012: gateway, node and replay decide alike for ${INPUTS.toLocaleString('en')} random inputs`, () => {
  const dice = new Dice(12);
  const counts = { none: 0, warning: 0, critical: 0, needsOthers: 0, subsets: 0 };
  for (let set = 0; set < RULE_SETS; set++) {
    const { story, facts, replayed } = makeCase(dice);
    const { world } = story;
    for (let input = 0; input < INPUTS / RULE_SETS; input++) {
      const signal = dice.of(signals);
      const watch = new GoodsWatch();
      watch.learn(facts);
      const proofs: Uint8Array[] = [];
      const proofOf = new Map<string, Uint8Array>();
      const ever = new Set<string>();
      let standing: EarlyWarning | undefined;
      const devices = devicesFor[signal].slice(0, 1 + dice.below(3));
      const counters = new Map<string, number>();
      let time = world.time - 10 * MINUTE_MS;
      for (let i = 1 + dice.below(8); i > 0; i--) {
        // A change of weight makes a door, a shock or a tilt graver.
        const weighs = ['door', 'shock', 'tilt'].includes(signal) && dice.chance() < 0.2;
        const name = weighs ? 'second-scale' : dice.of(devices);
        const counter = (counters.get(name) ?? 1_000 * input) + (dice.chance() < 0.9 ? 1 : 2);
        counters.set(name, counter);
        time += dice.of([MINUTE_MS, MINUTE_MS, 20_000]);
        const proof = world.reading({
          device: name,
          values: readingsOf(dice, weighs ? 'weight' : signal),
          counter,
          time,
        });
        const shown = world.environment().evidence(proof);
        if (!('frame' in shown)) throw new Error(shown.code);
        proofs.push(proof);
        proofOf.set(`${name} ${counter}`, proof);
        watch.note(throughSenml(shown.frame, dice.of(['json', 'cbor'])));
        standing = watch.warnings.find((entry) => entry.signal === signal);
        if (standing !== undefined && !standing.needsOthers) ever.add(standing.level);
      }
      const whole = standing?.needsOthers === false ? standing : undefined;
      if (whole !== undefined) {
        // What the gateway shows, the contract takes, and says the same of it.
        const evidence = whole.frames.map(({ device: name, counter }) => proofOf.get(`${name} ${counter}`)!);
        const node = decide(story, replayed, signal, evidence);
        assert.is(node, verdictOf(whole), `set ${set}, input ${input}, ${signal}`);
        counts[whole.level] += 1;
        continue;
      }
      if (standing !== undefined) counts.needsOthers += 1;
      else counts.none += 1;
      // Whatever the monitor picks of what passed here: what the contract takes, the gateway has warned of.
      const picked = proofs.filter(() => dice.chance() < 0.6);
      const evidence = picked.length === 0 ? proofs : picked;
      const node = decide(story, replayed, signal, evidence);
      if (node === 'none') continue;
      counts.subsets += 1;
      // As grave, too, but where a weighing that came long before makes another signal graver.
      const isGrave = node.startsWith('critical') && !['door', 'shock', 'tilt'].includes(signal);
      assert.ok(!isGrave || ever.has('critical'), `set ${set}, input ${input}: ${signal} ${node}`);
      assert.ok(ever.has('warning') || ever.has('critical'), `set ${set}, input ${input}: ${signal} ${node}`);
    }
  }
  console.log(`R012: ${JSON.stringify(counts)}`);
  for (const [what, count] of Object.entries(counts)) assert.ok(count > 50, `${what}: only ${count}`);
});

test('a shock is critical with a change of weight, also at the gateway; a device speaks within its functions only', () => {
  const { story, facts, replayed } = makeCase(new Dice(1), immediateTriggers);
  const watch = new GoodsWatch();
  watch.learn(facts);
  const proofs = new Map<string, Uint8Array>();
  const say = (name: string, values: { readonly [Q in QuantityName]?: string }): void => {
    const proof = story.world.reading({ device: name, values });
    const shown = story.world.environment().evidence(proof);
    if (!('frame' in shown)) throw new Error(shown.code);
    proofs.set(`${name} ${shown.frame.counter}`, proof);
    watch.note(shown.frame);
  };
  say('climate', { weight: '900' });
  assert.equal(watch.warnings, []);
  say('climate', { shock: '60' });
  assert.is(watch.warnings[0]?.level, 'warning');
  say('second-scale', { weight: '990' });
  const shock = watch.warnings.find(({ signal }) => signal === 'shock')!;
  assert.equal([shock.level, shock.frames.length], ['critical', 2]);
  const evidence = shock.frames.map(({ device: name, counter: at }) => proofs.get(`${name} ${at}`)!);
  assert.is(decide(story, replayed, 'shock', evidence), 'critical 60');
});

// ---- what the gateway reads of the ledger

const DEVICE = 'scale-1';
const owner = hash('label', zero32);
const monitor = hash('label', owner);

interface Ground {
  readonly ledger: SmallLedger;
  readonly talk: Ledger;
  readonly link: ScriptedLink;
  readonly warnings: EarlyWarnings;
  readonly said: string[];
  nowMs: number;
  refresh(): Promise<void>;
}

const opened: Ground[] = [];
test.after.each(async () => {
  for (const ground of opened.splice(0)) await ground.talk.close();
});

async function openGround(): Promise<Ground> {
  const ledger = new SmallLedger();
  ledger.shown = [0, 1];
  put(ledger);
  ledger.advance();
  const link = new ScriptedLink(['aa'.repeat(32)], ledger);
  const ground = { nowMs: START_MS + MINUTE_MS, said: [] as string[] };
  const clockNow = { now: () => ground.nowMs };
  const follower = new Follower({
    ...{ root, genesisTimeMs: START_MS, trustingPeriodMs: 86_400_000, newest: undefined, changes: [] },
  });
  const nothing = () => undefined;
  const talk = new Ledger({
    ...{ link, follower, clock: clockNow, nodes: [{ key: 'aa'.repeat(32), organisation: 'one' }] },
    events: {
      ...{ onUp: nothing, onHead: nothing, onConflict: nothing, onChange: nothing, onPrimary: nothing },
      onLie: (_, reason) => void ground.said.push(`lie: ${reason}`),
    },
  });
  link.push();
  while (talk.primary === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  const warnings = new EarlyWarnings({
    entries: [{ goods: `sscc:${SSCC}`, devices: [DEVICE, 'nobody-s'] }],
    ...{ network: root.network, gateway: new Uint8Array(32), triggers: defaultTriggers, clock: clockNow },
    log: (level, message, facts) =>
      void ground.said.push(`${level}: ${message} ${JSON.stringify(facts ?? {})}`),
  });
  const whole = Object.assign(ground, {
    ...{ ledger, talk, link, warnings },
    refresh: async () => {
      ground.nowMs += 11_000;
      await warnings.refresh(talk, follower.head?.header.time ?? START_MS);
    },
  });
  opened.push(whole);
  return whole;
}

const UNIT = labelKey(root.network, 'sscc', SSCC);
const PLEDGE = hash('label', UNIT);
const ORDER = hash('label', PLEDGE);
const RULES = hash('label', ORDER);

/** The drawn story's goods and pledge, under this network's ids. */
function put(ledger: SmallLedger): void {
  const story = storyAt('drawn');
  const goods = { ...story.world.read(unit, story.unit), owner, monitor };
  const held = { ...story.world.read(pledge, story.pledge), unit: UNIT };
  ledger.put(unit, UNIT, goods);
  ledger.put(pledge, PLEDGE, held);
  ledger.put(encumbrance, UNIT, {
    ...story.world.read(encumbrance, story.unit),
    entries: [{ pledge: PLEDGE, rank: 1, state: 'PLEDGED' }],
  });
  ledger.put(device, labelKey(root.network, 'device', DEVICE), {
    ...{
      owner: monitor,
      validUntil: undefined,
      state: 'ACTIVE',
      key: new Uint8Array(0),
      identifier: DEVICE,
      ...version,
      functions: ['weigher', 'door'],
    },
  });
}

let counter = 0;
const frameOf = (values: { readonly [Q in QuantityName]?: number }): Frame => ({
  ...{ device: DEVICE, session: '', counter: ++counter, time: START_MS + counter * 1_000 },
  readings: Object.entries(values).map(([quantity, value]) => ({
    quantity: quantity as QuantityName,
    value: { mantissa: value!, exponent: 0 },
  })),
  signature: new Uint8Array(0),
});

test('it reads goods, pledges and rules with proofs, warns once, says when it is over, and counts', async () => {
  const ground = await openGround();
  const { warnings, said } = ground;
  assert.match(warnings.status[0]!.problem, 'not asked yet');
  await ground.refresh();
  assert.equal(warnings.status[0]!.pledges, [toHex(PLEDGE)]);
  assert.is(warnings.status[0]!.problem, 'not enrolled: nobody-s');
  warnings.note([frameOf({ weight: 985 })]);
  assert.equal(warnings.status[0]!.warnings, [], 'the network’s rule wants two');
  for (let i = 0; i < 3; i++) warnings.note([frameOf({ weight: 985 })]);
  const [early] = warnings.status[0]!.warnings;
  assert.equal(
    [early?.signal, early?.level, early?.measured, early?.needsOthers, early?.readings],
    ['weight', 'warning', '985', false, 4],
  );
  assert.is(said.filter((line) => line.startsWith('warn: early warning')).length, 1, 'said once');
  warnings.note([frameOf({ weight: 1000 })]);
  assert.equal(warnings.status[0]!.warnings, []);
  assert.is(said.filter((line) => line.startsWith('info: early warning is over')).length, 1);
  assert.equal(warnings.raised, { warning: 1, critical: 0 });
});

test('a pledge’s own rules, a release order and its end, a change of the book: each counts from the next look', async () => {
  const ground = await openGround();
  const { ledger, warnings } = ground;
  const story = storyAt('drawn');
  const held = { ...story.world.read(pledge, story.pledge), unit: UNIT };
  const door = { ...ruleOf(defaultTriggers, 'door')!, warnReadings: 1, warnMs: 0, sources: 2 };
  const { pledgor, pledgee } = held;
  ledger.put(triggerSet, RULES, { pledge: PLEDGE, pledgor, pledgee, monitor, rules: [door], ...version });
  ledger.put(releaseOrder, ORDER, {
    ...{
      state: 'OPEN',
      pledge: PLEDGE,
      unit: UNIT,
      pledgor,
      pledgee,
      monitor,
      custodian: owner,
      quantity: 1,
    },
    // Past by the calendar, and live by running time.
    ...{ expires: START_MS - 86_400_000, ...version },
  });
  ledger.put(clock, zero32, { pausedMs: 10 * 365 * 86_400_000, height: 1 });
  ledger.put(pledge, PLEDGE, { ...held, triggers: RULES, orders: [ORDER] });
  ledger.advance();
  await ground.refresh();
  warnings.note([frameOf({ door: 1 })]);
  assert.equal(warnings.status[0]!.warnings, [], 'the order is open: by running time, which stood still');
  ledger.put(releaseOrder, ORDER, {
    ...{
      state: 'USED',
      pledge: PLEDGE,
      unit: UNIT,
      pledgor,
      pledgee,
      monitor,
      custodian: owner,
      quantity: 1,
    },
    ...{ expires: START_MS - 86_400_000, ...version },
  });
  ledger.advance();
  await ground.refresh();
  const [early] = warnings.status[0]!.warnings;
  assert.equal([early?.signal, early?.needsOthers], ['door', true], 'one gateway is one source');
  warnings.note([frameOf({ weight: 1 })]);
  assert.is(warnings.status[0]!.warnings.length, 1, 'no rule for weight');
  ledger.put(pledge, PLEDGE, { ...held, state: 'RELEASED' });
  ledger.advance();
  await ground.refresh();
  assert.equal(warnings.status[0]!.pledges, []);
  assert.equal(warnings.status[0]!.warnings, []);
});

test('goods that are closed to its party, or that do not exist, are named as such; a lie is not believed', async () => {
  const ground = await openGround();
  const { ledger, warnings, said } = ground;
  ledger.shown = [0];
  ledger.advance();
  await ground.refresh();
  assert.match(warnings.status[0]!.problem, /E_SCOPE.*not open to this gateway/);
  ledger.shown = [0, 1];
  const strange = new EarlyWarnings({
    entries: [{ goods: 'sscc:000', devices: [DEVICE] }],
    ...{ network: root.network, gateway: zero32, triggers: defaultTriggers },
    ...{ clock: { now: () => ground.nowMs }, log: () => undefined },
  });
  await strange.refresh(ground.talk, START_MS);
  assert.match(strange.status[0]!.problem, /E_NOT_FOUND/);
  ground.link.scripted[0]!.twist = (answer) =>
    answer.type === 'object'
      ? { ...answer, proof: { ...answer.proof, siblings: answer.proof.siblings.map(() => zero32) } }
      : answer;
  await ground.refresh();
  assert.ok(
    said.some((line) => line.startsWith('lie: its proof of a unit')),
    said.join('\n'),
  );
});

test('a device of a party that the goods’ owner controls is the owner’s, as far as this gateway is shown', async () => {
  const ground = await openGround();
  const { ledger, warnings } = ground;
  const fields = { roles: ['monitor' as const], lei: '5493000000000000M127', name: 'M', address: '' };
  ledger.put(party, monitor, { ...fields, controller: owner });
  ledger.advance();
  await ground.refresh();
  for (let i = 0; i < 3; i++) warnings.note([frameOf({ weight: 900 })]);
  assert.equal(warnings.status[0]!.warnings, [], 'the owner’s own word alone shows nothing');
  ledger.put(party, monitor, { ...fields, controller: zero32 });
  ledger.advance();
  await ground.refresh();
  for (let i = 0; i < 3; i++) warnings.note([frameOf({ weight: 900 })]);
  assert.is(warnings.status[0]!.warnings[0]?.level, 'critical');
});

test.run();
