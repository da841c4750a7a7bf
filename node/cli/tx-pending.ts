/**
 * `tally tx pending`, `show`, `sign`, `decline`: calls that wait for signatures, told in words. Who signs sees first what
 * it says, who has signed, who is missing, and by when. docs/spec/gathering.md.
 */

import type { Command } from 'commander';
import { roles } from '../../consensus/contracts/registry.ts';
import type { AskedParty, PendingSummary, PendingView } from '../service/pending.ts';
import { type ApiClient, type ApiFlags, addApiOptions, openApi } from './api-client.ts';
import { CliError, exits } from './exit-codes.ts';
import { print } from './print.ts';

const ID = /^[0-9a-f]{8,64}$/i;
const ID_LENGTH = 64;
const SHORT = 12;

export function registerPending(tx: Command): void {
  addApiOptions(tx.command('pending').description('calls that wait for signatures')).action(
    async (_flags: ApiFlags, command: Command) => {
      const flags = command.optsWithGlobals<ApiFlags>();
      const { pending } = await listPending(await openApi(flags));
      if (flags.json) print({ pending }, true);
      else
        process.stdout.write(`${pending.length === 0 ? 'nothing waits' : pending.map(oneLine).join('\n')}\n`);
    },
  );
  withId(tx, 'show <id>', 'what a pending call asks for, who has signed, who is missing', (api, id) =>
    api.get(`/v1/pending/${id}`),
  );
  withId(tx, 'sign <id>', 'sign a pending call; it cannot be called back before its deadline', (api, id) =>
    api.post(`/v1/pending/${id}/sign`, {}),
  );
  withId(
    tx,
    'decline <id>',
    'say that you will not sign; who proposed the call withdraws it by this',
    (api, id, { reason }) => {
      if (reason === undefined) throw new CliError(exits.usage, 'expected --reason, for the others to read');
      return api.post(`/v1/pending/${id}/decline`, { reason });
    },
  ).option('--reason <text>', 'why not: up to 200 printable ASCII characters');
}

interface IdFlags extends ApiFlags {
  readonly reason?: string;
}

function withId(
  tx: Command,
  name: string,
  description: string,
  run: (api: ApiClient, id: string, flags: IdFlags) => Promise<PendingView>,
): Command {
  return addApiOptions(tx.command(name).description(description)).action(
    async (given: string, _flags: IdFlags, command: Command) => {
      const flags = command.optsWithGlobals<IdFlags>();
      const api = await openApi(flags);
      printPending(await run(api, await wholeId(api, given), flags), flags.json);
    },
  );
}

export function printPending(view: PendingView, json: boolean | undefined): void {
  if (json) return print(view, true);
  const { summary, transition, state, deadline, signers, args, callId } = view;
  const out = [
    `${summary} (${transition})`,
    yourPart(view),
    '',
    `call      ${callId}`,
    `state     ${stateWords[state]}`,
    `by        ${new Date(deadline).toISOString()} (${distance(deadline)})`,
  ];
  if (view.withdrawn) out.push(`withdrawn ${JSON.stringify(view.withdrawn)}`);
  if (view.ending !== null)
    out.push(`ledger    ${view.ending.code}: ${view.ending.meaning}, at height ${view.ending.height}`);
  out.push(
    '',
    'It says:',
    ...Object.entries(args).map(([field, value]) => `  ${field}: ${plain(value)}`),
    '',
  );
  if (signers === null)
    out.push('Who must sign cannot be told now: something it names is not on the ledger (yet, or any more).');
  else {
    out.push('Signed:', ...people(signers.filter(({ signed }) => signed)));
    out.push('Missing:', ...people(signers.filter(({ signed }) => !signed)));
  }
  if (view.waitsForYou) {
    const id = callId.slice(0, SHORT);
    out.push('', `tally tx sign ${id}, or tally tx decline ${id} --reason "…"`);
  }
  process.stdout.write(`${out.join('\n')}\n`);
}

const stateWords: { readonly [S in PendingView['state']]: string } = {
  gathering: 'signatures are being gathered',
  declined: 'a party that must sign has declined',
  complete: 'all have signed; its holder submits it',
  submitted: 'submitted, not final yet',
  final: 'it took effect',
  refused: 'the ledger refused it',
  withdrawn: 'withdrawn by whoever proposed it',
  expired: 'its deadline has passed',
};

function yourPart({ signers, waitsForYou, holder, proposedBy }: PendingView): string {
  const own = signers?.find((signer) => signer.own);
  const by = holder ? 'You proposed it' : `Proposed by party ${proposedBy}`;
  if (own === undefined) return `${by}.`;
  if (waitsForYou) return `${by}. You are asked to sign it, as ${inRoles(own.roles)}.`;
  return own.signed ? `${by}. You have signed it.` : `${by}. You have not signed it.`;
}

function people(signers: readonly AskedParty[]): string[] {
  if (signers.length === 0) return ['  nobody'];
  return signers.map(({ party, name, roles: asked, own, signed, declined, reached }) => {
    const note = [
      own ? 'you' : '',
      declined === null ? '' : `declined: ${JSON.stringify(declined)}`,
      !own && !signed && reached === false ? 'its node has not been reached yet' : '',
    ].filter((text) => text !== '');
    const who = `${inRoles(asked)} ${name ?? party}`;
    return `  ${who}${note.length === 0 ? '' : ` (${note.join('; ')})`}`;
  });
}

/** A party that may be in any role signs as a party. */
const inRoles = (named: readonly string[]): string =>
  named.length >= roles.length ? 'party' : named.join(' or ');

function oneLine(entry: PendingSummary): string {
  const { callId, transition, state, deadline, signedCount, askedCount, waitsForYou } = entry;
  const mark = waitsForYou ? '  ← waits for you' : '';
  return `${callId.slice(0, SHORT)}  ${transition}  ${signedCount} of ${askedCount} signed  ${state}  by ${new Date(deadline).toISOString()}${mark}`;
}

function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}… (${text.length} characters)`;
}

function distance(deadlineMs: number): string {
  const minutes = Math.round((deadlineMs - Date.now()) / 60_000);
  const size =
    Math.abs(minutes) < 120 ? `${Math.abs(minutes)} min` : `${Math.round(Math.abs(minutes) / 60)} h`;
  return minutes >= 0 ? `in ${size}` : `${size} ago`;
}

const listPending = (api: ApiClient) =>
  api.get<{ readonly pending: readonly PendingSummary[] }>('/v1/pending');

/** The first characters of an id do, from eight on, where they mean one call. */
async function wholeId(api: ApiClient, given: string): Promise<string> {
  if (!ID.test(given))
    throw new CliError(
      exits.usage,
      `${given}: expected the id of a pending call, or its first 8 digits or more`,
    );
  if (given.length === ID_LENGTH) return given;
  const { pending } = await listPending(api);
  const found = pending.filter(({ callId }) => callId.startsWith(given.toLowerCase()));
  if (found.length === 1) return found[0]!.callId;
  throw new CliError(
    exits.refused,
    found.length === 0
      ? `${given}: no pending call here has an id that begins with this; see \`tally tx pending\``
      : `${given}: the ids of ${found.length} pending calls begin with this; give more digits`,
  );
}
