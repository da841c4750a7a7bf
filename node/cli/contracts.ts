/** `tally contracts`: the transitions and who signs them, as declared; with `--coverage`, the cases that run them all. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { transitions } from '../../consensus/contracts/index.ts';
import { roles } from '../../consensus/contracts/registry.ts';
import { permissionsOf, tablesPage } from '../../consensus/contracts/tables.ts';
import { CliError, exits } from './exit-codes.ts';
import { print } from './print.ts';

interface Flags {
  readonly coverage?: boolean;
  readonly markdown?: boolean;
  readonly role?: string;
  readonly json?: boolean;
}

interface Coverage {
  readonly transitions: number;
  readonly codesDeclared: number;
  readonly codesCovered: number;
  readonly invariants: number;
  readonly missing: readonly string[];
  readonly wrong: readonly string[];
}

export function registerContracts(program: Command): void {
  program
    .command('contracts')
    .description('the transitions of the ledger: who signs, what is asked, what follows')
    .argument('[transition]', 'only this one, such as draw')
    .option('--coverage', 'run every case of every transition and count the codes that the engine gave')
    .option('--markdown', 'print the page docs/spec/contracts/tables.md')
    .option('--role <role>', 'only what a party of this role may sign')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe number is the row in docs/spec/contracts/tables.md. [V0] everybody sees it, [V1] the parties of the file, [V2] the parties of the contract.',
    )
    .action((name: string | undefined, flags: Flags) => {
      const asked = chosen(name);
      if (flags.coverage) printCoverage(flags);
      else if (flags.markdown) process.stdout.write(tablesPage());
      else if (flags.role !== undefined) printPermissions(flags.role.toLowerCase(), flags.json);
      else if (flags.json) print(asked.map(declarationOf), true);
      else printPeople(asked);
    });
}

type Declared = typeof transitions extends ReadonlyMap<string, infer T> ? T : never;

function chosen(name: string | undefined): readonly Declared[] {
  if (name === undefined) return [...transitions.values()];
  const found = transitions.get(name);
  if (found === undefined)
    throw new CliError(exits.usage, `no transition "${name}"; \`tally contracts\` lists them all`);
  return [found];
}

/** The cases are tests: they are there in a checkout, not in an installed package. */
function printCoverage(flags: Flags): void {
  const script = fileURLToPath(new URL('../../consensus/test/contract-coverage.js', import.meta.url));
  if (!existsSync(script))
    throw new CliError(exits.failed, 'the cases are not here: run this in a source checkout, after npm ci');
  const ran = spawnSync(process.execPath, [script], { encoding: 'utf8', maxBuffer: 1 << 24 });
  if (ran.status !== 0) throw new CliError(exits.failed, `the cases did not run: ${ran.stderr.slice(-800)}`);
  const coverage = JSON.parse(ran.stdout) as Coverage;
  print(coverage, flags.json);
  if (coverage.missing.length + coverage.wrong.length > 0) process.exitCode = exits.failed;
}

function printPermissions(name: string, json: boolean | undefined): void {
  const role = roles.find((entry) => entry === name);
  if (role === undefined)
    throw new CliError(exits.usage, `--role ${name}: expected one of ${roles.join(', ')}`);
  const permissions = permissionsOf(role);
  if (json) return print({ role, permissions }, true);
  for (const { row, transition, who, when, missing } of permissions) {
    const code = missing === 'E_ROLE' ? '' : `, else ${missing}`;
    console.log(
      `${String(row).padStart(2)}  ${transition.padEnd(20)} as ${who}${when === null ? '' : `, ${when}`}${code}`,
    );
  }
}

function declarationOf(declared: Declared) {
  const { name, row, summary, signedBy, preconditions, effects, evidence, visibility } = declared;
  const signers = signedBy.map(({ who, role, when, missing }) => ({
    who,
    roles: typeof role === 'string' ? [role] : [...role],
    when: when ?? null,
    missing: missing ?? 'E_ROLE',
  }));
  return { name, row, summary, signers, preconditions, effects, evidence, visibility };
}

function printPeople(asked: readonly Declared[]): void {
  for (const declared of [...asked].sort((a, b) => a.row - b.row)) {
    const { row, name, summary, codes, preconditions, effects, visibility } = declared;
    console.log(`${String(row).padStart(2)}  ${name}  [${visibility}]  ${summary}`);
    const signers = declarationOf(declared).signers;
    if (signers.length === 0)
      console.log('      P  nobody signs: anybody submits, the preconditions prove it');
    for (const { who, roles, when, missing } of signers) {
      const named = roles.length > 4 ? 'any role' : roles.join(' or ');
      const code = missing === 'E_ROLE' ? '' : `, else ${missing}`;
      console.log(`      signs  ${who} (${named})${when === null ? '' : `, ${when}`}${code}`);
    }
    for (const code of codes) console.log(`      ${code.padEnd(18)} ${preconditions[code]}`);
    console.log(`      then   ${effects}\n`);
  }
}
