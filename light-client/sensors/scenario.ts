/**
 * The demo's story: goods in a warehouse bay and on a truck, watched by nine sensors. Virtual time, seeded: the
 * same options give the same signed frames. The caller paces them.
 */

import type { Signer } from '../../consensus/crypto/ed25519.ts';
import { decimalOf } from '../../consensus/vertex/decimal.ts';
import { type Frame, type Reading, signFrame } from '../../consensus/vertex/frame.ts';
import type { SensorFunction } from '../../consensus/vertex/quantities.ts';
import { bayProbes } from './bay-probes.ts';
import type { Breach, Probe } from './probe.ts';
import { Random } from './random.ts';
import { sensorSigner } from './sensor-key.ts';
import { truckProbes } from './truck-probes.ts';

export interface ScenarioOptions {
  readonly seed: string;
  /** Network id that the sensors sign for. */
  readonly network: Uint8Array;
  readonly startMs: number;
  /** No frame at or after this time; endless without it. */
  readonly endMs?: number;
  readonly breaches?: readonly Breach[];
  /** Names this run of the counters, which begin at 1; needed where a run before was taken in already. */
  readonly session?: string;
}

export interface SimulatedDevice {
  readonly device: string;
  readonly place: 'bay' | 'truck';
  readonly function: SensorFunction;
  readonly publicKey: Uint8Array;
}

export interface Scenario {
  readonly devices: readonly SimulatedDevice[];
  /** Frames ascending by time; each call begins again at the start. */
  frames(): Generator<Frame, void, undefined>;
}

interface Sensor {
  readonly probe: Probe;
  readonly signer: Signer;
  readonly random: Random;
  readonly device: string;
  counter: number;
  dueMs: number;
}

/** RFC 9039 name under the enterprise number that RFC 5612 reserves for examples. */
const deviceOf = (place: string, name: string): string => `urn:dev:os:32473-${place}-${name}`;

export function warehouseAndTruck(options: ScenarioOptions): Scenario {
  const { seed, startMs, endMs = Number.POSITIVE_INFINITY, breaches = [] } = options;
  // Probes of one place share its state, which only moves forward: each run needs its own.
  const castProbes = () => [
    ...bayProbes(seed, startMs, breaches).map((probe) => ({ place: 'bay' as const, probe })),
    ...truckProbes(seed, startMs, breaches).map((probe) => ({ place: 'truck' as const, probe })),
  ];
  const signed = castProbes().map(({ place, probe }) => {
    const device = deviceOf(place, probe.name);
    return { device, place, function: probe.function, signer: sensorSigner(seed, device) };
  });
  return {
    devices: signed.map(({ signer, ...device }) => ({ ...device, publicKey: signer.publicKey })),
    *frames() {
      const sensors = castProbes().map(({ probe }, index): Sensor => {
        const { device, signer } = signed[index]!;
        const random = new Random(seed, device);
        const dueMs = Math.round(startMs + random.between(0, Math.min(probe.intervalMs, 60_000)));
        return { probe, device, random, signer, counter: 0, dueMs };
      });
      for (;;) {
        const sensor = sensors.reduce((first, other) => (other.dueMs < first.dueMs ? other : first));
        if (sensor.dueMs >= endMs) return;
        yield speak(sensor, options);
      }
    },
  };
}

function speak(sensor: Sensor, { network, session = '' }: ScenarioOptions): Frame {
  const { probe, device, random, signer, dueMs: time } = sensor;
  const readings = probe.measure(time, random).map(([quantity, value, decimals]): Reading => {
    const printed = decimalOf(Number(value.toFixed(decimals)));
    return { quantity, value: printed! };
  });
  sensor.counter++;
  const regular = time + probe.intervalMs;
  sensor.dueMs = Math.min(regular, Math.max(time + 1, probe.wakesMs?.(time) ?? regular));
  return signFrame({ device, session, counter: sensor.counter, time, readings }, network, signer);
}
