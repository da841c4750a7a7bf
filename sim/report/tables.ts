/** The tables of the report: conditions, traffic by kind of message, what Byzantine nodes did, every seed. */

import { type FaultKind, faultKinds } from '../faults/kinds.ts';
import type { RunResult } from '../run-result.ts';
import type { Settings } from '../settings.ts';
import type { Build } from './build.ts';
import { type Content, html, type Markup } from './html.ts';
import { tellBytes, tellNumber, tellRough, tellSpan } from './scale.ts';
import { chip } from './verdicts.ts';

export interface Conditions {
  readonly settings: Settings;
  /** Of all seeds together. */
  readonly wallMs: number;
  readonly build: Build;
  /** When the report was written, ISO 8601. */
  readonly writtenAt: string;
}

export const SEED_ROWS_MAX = 1_000;

export function conditionsTable(
  { settings, wallMs, build, writtenAt }: Conditions,
  results: readonly RunResult[],
): Markup {
  const { nodes, validators, byzantine, network, faults, schedule, durationMs, load, pace, story } = settings;
  const chance = (value: number) => (value === 0 ? undefined : `${tellRough(value * 100)} %`);
  const rows: readonly (readonly [string, Content])[] = [
    ['seeds', tellSeeds(results)],
    ['nodes', `${nodes}, of them ${validators} validators`],
    ['Byzantine', byzantine.map(({ kind, count }) => `${kind}:${count}`).join(', ') || 'none'],
    ['faults', schedule === undefined ? faults.join(', ') || 'none' : `a schedule of ${schedule.length}`],
    ['duration', `${tellSpan(durationMs)} of virtual time with load and faults, then calm`],
    [
      'load',
      `${tellRough(load.verticesPerS)} vertices a second, ${tellRough(load.pledgeRacesPerMin)} pledge races a minute`,
    ],
    ['story', story?.source],
    ['latency', network.latency],
    ['loss', chance(network.loss)],
    ['duplicates', chance(network.duplicate)],
    ['overtaking', chance(network.reorder)],
    [
      'bandwidth',
      network.bandwidthBytesPerS === 0
        ? undefined
        : `${tellBytes(network.bandwidthBytesPerS)}/s of each link`,
    ],
    [
      'pace',
      Object.entries(pace)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
    ['wall time', `${tellSpan(wallMs)} for all seeds`],
    ['build', `tallystick ${build.version}, commit ${build.commit}`],
    ['machine', `Node ${build.node}, ${build.platform}`],
    ['written', writtenAt],
  ];
  return html`<table class="conditions"><caption>Conditions</caption><tbody>${rows
    .filter(([, value]) => value !== undefined && value !== '')
    .map(
      ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>
`,
    )}</tbody></table>`;
}

export function tellSeeds(results: readonly RunResult[]): string {
  const [first, last] = [results[0], results.at(-1)];
  if (first === undefined || last === undefined) return 'none';
  return results.length === 1 ? `${first.seed}` : `${first.seed} to ${last.seed}`;
}

export function trafficTable(results: readonly RunResult[]): Content {
  const sums = new Map<string, { messages: number; bytes: number }>();
  let heights = 0;
  for (const result of results) {
    heights += result.heights;
    for (const [kind, { messages, bytes }] of Object.entries(result.traffic)) {
      const sum = sums.get(kind) ?? { messages: 0, bytes: 0 };
      sums.set(kind, { messages: sum.messages + messages, bytes: sum.bytes + bytes });
    }
  }
  if (sums.size === 0) return undefined;
  const kinds = [...sums].sort(([a, one], [b, other]) => other.bytes - one.bytes || (a < b ? -1 : 1));
  const total = { messages: 0, bytes: 0 };
  for (const [, { messages, bytes }] of kinds) {
    total.messages += messages;
    total.bytes += bytes;
  }
  const row = (name: string, { messages, bytes }: { readonly messages: number; readonly bytes: number }) => {
    const part = total.bytes === 0 ? 0 : (bytes * 100) / total.bytes;
    const each = (value: number, tell: (value: number) => string) =>
      heights === 0 ? '–' : tell(value / heights);
    return html`<tr><th scope="row">${name}</th><td class="n">${tellNumber(messages)}</td><td class="n">${tellBytes(bytes)}</td><td class="n">${each(messages, tellRough)}</td><td class="n">${each(bytes, tellBytes)}</td><td class="n">${messages === 0 ? '–' : tellBytes(Math.round(bytes / messages))}</td><td class="share"><span class="bar" style="width:${tellNumber(part * 0.6, 1)}%"></span> ${tellNumber(part, 1)} %</td></tr>
