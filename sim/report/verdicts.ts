/** Verdicts: each with a sign of its own beside its colour; the strip of all seeds, and the table of those that failed. */

import type { RunResult, RunVerdict } from '../run-result.ts';
import { type Content, html, type Markup } from './html.ts';
import { tellNumber, tellSpan } from './scale.ts';

interface Look {
  /** Of CSS. */
  readonly name: string;
  readonly sign: string;
}

const looks: { readonly [V in RunVerdict]: Look } = {
  passed: { name: 'ok', sign: '' },
  'no progress': { name: 'stuck', sign: '‖' },
  diverged: { name: 'split', sign: '≠' },
  'invariant broken': { name: 'broken', sign: '✕' },
};
const verdicts = Object.keys(looks) as readonly RunVerdict[];

export const FAILURES_MAX = 500;
const GROUP = 10;
/** From so many seeds on, cells are small and groups large. */
const MANY = 1_000;
const GROUP_OF_MANY = 50;

export function chip(verdict: RunVerdict): Markup {
  const { name, sign } = looks[verdict];
  return html`<span class="chip ${name}">${sign && html`<b aria-hidden="true">${sign}</b> `}${verdict}</span>`;
}

/** A cell for each seed, in order; failing ones lead to what is told of them. */
export function verdictStrip(results: readonly RunResult[], told: ReadonlySet<number>): Markup {
  const many = results.length > MANY;
  const size = many ? GROUP_OF_MANY : GROUP;
  const groups: Markup[] = [];
  for (let from = 0; from < results.length; from += size) {
    const group = results.slice(from, from + size);
    groups.push(
      html`<span class="group">${group.map((result) => cell(result, told))}<small>${group[0]!.seed}</small></span>`,
    );
  }
  const counts = verdicts.flatMap((verdict) => {
    const count = results.filter((result) => result.verdict === verdict).length;
    return count === 0 && verdict !== 'passed'
      ? []
      : [html`<li>${cellOf(verdict)} ${verdict} <b>${tellNumber(count)}</b></li>`];
  });
  return html`<ul class="key">${counts}</ul>
<div class="strip${many && ' many'}">${groups}</div>
`;
}

function cell({ seed, verdict }: RunResult, told: ReadonlySet<number>): Markup {
  if (verdict === 'passed') return html`<i></i>`;
  const { name, sign } = looks[verdict];
  const link = told.has(seed) ? `#seed-${seed}` : '#failures';
  return html`<a class="${name}" href="${link}" title="seed ${seed}: ${verdict}" aria-label="seed ${seed}: ${verdict}">${sign}</a>`;
}

function cellOf(verdict: RunVerdict): Markup {
  const { name, sign } = looks[verdict];
  return html`<i class="${name}" aria-hidden="true">${sign}</i>`;
}

/** `replay` gives the command that does a seed again. */
export function failureTable(failing: readonly RunResult[], replay: (seed: number) => string): Content {
  if (failing.length === 0) return undefined;
  const rows = failing.slice(0, FAILURES_MAX).map(
    ({ seed, verdict, failure }) => html`<tr>
<th scope="row">${seed}</th><td>${chip(verdict)}<br>${failure!.check}</td><td class="n">${tellSpan(failure!.atMs)}<br><span class="unit">event ${tellNumber(failure!.event)}</span></td>
<td class="prose">${shorten(failure!.what)}<br><code>${commandMarkup(replay(seed))}</code></td></tr>
`,
  );
  const left = failing.length - rows.length;
  return html`<div class="wide" tabindex="0" role="region" aria-label="Seeds that failed"><table id="failures">
<caption>Seeds that failed</caption>
<thead><tr><th scope="col">seed</th><th scope="col">verdict, check</th><th scope="col" class="n">when</th><th scope="col">what was found, and the command that does it again</th></tr></thead>
<tbody>${rows}</tbody></table></div>
${left > 0 && html`<p class="note">${tellNumber(left)} more failed; --json has them all.</p>`}`;
}

/** A command that breaks between its options, as long as they fit. */
export function commandMarkup(command: string): Content {
  return command.split(/ (?=--)/).map((part, i) => [i > 0 && ' ', html`<span>${part}</span>`]);
}

const SENTENCE_MAX = 600;
export function shorten(text: string, most = SENTENCE_MAX): string {
  return text.length <= most
    ? text
    : `${text.slice(0, most)} … (${tellNumber(text.length - most)} more characters)`;
}
