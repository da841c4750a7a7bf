/**
 * `tally tx`: acts on the ledger through a running node. A call that needs several signatures is gathered by the nodes
 * themselves (`--gather`), or travels as hexadecimal: each party signs it at its own node, the last one submits it.
 */

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { PendingView } from '../service/pending.ts';
import { type ApiClient, type ApiFlags, addApiOptions, openApi } from './api-client.ts';
import { CliError, exits } from './exit-codes.ts';
import { print } from './print.ts';
import { type Refused, sayRefused } from './refused.ts';
import { signWithKeyFile } from './sign-with-key-file.ts';
import { declarationOf, explain, readArgs, readText, setArgs } from './tx-args.ts';
import { printPending, registerPending } from './tx-pending.ts';

const WAIT_DEFAULT_MS = 30_000;

interface TxFlags extends ApiFlags {
  readonly args?: string;
  readonly set?: readonly string[];
  readonly explain?: boolean;
  readonly call?: readonly string[];
  readonly deadline?: string;
  readonly nonce?: string;
  readonly sign: boolean;
  readonly keyFile?: string;
  readonly passphraseFile?: string;
  readonly dryRun?: boolean;
  readonly signOnly?: boolean;
  readonly gather?: boolean;
  readonly out?: string;
  readonly force?: boolean;
  readonly wait: string;
}

interface DescribedCall {
  readonly call: string;
  readonly callId: string;
  readonly signers:
    | readonly { readonly party: string; readonly roles: readonly string[]; readonly signed: boolean }[]
    | null;
}
interface Checked {
  readonly passes: boolean;
  readonly refusal: Refused | null;
}
interface Submitted {
  readonly status: 'pending' | 'final';
  readonly vertex: string;
  readonly outcome: (Refused & { readonly conflict: string; readonly height: number }) | null;
}

export function registerTx(program: Command): void {
  const tx = addApiOptions(
    program.command('tx').description('act on the ledger: compose, sign and submit a call'),
  )
    .argument('[transition]', 'what to do, see `tally get transitions`; left out with --call')
    .option('--args <json|@file>', 'arguments as one flat JSON object')
    .option('--set <name=value...>', 'single arguments, over those of --args; lists as a,b or as JSON')
    .option('--explain', 'print the arguments that the transition takes, and do nothing')
    .option(
      '--call <hex|@file...>',
      'go on with a call that was composed elsewhere; several copies are put together',
    )
    .option('--deadline <ms>', 'checkpoint time after which it has no effect (default: an hour from now)')
    .option(
      '--nonce <hex>',
      '32 digits: of its signers’ calls under one nonce only one takes effect, so a repetition is safe (default: random)',
    )
    .option('--no-sign', 'do not sign with this node’s key')
    .option(
      '--key-file <file>',
      'sign also with the key in this file, such as a gateway’s that is being enrolled; the node never sees it',
    )
    .option(
      '--passphrase-file <file>',
      'where the passphrase of --key-file stands (else $TALLY_PASSPHRASE, else asked)',
    )
    .option('--dry-run', 'try it on the present state; nothing is submitted')
    .option('--gather', 'ask the other parties to sign, and submit it once all have')
    .option('--sign-only', 'print the signed call, for the next party to sign')
    .option('--out <file>', 'write the call, in hexadecimal, to this file')
    .option('--force', 'submit also when signatures are missing: the ledger will refuse it, on record')
    .option('--wait <ms>', 'wait so long for the outcome', String(WAIT_DEFAULT_MS))
    .addHelpText(
      'after',
      `\nExit codes: 0 took effect, ${exits.refused} refused or signatures missing, ${exits.pending} not final in time, ${exits.unreachable} no node, ${exits.usage} wrong usage, ${exits.failed} else`,
    )
    .action(runTx);
  registerPending(tx);
}