`;
  };
  return html`<div class="wide" tabindex="0" role="region" aria-label="Traffic by kind of message"><table>
<caption>Traffic by kind of message</caption>
<thead><tr><th scope="col">kind</th><th scope="col" class="n">messages</th><th scope="col" class="n">bytes</th><th scope="col" class="n">messages per checkpoint</th><th scope="col" class="n">bytes per checkpoint</th><th scope="col" class="n">bytes per message</th><th scope="col">share of bytes</th></tr></thead>
<tbody>${kinds.map(([kind, sum]) => row(kind, sum))}</tbody><tfoot>${row('all', total)}</tfoot></table></div>
`;
}

/** An actor that did nothing proves nothing: so what they did is shown. */
export function actsTable(results: readonly RunResult[]): Content {
  const sums = new Map<string, { total: number; seeds: number }>();
  for (const { acts } of results) {
    for (const [actor, done] of Object.entries(acts)) {
      const kind = actor.split(', ').slice(1).join(', ');
      for (const [act, count] of Object.entries(done)) {
        const name = `${kind}: ${act}`;
        const sum = sums.get(name) ?? { total: 0, seeds: 0 };
        sums.set(name, { total: sum.total + count, seeds: sum.seeds + (count > 0 ? 1 : 0) });
      }
    }
  }
  if (sums.size === 0) return undefined;
  const rows = [...sums].map(
    ([name, { total, seeds }]) =>
      html`<tr><th scope="row">${name}</th><td class="n">${tellNumber(total)}</td><td class="n">${tellNumber(seeds)}</td></tr>
`,
  );
  return html`<div class="wide" tabindex="0" role="region" aria-label="What Byzantine nodes did"><table>
<caption>What Byzantine nodes did</caption><thead><tr><th scope="col">act</th><th scope="col" class="n">times</th><th scope="col" class="n">actors that did it</th></tr></thead><tbody>${rows}</tbody></table></div>
`;
}

export function faultCounts(results: readonly RunResult[]): readonly (readonly [FaultKind, number])[] {
  return faultKinds.flatMap((kind) => {
    const count = results.reduce((sum, { faults }) => sum + (faults[kind] ?? 0), 0);
    return count === 0 ? [] : [[kind, count] as const];
  });
}

export function seedTable(results: readonly RunResult[]): Markup {
  const rows = results.slice(0, SEED_ROWS_MAX).map(
    ({ seed, verdict, heights, vertices, finalityMs, viewChanges, events, virtualMs, traceHash }) =>
      html`<tr><th scope="row">${seed}</th><td>${verdict === 'passed' ? verdict : chip(verdict)}</td><td class="n">${heights}</td><td class="n">${vertices.final}</td><td class="n">${finalityMs?.p50 ?? '–'}</td><td class="n">${finalityMs?.p99 ?? '–'}</td><td class="n">${viewChanges}</td><td class="n">${events}</td><td class="n">${tellNumber(virtualMs / 1_000, 1)}</td><td><code class="hash">${traceHash.slice(0, 16)}</code></td></tr>
`,
  );
  const left = results.length - rows.length;
  return html`<details${results.length <= 20 && html` open`}><summary>Every seed</summary>
<div class="wide" tabindex="0" role="region" aria-label="Every seed"><table>
<thead><tr><th scope="col">seed</th><th scope="col">verdict</th><th scope="col" class="n">checkpoints</th><th scope="col" class="n">final</th><th scope="col" class="n">p50 ms</th><th scope="col" class="n">p99 ms</th><th scope="col" class="n">view changes</th><th scope="col" class="n">events</th><th scope="col" class="n">virtual s</th><th scope="col">trace begins</th></tr></thead>
<tbody>${rows}</tbody></table></div>${left > 0 && html`<p class="note">${tellNumber(left)} more; --json has them all.</p>`}</details>
`;
}
