/**
 * A truck that carries goods between two towns and back, with a rest on the way: where it is, how fast, how it
 * leans and shakes. In a breach of kind `tilt` its load tips over.
 */

import { Random } from './random.ts';

const MINUTE_MS = 60_000;
const EARTH_M = 6_371_000;
const ACCELERATION = 0.4;
const TILTED_MS = 20 * MINUTE_MS;

interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** Grenoble, along the valley and the motorway, to Lyon; the truck rests at Bourgoin-Jallieu. */
const ROUTE: readonly Place[] = [
  { latitude: 45.1885, longitude: 5.7245 },
  { latitude: 45.2494, longitude: 5.6402 },
  { latitude: 45.3405, longitude: 5.5935 },
  { latitude: 45.4211, longitude: 5.4831 },
  { latitude: 45.5221, longitude: 5.4047 },
  { latitude: 45.5862, longitude: 5.2738 },
  { latitude: 45.6188, longitude: 5.1483 },
  { latitude: 45.6652, longitude: 5.0304 },
  { latitude: 45.7113, longitude: 4.9316 },
  { latitude: 45.7486, longitude: 4.8467 },
];
const REST = 5;

/** A stop, then the drive that follows it. */
interface Leg {
  readonly stopFromMs: number;
  readonly driveFromMs: number;
  readonly driveToMs: number;
  readonly path: readonly Place[];
  readonly lengthM: number;
  readonly cruise: number;
  /** Goods are loaded or unloaded at the stop. */
  readonly atDock: boolean;
}

export interface TruckState extends Place {
  readonly speed: number;
  readonly doorOpen: boolean;
  /** Angle of the load, rad; greatest acceleration besides gravity, m/s². */
  readonly tilt: number;
  readonly shock: number;
}

/** The four legs of a round trip, over and over. */
const PATHS = [
  ROUTE.slice(0, REST + 1),
  ROUTE.slice(REST),
  ROUTE.slice(REST).reverse(),
  ROUTE.slice(0, REST + 1).reverse(),
];

export class Truck {
  readonly #random: Random;
  readonly #tiltsMs: readonly number[];
  #legs = 0;
  #leg: Leg;

  constructor(seed: string, startMs: number, tiltsMs: readonly number[]) {
    this.#random = new Random(seed, 'truck');
    this.#tiltsMs = tiltsMs;
    this.#leg = this.#nextLeg(startMs);
  }

  /** The truck at `timeMs`, which must not lie before the last one asked for. */
  at(timeMs: number): TruckState {
    while (timeMs >= this.#leg.driveToMs) this.#leg = this.#nextLeg(this.#leg.driveToMs);
    const leg = this.#leg;
    const { doneM, speed } = travelled(leg, (timeMs - leg.driveFromMs) / 1000);
    const tilted = this.#tiltsMs.find((atMs) => timeMs >= atMs && timeMs < atMs + TILTED_MS);
    const stopped = timeMs < leg.driveFromMs;
    return {
      ...along(leg.path, doneM),
      speed,
      // Open from three minutes after arrival until three before departure.
      doorOpen:
        leg.atDock && timeMs > leg.stopFromMs + 3 * MINUTE_MS && timeMs < leg.driveFromMs - 3 * MINUTE_MS,
      tilt: tilted === undefined ? 0.015 * Math.sin(doneM / 900) : 0.52,
      shock: tilted !== undefined && timeMs < tilted + 15_000 ? 45 : stopped ? 0.2 : 0.8 + speed / 12,
    };
  }

  #nextLeg(stopFromMs: number): Leg {
    const path = PATHS[this.#legs % PATHS.length]!;
    const atDock = this.#legs % 2 === 0;
    this.#legs++;
    const lengthM = lengthOf(path);
    const cruise = this.#random.between(19, 24);
    const stopMs = (atDock ? this.#random.between(25, 45) : this.#random.between(15, 25)) * MINUTE_MS;
    const driveFromMs = Math.round(stopFromMs + stopMs);
    const driveS = lengthM / cruise + cruise / ACCELERATION;
    return {
      stopFromMs,
      driveFromMs,
      driveToMs: Math.round(driveFromMs + driveS * 1000),
      path,
      lengthM,
      cruise,
      atDock,
    };
  }
}

/** Way and speed after `sinceS` of a drive that gains speed, cruises and brakes. */
function travelled(
  { lengthM, cruise }: Leg,
  sinceS: number,
): { readonly doneM: number; readonly speed: number } {
  const rampS = cruise / ACCELERATION;
  const totalS = lengthM / cruise + rampS;
  if (sinceS <= 0) return { doneM: 0, speed: 0 };
  if (sinceS < rampS) return { doneM: (ACCELERATION * sinceS ** 2) / 2, speed: ACCELERATION * sinceS };
  const leftS = Math.max(0, totalS - sinceS);
  if (leftS < rampS) return { doneM: lengthM - (ACCELERATION * leftS ** 2) / 2, speed: ACCELERATION * leftS };
  return { doneM: cruise * (sinceS - rampS / 2), speed: cruise };
}

function along(path: readonly Place[], doneM: number): Place {
  let left = doneM;
  for (let i = 1; i < path.length; i++) {
    const [from, to] = [path[i - 1]!, path[i]!];
    const length = distanceM(from, to);
    if (left <= length || i === path.length - 1) {
      const share = Math.min(1, left / length);
      return {
        latitude: from.latitude + share * (to.latitude - from.latitude),
        longitude: from.longitude + share * (to.longitude - from.longitude),
      };
    }
    left -= length;
  }
  return path[0]!;
}

const lengthOf = (path: readonly Place[]): number =>
  path.slice(1).reduce((sum, to, i) => sum + distanceM(path[i]!, to), 0);

/** Flat-earth distance: a few metres off over these legs. */
export function distanceM(a: Place, b: Place): number {
  const radians = Math.PI / 180;
  const north = (b.latitude - a.latitude) * radians;
  const east = (b.longitude - a.longitude) * radians * Math.cos(((a.latitude + b.latitude) / 2) * radians);
  return EARTH_M * Math.hypot(north, east);
}
