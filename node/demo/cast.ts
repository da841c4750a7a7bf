/** Who plays in the demo: the stakeholders of a loan secured by goods, each with a process of its own. */

import type { Role } from '../../consensus/contracts/registry.ts';
import { ConfigError } from '../config/toml.ts';
import type { StoryPlan } from '../story/plan.ts';

export interface Player {
  readonly name: string;
  readonly title: string;
  readonly lei: string;
  readonly address: string;
  readonly roles: readonly Role[];
  /** Holds a seat in the committee. */
  readonly seat: boolean;
}

/** LEIs with right check digits, of nobody. */
export const players = [
  {
    name: 'bank-a',
    title: 'Bank A',
    lei: '5493000000000000A196',
    address: 'Quai 1',
    roles: ['bank'],
    seat: true,
  },
  {
    name: 'bank-b',
    title: 'Bank B',
    lei: '5493000000000000B166',
    address: 'Ring 2',
    roles: ['bank'],
    seat: true,
  },
  {
    name: 'monitor-a',
    title: 'Monitor A',
    lei: '5493000000000000M127',
    address: 'Dock 3',
    roles: ['monitor'],
    seat: true,
  },
  {
    name: 'monitor-b',
    title: 'Monitor B',
    lei: '5493000000000000M224',
    address: 'Dock 4',
    roles: ['monitor'],
    seat: true,
  },
  {
    name: 'enterprise',
    title: 'Enterprise',
    lei: '5493000000000000E173',
    address: 'Works 5',
    roles: ['enterprise'],
    seat: false,
  },
  {
    name: 'warehouse',
    title: 'Warehouse',
    lei: '5493000000000000W118',
    address: 'Hall 6',
    roles: ['warehouse'],
    seat: false,
  },
] as const satisfies readonly Player[];

export type PlayerName = (typeof players)[number]['name'];
export const gatewayName = 'gateway';
export type ProcessName = PlayerName | typeof gatewayName;

export const processNames: readonly ProcessName[] = [...players.map((player) => player.name), gatewayName];

/** Steps of the story in order, by the names that `--fault kill:<name>@<step>` uses. */
export const stepNames = [
  'enrol',
  'register',
  'receipt',
  'order',
  'apply',
  'authorise',
  'status',
  'evaluate',
  'approve',
  'search',
  'pledge',
  'perfect',
  'draw',
  'monitoring',
  'breach',
  'double-pledge',
  'repay',
  'release',
] as const;
export type StepName = (typeof stepNames)[number];

/** A process to be killed, and the step before which that happens. */
export interface Fault {
  readonly name: ProcessName;
  /** Of the story that is told. */
  readonly step: string;
}

export const playerNamed = (name: string) => players.find((player) => player.name === name);

/** What a story may wait in all: here an hour takes an hour. */
const WAITS_MAX_MS = 3_600_000;

/** A story can be told here: who has a player's name has its role, what is read is read at a player's node, and it ends today. */
export function checkPlayable({ source, cast, steps }: StoryPlan): void {
  for (const { name, roles } of cast) {
    const player = playerNamed(name);
    if (player !== undefined && player.roles.join() !== roles.join())
      throw new ConfigError(`${source}: cast.${name}.roles: in the demo it is ${player.roles.join()}`);
  }
  const waitsMs = steps.reduce((sum, step) => sum + (step.type === 'wait' ? step.forMs : 0), 0);
  if (waitsMs > WAITS_MAX_MS)
    throw new ConfigError(
      `${source}: it waits for ${Math.round(waitsMs / 3_600_000)} hours, and here these are real: tally sim --scenario ${source} tells it in seconds`,
    );
  const names = players.map(({ name }) => name).join(', ');
  for (const [index, step] of steps.entries())
    if (step.type === 'check' && playerNamed(step.by) === undefined)
      throw new ConfigError(
        `${source}: step ${index + 1} (${step.name}), by: runs no node in the demo; expected one of ${names}`,
      );
}
