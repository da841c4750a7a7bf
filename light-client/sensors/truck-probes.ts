/** The sensors on the truck: locator, motion, climate, door. */

import { clamp, makeWeather, Room } from './climate.ts';
import type { Breach, Probe } from './probe.ts';
import { Truck } from './truck.ts';

/** A satellite receiver's scatter, as degrees of latitude: about three metres. */
const SCATTER_DEG = 0.00003;

export function truckProbes(seed: string, startMs: number, breaches: readonly Breach[]): readonly Probe[] {
  const tiltsMs = breaches.filter(({ kind }) => kind === 'tilt').map(({ atMs }) => atMs);
  const weather = makeWeather(seed);
  const truck = new Truck(seed, startMs, tiltsMs);
  const room = new Room({ setpointC: 5, hysteresisC: 0.6, humidityPercent: 70 }, startMs);
  return [
    {
      name: 'locator',
      function: 'locator',
      intervalMs: 15_000,
      measure: (timeMs, random) => {
        const { latitude, longitude, speed } = truck.at(timeMs);
        return [
          ['latitude', latitude + random.noise(SCATTER_DEG), 5],
          ['longitude', longitude + random.noise(SCATTER_DEG * 1.4), 5],
          ['speed', speed === 0 ? 0 : Math.max(0, speed + random.noise(0.2)), 1],
        ];
      },
    },
    {
      name: 'motion',
      function: 'motion',
      intervalMs: 10_000,
      measure: (timeMs, random) => {
        const { tilt, shock } = truck.at(timeMs);
        const peak = Math.max(0, shock * (1 + random.wait(0.25)) + random.noise(0.05));
        return [
          ['tilt', tilt + random.noise(0.004), 3],
          ['shock', peak, 2],
        ];
      },
    },
    {
      name: 'climate',
      function: 'climate',
      intervalMs: 60_000,
      measure: (timeMs, random) => {
        const { doorOpen } = truck.at(timeMs);
        const air = room.at(timeMs, (at) => ({ outside: weather(at), doorOpen, coolingFailed: false }));
        return [
          ['temperature', air.temperatureC + random.noise(0.05), 2],
          ['humidity', clamp(air.humidityPercent + random.noise(0.5), 0, 100), 1],
        ];
      },
    },
    {
      name: 'door',
      function: 'door',
      intervalMs: 60_000,
      measure: (timeMs) => [['door', truck.at(timeMs).doorOpen ? 1 : 0, 0]],
    },
  ];
}
