/** The figures of one instant, over all honest nodes: what the report draws over time. */

import type { Sample } from '../run-result.ts';
import type { SimulatedNode, World } from '../world.ts';
import { checkNodeBounds, checkQueues } from './bounds.ts';
import type { Finality } from './finality.ts';
import type { Finding } from './finding.ts';

/** Takes the figures, and looks at the bounds of what it counts. */
export function takeSample(
  { network, time }: World,
  honest: Iterable<SimulatedNode>,
  finality: Finality,
): { readonly sample: Sample; readonly found: Finding | undefined } {
  const most = { open: 0, tips: 0, parked: 0, height: 0 };
  let found = checkQueues(network.queuedBytesMost);
  for (const { runner, name } of honest) {
    if (runner === undefined) continue;
    const gauges = runner.replica.gauges();
    found ??= checkNodeBounds(name, gauges);
    for (const gauge of ['open', 'tips', 'parked'] as const)
      most[gauge] = Math.max(most[gauge], gauges[gauge]);
    most.height = Math.max(most.height, runner.replica.ledger.height);
  }
  let [messages, bytes] = [0, 0];
  for (const traffic of network.traffic.values()) {
    messages += traffic.messages;
    bytes += traffic.bytes;
  }
  const fresh = finality.fresh();
  const durations = fresh && { finalityP50Ms: fresh.p50, finalityP95Ms: fresh.p95 };
  const sample = {
    ...{ atMs: Math.round(time.elapsedMs), final: finality.final, messages, bytes, ...most },
    ...durations,
  };
  return { sample, found };
}
