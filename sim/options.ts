/**
 * Settings as people write them: the options of `tally sim`, and scenario files with the same names in TOML. Whatever is
 * wrong is told with its name and what is permitted.
 */

import { z } from 'zod';
import { type Pace, pace } from '../consensus/checkpoint/genesis.ts';
import { limits } from '../consensus/codec/limits.ts';
import { ConfigError, tellIssues } from '../node/config/toml.ts';
import type { StoryPlan } from '../node/story/plan.ts';
import { readScenarioFile } from '../node/story/scenario-file.ts';
import { actorKind, actorKinds } from './byzantine/index.ts';
import { NODES_MAX } from './cast.ts';
import { checkFault, decodeFault } from './faults/fault-text.ts';
import type { ScheduledFault } from './faults/schedule.ts';
import { latencyForms, parseLatency } from './network/latency.ts';
import {
  type ByzantineCount,
  defaultSettings,
  type FaultKind,
  faultKinds,
  type Settings,
} from './settings.ts';

/** Options as they were given, by their long names; texts, as on the command line. */
export interface WrittenSettings {
  readonly nodes?: string | undefined;
  readonly validators?: string | undefined;
  readonly byzantine?: string | undefined;
  readonly network?: string | undefined;
  readonly loss?: string | undefined;
  readonly duplicate?: string | undefined;
  readonly reorder?: string | undefined;
  readonly bandwidth?: string | undefined;
  readonly faults?: string | undefined;
  readonly schedule?: string | undefined;
  readonly duration?: string | undefined;
  readonly load?: string | undefined;
}

export interface Seeds {
  readonly from: number;
  readonly to: number;
}

export interface Scenario {
  readonly written: WrittenSettings;
  readonly seeds: string | undefined;
  readonly pace: Partial<Pace>;
  readonly story: StoryPlan | undefined;
}

/** An option that cannot be; the command line ends with exit code 2. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly exitCode = 2;
}

const DURATION_MAX_MS = 7 * 86_400_000;
const SEED_MAX = 2 ** 32 - 1;
const VERTICES_PER_S_MAX = 10_000;
const RACES_PER_MIN_MAX = 600;
const BANDWIDTH_MAX = 1e12;
const FAULTS_MAX = 10_000;
const faultForms = 'crash@3200-4100:1 or partition@6000-9000:0,1 (docs/spec/simulator.md)';

export function readSettings(
  written: WrittenSettings,
  paceChanges: Partial<Pace> = {},
  story?: StoryPlan,
): Settings {
  const validators = whole(
    'validators',
    written.validators ?? String(defaultSettings.validators),
    1,
    limits.seatsMax,
  );
  const nodes = whole('nodes', written.nodes ?? String(validators), validators, NODES_MAX);
  const { network, load } = defaultSettings;
  const durationMs =
    written.duration === undefined ? defaultSettings.durationMs : readDuration(written.duration);
  if (written.faults !== undefined && written.schedule !== undefined)
    throw new OptionError('--faults and --schedule: expected one of them');
  return {
    nodes,
    validators,
    byzantine: readByzantine(written.byzantine ?? '', nodes, validators),
    network: {
      latency: readLatency(written.network ?? network.latency),
      loss: fraction('loss', written.loss, network.loss),
      duplicate: fraction('duplicate', written.duplicate, network.duplicate),
      reorder: fraction('reorder', written.reorder, network.reorder),
      bandwidthBytesPerS: whole(
        'bandwidth',
        written.bandwidth ?? String(network.bandwidthBytesPerS),
        0,
        BANDWIDTH_MAX,
      ),
    },
    faults: readFaults(written.faults ?? ''),
    ...(written.schedule === undefined
      ? {}
      : { schedule: readSchedule(written.schedule, nodes, durationMs) }),
    durationMs,
    load: written.load === undefined ? load : readLoad(written.load),
    pace: paceChanges,
    ...(story === undefined ? {} : { story }),
  };
}

/** `7` or `1..200`. */
export function readSeeds(option: 'seed' | 'seeds', text: string): Seeds {
  const expected = option === 'seed' ? 'a seed such as 7' : 'two seeds such as 1..200, the lesser first';
  const [, from, to] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? [];
  const seeds = { from: Number(from), to: Number(to ?? from) };
  const fits = from !== undefined && (to === undefined || option === 'seeds') && seeds.to <= SEED_MAX;
  if (!fits || seeds.from > seeds.to) throw wrong(option, `${expected}, up to ${SEED_MAX}`, text);
  return seeds;
}

/** A scenario file: the options' names, what the genesis sets otherwise in `[pace]`, and a story: its own, or another file's. */
export async function readScenario(file: string): Promise<Scenario> {
  const { story: own, settings } = await readScenarioFile(file);
  const parsed = scenarioSchema.safeParse(settings, { reportInput: true });
  if (!parsed.success) throw new ConfigError(tellIssues(file, parsed.error.issues));
  const { seeds, pace: paceChanges, story: named, ...written } = parsed.data;
  if (own !== undefined && named !== undefined)
    throw new OptionError(`${file}: expected a story of its own, or the name of one`);
  return { written, seeds, pace: paceChanges, story: own ?? (await readNamed(file, named)) };
}

