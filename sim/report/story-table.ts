/** The report's story: each step with what it took, over all seeds, and how far it came. */

import { describeSettlements } from '../../node/story/report.ts';
import type { RunResult } from '../run-result.ts';
import { type Content, html } from './html.ts';
import { median, tellNumber, tellSpan } from './scale.ts';
import { greatest } from './series.ts';

/** Of the longest telling; the steps are the same in every seed, and a seed that failed has fewer. */
export function storyTable(results: readonly RunResult[]): Content {
  const told = results.flatMap(({ story }) => story ?? []);
  const [longest] = [...told].sort((a, b) => b.steps.length - a.steps.length);
  if (longest === undefined) return undefined;
  const ended = told.filter(({ result }) => result !== undefined).length;
  const settled = longest.result === undefined ? [] : describeSettlements(longest.result);
  const rows = longest.steps.map(({ step, text, signers }, i) => {
    const all = told.flatMap(({ steps }) => (steps[i]?.step === step ? [steps[i]!] : []));
    const took = all.flatMap(({ ms }) => ms ?? []);
    const spans =
      took.length === 0
        ? ['', '']
        : [tellSpan(median(took)), took.length === 1 ? '' : tellSpan(greatest(took))];
    return html`<tr><th scope="row">${step}</th><td>${text}</td><td>${signers.join(', ')}</td><td class="n">${spans[0]}</td><td class="n">${spans[1]}</td><td class="n">${tellNumber(all.length)}</td></tr>
`;
  });
  return html`<p class="note">“${longest.title}” came to its end in ${tellNumber(ended)} of ${tellNumber(told.length)} seeds.${settled.map((line) => html` ${line.trim()}.`)}</p>
<details${told.length === 1 && html` open`}><summary>Every step</summary>
<div class="wide" tabindex="0" role="region" aria-label="Steps of the story"><table>
<thead><tr><th scope="col">step</th><th scope="col">what happened</th><th scope="col">signed by</th><th scope="col" class="n">took</th><th scope="col" class="n">at most</th><th scope="col" class="n">seeds</th></tr></thead>
<tbody>${rows}</tbody></table></div></details>
`;
}
