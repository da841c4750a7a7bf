/**
 * What the declarations say, as tables for people: transitions with preconditions and effects, and who signs. The
 * pages in docs/spec/contracts/ and `tally contracts` print these, so neither can differ from the code.
 */

import type { Code } from '../codec/codes.ts';
import { transitions } from './index.ts';
import { type Role, roles } from './registry.ts';
import type { SignerRule, Transition } from './transition.ts';
import { objectTypes } from './views.ts';

type Cells = readonly string[];

/** A Markdown table. A bar inside a cell is written so that it stays one. */
function markdown(head: Cells, rows: readonly Cells[]): string {
  const line = (cells: Cells): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')}\n`;
}

/** All transitions, by row and then as declared. */
function byRow(): readonly Transition<unknown>[] {
  return [...transitions.values()]
    .map((declared, index) => ({ declared, index }))
    .sort((a, b) => a.declared.row - b.declared.row || a.index - b.index)
    .map(({ declared }) => declared);
}

function rolesOf({ role }: Pick<SignerRule<unknown>, 'role'>): string {
  if (typeof role === 'string') return role;
  return roles.every((entry) => role.includes(entry)) ? 'any role' : role.join(' or ');
}

function signerText(rule: SignerRule<unknown>): string {
  const missing = rule.missing === undefined ? '' : ` (else ${rule.missing})`;
  const when = rule.when === undefined ? '' : `, ${rule.when}`;
  return `${rule.who} (${rolesOf(rule)})${when}${missing}`;
}

/** `policy contract` where nobody signs: anybody may submit, and the preconditions prove it. */
function signersText({ signedBy }: Transition<unknown>): string {
  return signedBy.length === 0 ? 'policy contract: anybody submits' : signedBy.map(signerText).join('; ');
}

/** One cell of the permission table that is allowed: in this role one may be the signer `who` of the transition. */
export interface Permission {
  readonly transition: string;
  readonly row: number;
  readonly summary: string;
  /** `anybody` where nobody signs and the preconditions prove it. */
  readonly who: string;
  /** In which cases it signs, when not in all. */
  readonly when: string | null;
  /** Code of the refusal when it does not sign; E_ROLE for whoever lacks the role. */
  readonly missing: Code;
}

/** What a party of this role may sign, by row. Every transition that is not among them refuses it, E_ROLE. */
export function permissionsOf(role: Role): Permission[] {
  return byRow().flatMap(({ name, row, summary, signedBy }) => {
    const cell = { transition: name, row, summary };
    if (signedBy.length === 0)
      return [{ ...cell, who: 'anybody', when: 'the preconditions prove it', missing: 'E_ROLE' as const }];
    return signedBy
      .filter((rule) => (typeof rule.role === 'string' ? rule.role === role : rule.role.includes(role)))
      .map(({ who, when, missing }) => ({ ...cell, who, when: when ?? null, missing: missing ?? 'E_ROLE' }));
  });
}

/** Who signs what: one line a transition. */
export function permissionTable(): string {
  return markdown(
    ['row', 'transition', 'signers'],
    byRow().map((declared) => [String(declared.row), `\`${declared.name}\``, signersText(declared)]),
  );
}

/** Preconditions with their codes, effects, evidence and visibility: one line a transition. */
export function transitionTable(): string {
  return markdown(
    ['row', 'transition', 'what it does', 'preconditions', 'effects', 'evidence', 'seen by'],
    byRow().map((declared) => [
      String(declared.row),
      `\`${declared.name}\``,
      declared.summary,
      declared.codes.map((code) => `${code}: ${declared.preconditions[code]}`).join('; '),
      declared.effects,
      declared.evidence,
      declared.visibility,
    ]),
  );
}

/** Fields of every object by visibility class. */
export function objectTable(): string {
  return markdown(
    ['object', 'V0', 'V1', 'V2'],
    [...objectTypes.values()].map(({ name, classes }) => [
      `\`${name}\``,
      ...classes.map(({ fieldNames }) => fieldNames.join(' ')),
    ]),
  );
}

/** The generated page docs/spec/contracts/tables.md. */
export function tablesPage(): string {
  return `# Contracts: the tables

Made from the declarations in \`consensus/contracts/\` by \`tally contracts --markdown\`; a test holds this page to them. What the
words mean is in [contracts.md](../contracts.md). Checks common to all transitions are not repeated: E_SUITE, E_NETWORK,
E_EXPIRED, E_SCHEMA, E_REPLAY, E_SIG, E_KEY_REVOKED, E_STEPS, and E_ROLE for a wanted party that did not sign or lacks its role.

## Who signs

${permissionTable()}
## What each transition asks and does

${transitionTable()}
## Objects and their fields

\`call\` and \`height\` name the call that wrote the present version, and its checkpoint.

${objectTable()}`;
}
