/** `tally message`: messages between banks, sealed at one node and opened at the other. docs/spec/messages.md. */

import { readFile, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { messageBytesMax } from '../../consensus/vertex/sealed-message.ts';
import type { ContentProof, MessageView } from '../service/messages.ts';
import { type ApiClient, type ApiFlags, addApiOptions, openApi } from './api-client.ts';
import { CliError, exits } from './exit-codes.ts';
import { keepBundle } from './keep-bundle.ts';
import { print } from './print.ts';
import { type Refused, sayRefused } from './refused.ts';

const ID = /^[0-9a-f]{8,64}$/i;
const ID_LENGTH = 64;
const SHORT = 12;
const WAIT_DEFAULT_MS = '30000';

interface Submitted {
  readonly callId: string;
  readonly outcome: (Refused & { readonly height: number }) | null;
}
interface WaitFlags extends ApiFlags {
  readonly wait: string;
}
interface OutFlags extends ApiFlags {
  readonly out?: string;
}
interface Opened extends ContentProof {
  readonly from: string;
  readonly base64: string;
}

export function registerMessage(program: Command): void {
  const command = program.command('message').description('messages between banks');
  const withWait = (each: Command): Command =>
    addApiOptions(each).option('--wait <ms>', 'wait so long for the ledger', WAIT_DEFAULT_MS);

  withWait(
    command
      .command('key')
      .description('state a key to which messages to this bank are sealed, or the next one in its place'),
  ).action(async (flags: WaitFlags) => {
    const api = await openApi(flags);
    const stated = await api.post<Submitted>(`/v1/messages/key?wait=${wait(flags)}`, {});
    finish(stated, flags, () => 'Messages to this bank are sealed to the new key from now on.');
  });

  withWait(
    command.command('send <file>').description('send a file to another bank, or what stands on stdin for -'),
  )
    .requiredOption('--to <lei>', 'LEI of the bank, or the id of its party')
    .option('--until <time>', 'until when it can be received, as 2026-01-31T12:00:00Z (default: in a week)')
    .option('--nonce <hex>', 'of messages under one nonce only one is sent: for who lost an answer')
    .action(sendFile);

  addApiOptions(command.command('list').description('messages from this bank and to it, newest first'))
    .option('--limit <count>', 'so many', '50')
    .action(async (flags: ApiFlags & { readonly limit: string }) => {
      const messages = await list(await openApi(flags), flags.limit);
      if (flags.json) return print({ messages }, true);
      process.stdout.write(`${messages.length === 0 ? 'no messages' : messages.map(oneLine).join('\n')}\n`);
    });

  addApiOptions(
    command
      .command('read <id>')
      .description('what a message to this bank says; the first digits of its id do'),
  )
    .option('--out <file>', 'write it there, byte by byte')
    .action(readMessage);

  addApiOptions(
    command.command('remove <id>').description('let a message that was received go from this node'),
  ).action(async (given: string, flags: ApiFlags) => {
    const api = await openApi(flags);
    const view = await api.post<MessageView>(`/v1/messages/${await wholeId(api, given)}/remove`, {});
    if (flags.json) print(view, true);
    else process.stdout.write(`removed: ${view.id}\n`);
  });

  addApiOptions(
    command
      .command('proof <id>')
      .description('whether a message was received, and what shows that to others'),
  )
    .option('--out <file>', 'write the proof bundle to this file, for `tally verify`')
    .action(prove);
}

async function sendFile(
  file: string,
  flags: WaitFlags & { readonly to: string; readonly until?: string; readonly nonce?: string },
): Promise<void> {
  const text = await (file === '-' ? buffer(process.stdin) : readFile(file)).catch((cause) => {
    throw new CliError(exits.usage, `${file}: cannot be read: ${(cause as Error).message}`, { cause });
  });
  if (text.length > messageBytesMax)
    throw new CliError(
      exits.usage,
      `${file}: ${text.length} bytes, and a message takes ${messageBytesMax} at most`,
    );
  const until = flags.until === undefined ? undefined : Date.parse(flags.until);
  if (Number.isNaN(until))
    throw new CliError(exits.usage, `--until ${flags.until}: expected a time such as 2026-01-31T12:00:00Z`);
  const to = /^[0-9A-Z]{20}$/.test(flags.to) ? `lei:${flags.to}` : flags.to;
  const sent = await (await openApi(flags)).post<Submitted>(`/v1/messages?wait=${wait(flags)}`, {
    ...{ to, base64: text.toString('base64') },
    ...(until !== undefined && { until }),
    ...(flags.nonce !== undefined && { nonce: flags.nonce }),
  });
  finish(
    sent,
    flags,
    ({ callId }) =>
      `message ${callId}\n${text.length} bytes, sealed; its recipient’s node fetches them. See: tally message proof ${callId.slice(0, SHORT)}`,
  );
}

async function readMessage(given: string, flags: OutFlags): Promise<void> {
  const api = await openApi(flags);
  const opened = await api.post<Opened>(`/v1/messages/${await wholeId(api, given)}/read`, {});
  const text = Buffer.from(opened.base64, 'base64');
  if (flags.out !== undefined)
    await writeFile(flags.out, text).catch((cause) => {
      throw new CliError(exits.usage, `${flags.out}: cannot be written: ${(cause as Error).message}`, {
        cause,
      });
    });
  if (flags.json) return print(opened, true);
  const where = flags.out === undefined ? '' : `, in ${flags.out}`;
  process.stderr.write(
    `from ${opened.from}, sent ${date(opened.sentAt)}, received ${date(opened.receivedAt)}; ${text.length} bytes${where}\n`,
  );
  if (flags.out !== undefined) return;
  // Another bank wrote it: to a terminal, control characters are commands.
  if (process.stdout.isTTY && !isPlain(text))
    process.stderr.write('It is no plain text: take it with --out FILE.\n');
  else process.stdout.write(text);
}

async function prove(given: string, flags: OutFlags): Promise<void> {
  const api = await openApi(flags);
  const id = await wholeId(api, given);
  const proof = await api.get<ContentProof>(`/v1/messages/${id}/content`);
  if (flags.out !== undefined) await keepBundle(api, `/v1/objects/message/${id}/bundle`, flags.out);
  if (flags.json) return print(proof, true);
  const { state, receivedAt, until, party, direction, content, salt } = proof;
  const who = direction === 'sent' ? `party ${party}` : 'this bank';
  const lines = [
    state === 'RECEIVED'
      ? `Received: ${who} has opened it and signed for it, ${date(receivedAt)}.`
      : `Not received yet: ${who} has until ${date(until)}.`,
    `message  ${id}`,
    `content  ${content}`,
  ];
  if (salt !== null)
    lines.push(
      `salt     ${salt}`,
      'Who is shown the text and the salt can hash them to the content: docs/spec/messages.md.',
    );
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Says what the ledger said, and leaves the exit code that belongs to it. */
function finish(submitted: Submitted, { json }: ApiFlags, words: (made: Submitted) => string): void {
  const { outcome, callId } = submitted;
  if (json) print(submitted, true);
  if (outcome === null) {
    process.exitCode = exits.pending;
    if (!json) process.stderr.write(`not final yet: call ${callId}; see \`tally get call ${callId}\`\n`);
  } else if (outcome.code !== 'OK') {
    process.exitCode = exits.refused;
    sayRefused(outcome, json);
  } else if (!json) process.stdout.write(`${words(submitted)}\n`);
}

function wait({ wait: text }: WaitFlags): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 60_000) return Number(text);
  throw new CliError(exits.usage, `--wait ${text}: expected milliseconds, at most 60000`);
}

