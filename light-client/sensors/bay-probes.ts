/** The sensors of the warehouse bay: weigher, pallet counter, contour camera, climate, door. */

import { Bay, PALLET_KG, PALLETS } from './bay.ts';
import { clamp, makeWeather, Room } from './climate.ts';
import type { Breach, Probe } from './probe.ts';

const COOLING_FAILS_MS = 3 * 3_600_000;
/** Load cells creep with their temperature. */
const DRIFT_KG_PER_C = 0.4;
/** The stack: two pallets wide, two high. */
const PALLETS_A_ROW = 4;
const PALLET_LENGTH_M = 1.2;
const PALLET_WIDTH_M = 0.8;
const PALLET_HEIGHT_M = 1.35;

export function bayProbes(seed: string, startMs: number, breaches: readonly Breach[]): readonly Probe[] {
  const times = (kind: Breach['kind']) =>
    breaches.filter((breach) => breach.kind === kind).map(({ atMs }) => atMs);
  const failuresMs = times('temperature');
  const weather = makeWeather(seed);
  const bay = new Bay(seed, startMs, times('weight'));
  const room = new Room({ setpointC: 6, hysteresisC: 0.4, humidityPercent: 78 }, startMs);
  const airAt = (timeMs: number) => {
    bay.advance(timeMs);
    const doorOpen = bay.doorOpen;
    return room.at(timeMs, (at) => ({
      outside: weather(at),
      doorOpen: doorOpen(at),
      coolingFailed: failuresMs.some((fromMs) => at >= fromMs && at < fromMs + COOLING_FAILS_MS),
    }));
  };
  const stockKg = PALLETS * PALLET_KG;
  return [
    {
      name: 'weigher',
      function: 'weigher',
      intervalMs: 10_000,
      measure: (timeMs, random) => {
        const { temperatureC } = airAt(timeMs);
        const moving = bay.forkliftOn(timeMs) ? 25 : 0.6;
        const drift = DRIFT_KG_PER_C * (temperatureC - 6) * (bay.massKg(timeMs) / stockKg);
        return [['weight', Math.max(0, roundTo(bay.massKg(timeMs) + drift + random.noise(moving), 0.5)), 1]];
      },
    },
    {
      name: 'counter',
      function: 'counter',
      intervalMs: 60_000,
      measure: (timeMs, random) => {
        bay.advance(timeMs);
        // A forklift in the picture hides a pallet now and then.
        const hidden = bay.forkliftOn(timeMs) && random.next() < 0.3 ? 1 : 0;
        return [['count', Math.max(0, bay.pallets - hidden), 0]];
      },
    },
    {
      name: 'camera',
      function: 'camera',
      intervalMs: 300_000,
      measure: (timeMs, random) => {
        bay.advance(timeMs);
        const rows = Math.ceil(bay.pallets / PALLETS_A_ROW);
        const edge = (metres: number) => Math.max(0, metres + random.noise(0.008));
        return [
          ['length', edge(rows * PALLET_LENGTH_M), 2],
          ['width', edge(rows === 0 ? 0 : 2 * PALLET_WIDTH_M), 2],
          ['height', edge(rows === 0 ? 0 : 2 * PALLET_HEIGHT_M), 2],
        ];
      },
    },
    {
      name: 'climate',
      function: 'climate',
      intervalMs: 60_000,
      measure: (timeMs, random) => {
        const { temperatureC, humidityPercent } = airAt(timeMs);
        return [
          ['temperature', temperatureC + random.noise(0.03), 2],
          ['humidity', clamp(humidityPercent + random.noise(0.4), 0, 100), 1],
        ];
      },
    },
    {
      name: 'door',
      function: 'door',
      intervalMs: 600_000,
      measure: (timeMs) => {
        bay.advance(timeMs);
        return [['door', bay.doorOpen(timeMs) ? 1 : 0, 0]];
      },
      wakesMs: (timeMs) => {
        bay.advance(timeMs);
        return bay.doorMovesMs(timeMs);
      },
    },
  ];
}

const roundTo = (value: number, step: number): number => Math.round(value / step) * step;
