/**
 * Reads a scenario file: the story, checked as far as it can be before it is told, and what else the file holds, which
 * are the simulator's settings. Whatever is wrong is told with file, step and key. docs/spec/scenario.md.
 */

import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import type { Pace } from '../../consensus/checkpoint/genesis.ts';
import { defaultPolicy, type Policy, policy } from '../../consensus/contracts/policy.ts';
import { ConfigError, parseToml, tellIssues } from '../config/toml.ts';
import type { Named, PlannedDevice, StoryPlan } from './plan.ts';
import { checkSteps, type Fault } from './plan-steps.ts';
import { storySchema, type WrittenStory } from './step-schemas.ts';

export interface ScenarioFile {
  /** Absent where the file holds settings only. */
  readonly story: StoryPlan | undefined;
  /** What is not the story's. */
  readonly settings: { readonly [name: string]: unknown };
}

/** From dist/node/story/, where this file runs. */
const FOLDER = fileURLToPath(new URL('../../../sim/scenarios/', import.meta.url));
const ENDING = '.toml';
const IDENTIFIER = 'urn:dev:os:32473-';
/** What both the story and the simulator read. */
const SHARED = 'pace';

/** Names of the scenarios that come with the program. */
export function scenarioNames(): readonly string[] {
  if (!existsSync(FOLDER)) return [];
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(ENDING));
  return files.map((file) => file.slice(0, -ENDING.length)).sort();
}

/** Path of a scenario, which is named by itself or by its path. */
export function findScenario(source: string): string {
  return scenarioNames().includes(source) ? `${FOLDER}${source}${ENDING}` : source;
}

export async function readScenarioFile(source: string): Promise<ScenarioFile> {
  const file = findScenario(source);
  if (!existsSync(file))
    throw new ConfigError(`${source}: no such file, nor one of ${scenarioNames().join(', ')}`);
  const written = await parseToml(file);
  const own = new Set(Object.keys(storySchema.shape));
  const entries = Object.entries(written);
  const settings = Object.fromEntries(entries.filter(([key]) => !own.has(key) || key === SHARED));
  const parts = Object.fromEntries(entries.filter(([key]) => own.has(key)));
  const isStory = Object.keys(parts).some((key) => key !== SHARED);
  return { story: isStory ? readStory(source, parts) : undefined, settings };
}

/** A story from its parts, as a file would hold them; `source` is what faults are told with. Throws ConfigError. */
export function readStory(source: string, parts: object): StoryPlan {
  const parsed = storySchema.safeParse(parts, { reportInput: true });
  if (!parsed.success) throw new ConfigError(tellIssues(source, parsed.error.issues));
  const story = parsed.data;
  const faults: Fault[] = [];
  const plan = {
    source,
    title: story.title,
    gateway: story.gateway ?? Object.keys(story.cast).find((name) => isMonitor(story, name)) ?? '',
    policy: readPolicy(story, faults),
    pace: story.pace as Partial<Pace>,
    cast: Object.entries(story.cast).map(([name, { roles, title = name }]) => ({ name, roles, title })),
    devices: Object.entries(story.devices).map(
      ([name, { identifier = IDENTIFIER + name, ...device }]): PlannedDevice => ({
        name,
        identifier,
        ...device,
      }),
    ),
    names: Object.fromEntries(Object.entries(story.names).map(([name, entry]) => [name, nameOf(entry)])),
  };
  if (!isMonitor(story, plan.gateway))
    faults.push({ where: 'gateway', what: 'expected a monitor of the cast' });
  const steps = checkSteps(plan, story.step, faults);
  if (faults.length > 0)
    throw new ConfigError(faults.map(({ where, what }) => `${source}: ${where}: ${what}`).join('\n'));
  return { ...plan, steps };
}

const isMonitor = ({ cast }: WrittenStory, name: string): boolean =>
  cast[name]?.roles.includes('monitor') ?? false;

function readPolicy({ policy: changes }: WrittenStory, faults: Fault[]): Policy {
  const standard = policy.toJson(defaultPolicy) as object;
  const parsed = policy.parseJson({ ...standard, ...changes });
  if (parsed.ok) return parsed.value;
  const { field = '', ...facts } = parsed.facts;
  faults.push({ where: String(field), what: JSON.stringify(facts) });
  return defaultPolicy;
}

function nameOf(entry: z.output<typeof storySchema>['names'][string]): Named {
  if ('sscc' in entry) return { type: 'label', scheme: 'sscc', label: entry.sscc };
  if ('lot' in entry) return { type: 'label', scheme: 'lot', label: entry.lot };
  if ('giai' in entry) return { type: 'label', scheme: 'giai', label: entry.giai };
  if ('zone' in entry) return { type: 'zone', ...entry };
  if ('money' in entry) return { type: 'money', issuer: entry.money, currency: entry.currency };
  if ('account' in entry) return { type: 'account', money: entry.account, of: entry.of };
  if ('result' in entry) return { type: 'result', money: entry.result, of: entry.of };
  return { type: 'document', text: entry.document };
}