const list = async (api: ApiClient, limit: string): Promise<readonly MessageView[]> =>
  (
    await api.get<{ readonly messages: readonly MessageView[] }>(
      `/v1/messages?limit=${encodeURIComponent(limit)}`,
    )
  ).messages;

const stateWords: { readonly [S in MessageView['state']]: string } = {
  SUBMITTED: 'on its way to the ledger',
  SENT: 'not received yet',
  RECEIVED: 'received',
};

function oneLine({ id, direction, party, state, sentAt, read, here }: MessageView): string {
  const mark = direction === 'received' && state === 'RECEIVED' && here && !read ? '  ← unread' : '';
  const arrow = direction === 'sent' ? 'to  ' : 'from';
  return `${id.slice(0, SHORT)}  ${arrow} ${party.slice(0, SHORT)}  ${date(sentAt)}  ${stateWords[state]}${mark}`;
}

const date = (timeMs: number | null): string => (timeMs === null ? '-' : new Date(timeMs).toISOString());

function isPlain(text: Buffer): boolean {
  const decoded = text.toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return Buffer.from(decoded, 'utf8').equals(text) && !/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(decoded);
}

/** The first characters of an id do, from eight on, where they mean one message. */
async function wholeId(api: ApiClient, given: string): Promise<string> {
  if (!ID.test(given))
    throw new CliError(exits.usage, `${given}: expected the id of a message, or its first 8 digits or more`);
  if (given.length === ID_LENGTH) return given;
  const found = (await list(api, '500')).filter(({ id }) => id.startsWith(given.toLowerCase()));
  if (found.length === 1) return found[0]!.id;
  throw new CliError(
    exits.refused,
    found.length === 0
      ? `${given}: no message here has an id that begins with this; see \`tally message list\``
      : `${given}: the ids of ${found.length} messages begin with this; give more digits`,
  );
}
