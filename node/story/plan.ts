/** A story as it is told: plain data, checked, independent of where it is told. docs/spec/scenario.md. */

import type { Pace } from '../../consensus/checkpoint/genesis.ts';
import type { Code } from '../../consensus/codec/codes.ts';
import type { Json } from '../../consensus/codec/schema.ts';
import type { GoodsScheme } from '../../consensus/contracts/objects/unit.ts';
import type { Policy } from '../../consensus/contracts/policy.ts';
import type { Role } from '../../consensus/contracts/registry.ts';
import type { QuantityName, SensorFunction } from '../../consensus/vertex/quantities.ts';

export type Fields = { readonly [name: string]: Json };

export interface CastMember {
  readonly name: string;
  readonly title: string;
  readonly roles: readonly Role[];
}

export interface PlannedDevice {
  readonly name: string;
  readonly identifier: string;
  readonly owner: string;
  readonly functions: readonly SensorFunction[];
  /** Whether it signs what it says. */
  readonly key: boolean;
}

/** What a name in `[names]` stands for. */
export type Named =
  | { readonly type: 'label'; readonly scheme: GoodsScheme; readonly label: string }
  | { readonly type: 'zone'; readonly gln: string; readonly zone: string }
  | { readonly type: 'money'; readonly issuer: string; readonly currency: string }
  | { readonly type: 'account'; readonly money: string; readonly of: string }
  /** Of a device, in the hands of its first owner. */
  | { readonly type: 'result'; readonly money: string; readonly of: string }
  | { readonly type: 'document'; readonly text: string };

/** Values that one device states of one quantity, as exact decimals in text. */
export type Programme =
  | { readonly type: 'values'; readonly values: readonly string[] }
  | { readonly type: 'line'; readonly from: string; readonly perMinute: string };

interface Told {
  readonly name: string;
  readonly say: string;
}
export interface CallStep extends Told {
  readonly type: 'call';
  readonly transition: string;
  readonly by: readonly string[];
  readonly args: Fields;
  readonly expect: Code;
  readonly conflict: string | undefined;
  readonly on: Trigger | undefined;
}
/** The readings on which a call is made, and how many of them there must be. */
export interface Trigger {
  readonly readings: string;
  readonly quantity: QuantityName;
  readonly over: string;
  readonly times: number;
  /** Made all at once, and so many take effect, whichever; `undefined`: one after the other, and all end alike. */
  readonly effective: number | undefined;
}
export interface FeedStep extends Told {
  readonly type: 'feed';
  readonly programmes: readonly {
    readonly device: string;
    readonly quantities: readonly { readonly quantity: QuantityName; readonly programme: Programme }[];
  }[];
  readonly everyMs: number;
  /** Readings of each device. */
  readonly count: number;
}
export interface WaitStep extends Told {
  readonly type: 'wait';
  readonly forMs: number;
  readonly since: string | undefined;
}
export interface CheckStep extends Told {
  readonly type: 'check';
  readonly object: string;
  readonly id: string;
  readonly by: string;
  /** `undefined`: there must be no such object. */
  readonly fields: Fields | undefined;
}
export type Step = CallStep | FeedStep | WaitStep | CheckStep;

export interface StoryPlan {
  /** The file, as it was named. */
  readonly source: string;
  readonly title: string;
  /** Member of the cast whose gateway carries the readings. */
  readonly gateway: string;
  readonly policy: Policy;
  readonly pace: Partial<Pace>;
  readonly cast: readonly CastMember[];
  readonly devices: readonly PlannedDevice[];
  readonly names: { readonly [name: string]: Named };
  readonly steps: readonly Step[];
}

/** Time that the sensors live through in all, ms. */
export function sensorTimeMs({ steps }: Pick<StoryPlan, 'steps'>): number {
  return steps.reduce((sum, step) => sum + (step.type === 'feed' ? step.everyMs * step.count : 0), 0);
}