async function runTx(transition: string | undefined, flags: TxFlags): Promise<void> {
  const api = await openApi(flags);
  if (flags.explain) return explain(await declarationOf(api, transition), flags.json);
  const composed = await obtainCall(api, transition, flags);
  const call =
    flags.keyFile === undefined
      ? composed
      : await api.post<DescribedCall>('/v1/calls/describe', {
          call: await signWithKeyFile(composed.call, flags.keyFile, flags.passphraseFile),
        });
  if (flags.out !== undefined) {
    await writeFile(flags.out, `${call.call}\n`).catch((cause) => {
      throw new CliError(exits.usage, `${flags.out}: cannot be written: ${(cause as Error).message}`, {
        cause,
      });
    });
  }
  if (flags.dryRun) return check(api, call, flags);
  if (flags.signOnly) return print(call, flags.json);
  if (flags.gather)
    return printPending(await api.post<PendingView>('/v1/pending', { call: call.call }), flags.json);
  const missing = (call.signers ?? []).filter((signer) => !signer.signed);
  if (missing.length > 0 && !flags.force) {
    if (flags.json) print(call, true);
    const wanted = missing.map(({ party, roles }) => `${roles.join(' or ')} ${party}`).join(', ');
    throw new CliError(
      exits.refused,
      `not submitted: signatures are missing of ${wanted}; have them gathered with --gather; or pass the call on with --sign-only --out FILE, and submit it with --call @FILE`,
    );
  }
  await submit(api, call, flags);
}

async function obtainCall(
  api: ApiClient,
  transition: string | undefined,
  flags: TxFlags,
): Promise<DescribedCall> {
  if ((transition === undefined) === (flags.call === undefined))
    throw new CliError(exits.usage, 'expected either a transition with --args, or --call');
  if (flags.call !== undefined) {
    const copies = await Promise.all(flags.call.map((entry) => readText('--call', entry)));
    return api.post<DescribedCall>(flags.sign ? '/v1/calls/sign' : '/v1/calls/describe', {
      call: copies.map((text) => text.trim()),
    });
  }
  if (flags.args === undefined && flags.set === undefined)
    throw new CliError(
      exits.usage,
      `expected --args or --set; \`tally tx ${transition} --explain\` says what it takes`,
    );
  const given = flags.args === undefined ? {} : await readArgs(flags.args);
  const args = flags.set === undefined ? given : await setArgs(api, transition, flags.set, given);
  const deadline = flags.deadline === undefined ? {} : { deadline: readMs('--deadline', flags.deadline) };
  const nonce = flags.nonce === undefined ? {} : { nonce: readNonce(flags.nonce) };
  return api.post<DescribedCall>('/v1/calls', { transition, args, sign: flags.sign, ...deadline, ...nonce });
}

async function check(api: ApiClient, { call }: DescribedCall, flags: TxFlags): Promise<void> {
  const checked = await api.post<Checked>('/v1/calls/check', { call });
  print(checked, flags.json);
  if (checked.refusal === null) return;
  sayRefused(checked.refusal, flags.json);
  process.exitCode = exits.refused;
}

async function submit(api: ApiClient, { call }: DescribedCall, flags: TxFlags): Promise<void> {
  const submitted = await api.post<Submitted>(`/v1/calls/submit?wait=${readMs('--wait', flags.wait)}`, {
    call,
  });
  print(submitted, flags.json);
  const { outcome } = submitted;
  if (outcome === null) process.exitCode = exits.pending;
  else if (outcome.code !== 'OK') {
    sayRefused(outcome, flags.json);
    process.exitCode = exits.refused;
  }
}

function readNonce(text: string): string {
  if (!/^[0-9a-f]{32}$/i.test(text))
    throw new CliError(exits.usage, `--nonce ${text}: expected 32 hexadecimal digits`);
  return text;
}

function readMs(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new CliError(exits.usage, `${option} ${text}: expected milliseconds`);
  return Number(text);
}
