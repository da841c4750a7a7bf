/** `tally get`: reads from a running node, as its stakeholder may see it; `--bundle` keeps a proof beside the answer. */

import type { Command } from 'commander';
import { labelChecks } from '../../consensus/contracts/identifiers.ts';
import { type GoodsScheme, goodsSchemes } from '../../consensus/contracts/objects/unit.ts';
import { type ApiFlags, addApiOptions, openApi } from './api-client.ts';
import { CliError, exits } from './exit-codes.ts';
import { followEvents } from './follow-events.ts';
import { registerGetCredit } from './get-credit.ts';
import { registerQueries } from './get-queries.ts';
import { keepBundle } from './keep-bundle.ts';
import { print } from './print.ts';

interface BundleFlags extends ApiFlags {
  readonly bundle?: string;
}

const part = (text: string): string => encodeURIComponent(text);

export function registerGet(program: Command): void {
  const get = program.command('get').description('read from a running node');

  const read = (
    name: string,
    description: string,
    args: readonly string[],
    path: (...values: string[]) => string,
  ): Command => {
    const command = addApiOptions(get.command([name, ...args].join(' ')).description(description));
    return command.action(async (...given: unknown[]) => {
      // Commander passes the arguments, then the options, then the command.
      const flags = given.at(-2) as ApiFlags;
      const values = given.slice(0, -2).map((value) => (value === undefined ? '' : String(value)));
      print(await (await openApi(flags)).get(path(...values)), flags.json);
    });
  };

  read('status', 'how the node and its network stand', [], () => '/v1/status');
  read('peers', 'connected nodes', [], () => '/v1/peers');
  read('transitions', 'every transition with its arguments', [], () => '/v1/transitions');
  read('types', 'types of objects with their fields', [], () => '/v1/objects');
  read(
    'checkpoint',
    'a certified checkpoint',
    ['[height]'],
    (height) => `/v1/checkpoints/${part(height || 'newest')}`,
  );
  read('call', 'what came of a call', ['<id>'], (id) => `/v1/calls/${part(id!)}`);

  const withBundle = (
    name: string,
    description: string,
    args: readonly string[],
    path: (...values: string[]) => string,
  ): Command =>
    addApiOptions(get.command([name, ...args].join(' ')).description(description))
      .option('--bundle <file>', 'write the proof bundle to this file, for `tally verify`')
      .action(async (...given: unknown[]) => {
        const flags = given.at(-2) as BundleFlags;
        const api = await openApi(flags);
        const at = path(...given.slice(0, -2).map(String));
        print(await api.get(at), flags.json);
        if (flags.bundle !== undefined) await keepBundle(api, `${at}/bundle`, flags.bundle);
      });

  withBundle(
    'object',
    'one object; its id may be a name such as sscc:340123450000000017',
    ['<type>', '<id>'],
    (type, id) => `/v1/objects/${part(type!)}/${part(id!)}`,
  );
  withBundle('vertex', 'a vertex, its call and its outcome', ['<id>'], (id) => `/v1/vertices/${part(id!)}`);
  registerSearch(get);
  registerObjects(get);
  registerReadings(get);
  registerGetCredit(get);
  registerQueries(get);

  addApiOptions(get.command('events').description('what happens from now on, until interrupted'))
    .option('--types <list>', 'comma-separated: checkpoint, outcome, object, reading, warning, cover')
    .option('--since <id>', 'go on after this event')
    .action(async (flags: ApiFlags & { readonly types?: string; readonly since?: string }) => {
      await followEvents(await openApi(flags), flags);
    });
}

interface SearchFlags extends BundleFlags {
  readonly out?: string;
  readonly opened?: boolean;
  readonly except?: string;
}

const isGoodsScheme = (scheme: string): scheme is GoodsScheme =>
  (goodsSchemes as readonly string[]).includes(scheme);

function registerSearch(get: Command): void {
  addApiOptions(
    get
      .command('search <scheme> <label>')
      .description('what stands under an identifier, and which pledges are on it'),
  )
    .option('--out <file>', 'write the search certificate: the goods and every pledge on them, as of now')
    .option('--opened', 'let the certificate show also what this party alone may see')
    .option(
      '--bundle <file>',
      'write a proof that no pledge is on it, or none but --except; refused where one is',
    )
    .option('--except <pledge>', 'the one pledge that may be on it')
    .action(async (scheme: string, label: string, flags: SearchFlags) => {
      const defect = isGoodsScheme(scheme) ? labelChecks[scheme](label) : undefined;
      // "Nothing stands there" would be true of a slip of the pen, and mislead.
      if (defect !== undefined) throw new CliError(exits.usage, `${scheme} ${label}: ${defect}`);
      const api = await openApi(flags);
      const at = `/v1/search/${part(scheme)}/${part(label)}`;
      print(await api.get(at), flags.json);
      const { out, opened, bundle, except } = flags;
      if (out !== undefined) await keepBundle(api, `${at}/certificate${query({ opened })}`, out);
      if (bundle !== undefined) await keepBundle(api, `${at}/bundle${query({ except })}`, bundle);
    });
}

interface ListFlags extends ApiFlags {
  readonly limit?: string;
}

function query(values: { readonly [name: string]: string | boolean | undefined }): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${given.map(([name, value]) => `${name}=${part(String(value))}`).join('&')}`;
}

function registerObjects(get: Command): void {
  addApiOptions(get.command('objects <type>').description('objects of one type, a page at a time'))
    .option('--state <state>', 'only those in this state')
    .option('--mine', 'only those of which this party may see more than everybody')
    .option('--after <id>', '`next` of the page before')
    .option('--limit <count>', 'at most so many')
    .action(
      async (
        type: string,
        flags: ListFlags & { readonly state?: string; readonly mine?: boolean; readonly after?: string },
      ) => {
        const { state, mine, after, limit } = flags;
        print(
          await (await openApi(flags)).get(
            `/v1/objects/${part(type)}${query({ state, mine, after, limit })}`,
          ),
          flags.json,
        );
      },
    );
}

function registerReadings(get: Command): void {
  addApiOptions(get.command('readings').description('final readings that this node holds, newest first'))
    .option('--device <identifier>', 'only of this device')
    .option('--before <cursor>', '`next` of the page before')
    .option('--limit <count>', 'about so many')
    .action(async (flags: ListFlags & { readonly device?: string; readonly before?: string }) => {
      const { device, before, limit } = flags;
      print(await (await openApi(flags)).get(`/v1/readings${query({ device, before, limit })}`), flags.json);
    });
}
