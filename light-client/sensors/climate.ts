/** Air: the weather outside, and a cooled room that follows it when its door opens or its cooling fails. */

import { Random } from './random.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Air {
  readonly temperatureC: number;
  readonly humidityPercent: number;
}

/** A day's cycle, coldest before dawn, on top of slower swings of the weather. */
export function makeWeather(seed: string): (timeMs: number) => Air {
  const random = new Random(seed, 'weather');
  const meanC = random.between(9, 16);
  const swings = [2.3, 3.7, 6.1].map((days) => ({
    periodMs: days * DAY_MS,
    phase: random.between(0, 2 * Math.PI),
  }));
  return (timeMs) => {
    const daily = Math.cos((2 * Math.PI * (timeMs - 15 * HOUR_MS)) / DAY_MS);
    const slow = swings.reduce(
      (sum, { periodMs, phase }) => sum + Math.sin((2 * Math.PI * timeMs) / periodMs + phase),
      0,
    );
    const temperatureC = meanC + 5 * daily + 1.5 * slow;
    return { temperatureC, humidityPercent: clamp(72 - 2 * (temperatureC - meanC), 25, 98) };
  };
}

export interface RoomSettings {
  readonly setpointC: number;
  /** Cooling starts this far above the setpoint and stops this far below. */
  readonly hysteresisC: number;
  readonly humidityPercent: number;
}

/** What acts on the room while time passes. */
export interface RoomInfluence {
  readonly outside: Air;
  readonly doorOpen: boolean;
  /** The refrigeration has failed and its defrost heater stays on. */
  readonly coolingFailed: boolean;
}

// Time constants of the first-order lag towards each influence.
const WALLS_S = 36 * 3600;
const DOOR_S = 1500;
const COOLING_S = 1800;
const HEATER_S = 5400;
const COIL_C = -4;
const HEATER_C = 25;
const STEP_S = 30;

export class Room {
  readonly #settings: RoomSettings;
  #timeMs: number;
  #temperatureC: number;
  #humidityPercent: number;
  #cooling = false;

  constructor(settings: RoomSettings, startMs: number) {
    this.#settings = settings;
    this.#timeMs = startMs;
    this.#temperatureC = settings.setpointC;
    this.#humidityPercent = settings.humidityPercent;
  }

  /** The air at `timeMs`, which must not lie before the last one asked for. */
  at(timeMs: number, influenceAt: (timeMs: number) => RoomInfluence): Air {
    while (this.#timeMs < timeMs) {
      const stepS = Math.min(STEP_S, (timeMs - this.#timeMs) / 1000);
      this.#step(stepS, influenceAt(this.#timeMs));
      this.#timeMs += stepS * 1000;
    }
    return { temperatureC: this.#temperatureC, humidityPercent: this.#humidityPercent };
  }

  #step(stepS: number, { outside, doorOpen, coolingFailed }: RoomInfluence): void {
    const { setpointC, hysteresisC, humidityPercent } = this.#settings;
    if (this.#temperatureC > setpointC + hysteresisC) this.#cooling = true;
    if (this.#temperatureC < setpointC - hysteresisC) this.#cooling = false;
    const towards = (goal: number, lagS: number) => (goal - this.#temperatureC) / lagS;
    let slope = towards(outside.temperatureC, WALLS_S);
    if (doorOpen) slope += towards(outside.temperatureC, DOOR_S);
    if (coolingFailed) slope += towards(HEATER_C, HEATER_S);
    else if (this.#cooling) slope += towards(COIL_C, COOLING_S);
    this.#temperatureC += slope * stepS;
    const goal = doorOpen ? outside.humidityPercent : humidityPercent - (this.#cooling ? 6 : 0);
    this.#humidityPercent += ((goal - this.#humidityPercent) / (doorOpen ? DOOR_S : 3600)) * stepS;
  }
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