async function readNamed(file: string, named: string | undefined): Promise<StoryPlan | undefined> {
  if (named === undefined) return undefined;
  const { story } = await readScenarioFile(named);
  if (story === undefined) throw new OptionError(`${file}: ${named} tells no story`);
  return story;
}

const written = z.union([z.string(), z.number()]).transform(String).optional();
const items = z.array(z.string()).transform((list) => list.join(' '));
const scenarioSchema = z.strictObject({
  ...{ nodes: written, validators: written, byzantine: written, network: written, loss: written },
  ...{ duplicate: written, reorder: written, bandwidth: written, faults: written, duration: written },
  ...{
    story: z.string().optional(),
    load: written,
    seeds: written,
    schedule: z.union([items, z.string()]).optional(),
  },
  pace: z
    .strictObject(Object.fromEntries(pace.fieldNames.map((name) => [name, z.int().min(1).optional()])))
    .transform((changes) => changes as Partial<Pace>)
    .default({}),
});

function readByzantine(text: string, nodes: number, validators: number): ByzantineCount[] {
  const names = actorKinds.map(({ name }) => name).join(', ');
  let [seats, everybody] = [0, 0];
  const counts = listed(text).map((item) => {
    const [, kind = '', count = '1'] = /^([a-z-]+)(?::(\d+))?$/.exec(item) ?? [];
    const known = actorKind(kind);
    if (known === undefined) throw wrong('byzantine', `kind:count, a kind being one of ${names}`, item);
    everybody += Number(count);
    if (known.needs === 'seat') seats += Number(count);
    return { kind, count: Number(count) };
  });
  if (seats > validators) throw wrong('byzantine', `seats for at most ${validators} validators`, text);
  if (everybody >= nodes && everybody > 0) throw wrong('byzantine', `fewer than all ${nodes} nodes`, text);
  return counts;
}

function readFaults(text: string): FaultKind[] {
  return listed(text).map((item) => {
    const kind = faultKinds.find((known) => known === item);
    if (kind === undefined) throw wrong('faults', `some of ${faultKinds.join(', ')}`, item);
    return kind;
  });
}

function readSchedule(text: string, nodes: number, durationMs: number): ScheduledFault[] {
  const written = text.split(/\s+/).filter((item) => item !== '');
  if (written.length > FAULTS_MAX)
    throw wrong('schedule', `at most ${FAULTS_MAX} faults`, `${written.length} faults`);
  return written.map((item) => {
    const fault = decodeFault(item);
    if (fault === undefined) throw wrong('schedule', `faults such as ${faultForms}`, item);
    const defect = checkFault(fault, nodes, durationMs);
    if (defect !== undefined) throw wrong('schedule', defect, item);
    return fault;
  });
}

function readLatency(text: string): string {
  if (parseLatency(text) === undefined) throw wrong('network', latencyForms, text);
  return text;
}

/** `20`, `20s`, `2m`, `1500ms`: seconds where nothing is said. */
function readDuration(text: string): number {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? [];
  const durationMs =
    Number(amount) *
    { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 'ms' | 's' | 'm' | 'h' | 'd'];
  if (amount === undefined || durationMs < 1 || durationMs > DURATION_MAX_MS)
    throw wrong('duration', 'a time such as 20s, 1500ms or 2m, up to 7d', text);
  return Math.round(durationMs);
}

/** `20` or `vertices:20,races:6`. */
function readLoad(text: string): Settings['load'] {
  let { verticesPerS, pledgeRacesPerMin } = defaultSettings.load;
  for (const item of listed(text)) {
    const [, name = 'vertices', amount] = /^(?:(vertices|races):)?(\d+(?:\.\d+)?)$/.exec(item) ?? [];
    const [value, most] = [Number(amount), name === 'vertices' ? VERTICES_PER_S_MAX : RACES_PER_MIN_MAX];
    if (amount === undefined || value > most) {
      const ranges = `vertices a second up to ${VERTICES_PER_S_MAX}, races a minute up to ${RACES_PER_MIN_MAX}`;
      throw wrong('load', `such as vertices:20,races:6 (${ranges})`, item);
    }
    if (name === 'vertices') verticesPerS = value;
    else pledgeRacesPerMin = value;
  }
  return { verticesPerS, pledgeRacesPerMin };
}

export function whole(option: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw wrong(option, `a whole number from ${least} to ${most}`, text);
  return value;
}

function fraction(option: string, text: string | undefined, standard: number): number {
  if (text === undefined) return standard;
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value < 1)) throw wrong(option, 'a chance from 0 to below 1, such as 0.02', text);
  return value;
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function wrong(option: string, expected: string, got: string): OptionError {
  return new OptionError(`--${option}: expected ${expected}; got "${got}"`);
}
