/** What is told of one seed that failed: the finding, the command, its faults, and the trace up to the failure. */

import type { RunResult, TraceLine } from '../run-result.ts';
import { faultLanes } from './fault-lanes.ts';
import { html, type Markup } from './html.ts';
import { tellNumber, tellSpan } from './scale.ts';
import { chip, commandMarkup, shorten } from './verdicts.ts';

const WHAT_MAX = 240;
/** As many digits of a key as the command line tells. */
const KEY_DIGITS = 16;
/** Faults end with the load; what comes after is shown as far as to tell that it comes. */
const FAULTS_SHOWN = 1.1;
/** What there is much of, and seldom says why: shown in grey, and hidden on demand. */
const quiet = /^(gossip|again|tips|vertices|asks for|tick|author)\b/;

export function failingSeed(result: RunResult, command: string, lines: number): Markup {
  const { seed, verdict, failure, guilty, settings, virtualMs } = result;
  const trace = lines > 0 ? result.trace.slice(-lines) : [];
  return html`<section class="seed" id="seed-${seed}">
<h3>Seed ${seed} ${chip(verdict)}</h3>
<p><b>${failure!.check}</b> at ${tellSpan(failure!.atMs)}, event ${tellNumber(failure!.event)}. ${shorten(failure!.what)}</p>
${guilty.length > 0 && html`<p>Portable evidence convicts ${guilty.map((key, i) => html`${i > 0 && ', '}<code>${key.slice(0, KEY_DIGITS)}</code>`)}.</p>`}
<pre class="command"><code>${commandMarkup(command)}</code></pre>
${faultLanes({ id: `faults-${seed}`, results: [result], endMs: Math.max(1, Math.min(virtualMs, settings.durationMs * FAULTS_SHOWN)), calmFromMs: settings.durationMs })}
${trace.length > 0 && traceTable(seed, trace)}
</section>
`;
}

function traceTable(seed: number, trace: readonly TraceLine[]): Markup {
  const rows = trace.map(
    ({ event, atMs, where, what }) =>
      html`<tr${classOf(where, what)}><td class="n">${event}</td><td class="n">${tellNumber(atMs, 1)}</td><td>${where}</td><td>${shorten(what, WHAT_MAX)}</td></tr>
`,
  );
  return html`<details open><summary>The last ${trace.length} lines of the trace</summary>
<label class="filter"><input type="checkbox"> only votes, proposals, checkpoints, faults and restarts</label>
<div class="trace wide" tabindex="0" role="region" aria-label="Trace of seed ${seed}"><table>
<thead><tr><th scope="col" class="n">event</th><th scope="col" class="n">ms</th><th scope="col">where</th><th scope="col">what</th></tr></thead>
<tbody>${rows}</tbody></table></div></details>`;
}

function classOf(where: string, what: string): Markup | undefined {
  if (where === 'checker') return html` class="found"`;
  if (where === 'faults') return html` class="fell"`;
  return quiet.test(what) ? html` class="quiet"` : undefined;
}
