/** `tally get`: what a bank asks. Histories, owners, cover, what is lendable, permissions, the policy pack, rewards, audits. */

import type { Command } from 'commander';
import { roles } from '../../consensus/contracts/registry.ts';
import { type ApiFlags, addApiOptions, openApi } from './api-client.ts';
import { CliError, exits } from './exit-codes.ts';
import { keepBundle } from './keep-bundle.ts';
import { print } from './print.ts';

const part = (text: string): string => encodeURIComponent(text);

interface PageFlags {
  readonly limit: string;
  readonly before?: string;
}

interface HistoryFlags extends ApiFlags, PageFlags {
  readonly out?: string;
}

export function registerQueries(get: Command): void {
  addApiOptions(
    get.command('history <type> <id>').description('every call that made an object what it is, oldest first'),
  )
    .option('--limit <count>', 'the newest so many', '500')
    .option('--before <call>', '`previous` of the page after')
    .option('--out <file>', 'write the whole with the proof of every hop, for `tally verify`')
    .action(async (type: string, id: string, flags: HistoryFlags) => {
      const api = await openApi(flags);
      const at = `/v1/history/${part(type)}/${part(id)}`;
      const before = flags.before === undefined ? '' : `&before=${part(flags.before)}`;
      print(await api.get(`${at}?limit=${part(flags.limit)}${before}`), flags.json);
      if (flags.out !== undefined) await keepBundle(api, `${at}/bundle`, flags.out);
    });

  addApiOptions(
    get.command('owners <type> <id>').description('whose a unit, a receipt or a device was, and who had it'),
  )
    .option('--at <time>', 'also who it was at this time: ms, or as 2026-01-31T12:00:00Z')
    .action(async (type: string, id: string, flags: ApiFlags & { readonly at?: string }) => {
      const query = flags.at === undefined ? '' : `?at=${readTime(flags.at)}`;
      print(await (await openApi(flags)).get(`/v1/owners/${part(type)}/${part(id)}${query}`), flags.json);
    });

  addApiOptions(
    get.command('path <receipt>').description('every split of a receipt from the first on, with the sums'),
  ).action(async (receipt: string, flags: ApiFlags) => {
    print(await (await openApi(flags)).get(`/v1/path/${part(receipt)}`), flags.json);
  });

  addApiOptions(
    get.command('cover <loan>').description('debt, cover and headroom of a loan now; minor units'),
  ).action(async (loan: string, flags: ApiFlags) => {
    print(await (await openApi(flags)).get(`/v1/cover/${part(loan)}`), flags.json);
  });

  addApiOptions(
    get
      .command('lendable <enterprise> [unit...]')
      .description('what this bank could lend now, on the goods named (sscc:…, sscc:…@grams) or granted'),
  )
    .option('--currency <code>', 'of prices and loans', 'EUR')
    .action(async (enterprise: string, units: string[], flags: ApiFlags & { readonly currency: string }) => {
      const query = [
        `enterprise=${part(enterprise)}`,
        `currency=${part(flags.currency)}`,
        ...units.map((unit) => `unit=${part(unit)}`),
      ];
      print(await (await openApi(flags)).get(`/v1/lendable?${query.join('&')}`), flags.json);
    });

  addApiOptions(get.command('permissions').description('what a party of a role may sign'))
    .requiredOption('--role <role>', roles.join(', '))
    .action(async (flags: ApiFlags & { readonly role: string }) => {
      print(
        await (await openApi(flags)).get(`/v1/permissions?role=${part(flags.role.toLowerCase())}`),
        flags.json,
      );
    });

  addApiOptions(
    get.command('policy').description('the policy pack that judges the next call, and the one that waits'),
  ).action(async (flags: ApiFlags) => print(await (await openApi(flags)).get('/v1/policy'), flags.json));

  addApiOptions(
    get
      .command('rewards [party]')
      .description('tariff and pool; of a party, what its seats earned in each epoch, and its fees'),
  )
    .option('--limit <count>', 'the newest so many epochs', '20')
    .option('--before <epoch>', '`next` of the page before')
    .action(async (party: string | undefined, flags: ApiFlags & PageFlags) => {
      const before = flags.before === undefined ? '' : `&before=${part(flags.before)}`;
      const path = party === undefined ? '' : `/${part(party)}?limit=${part(flags.limit)}${before}`;
      print(await (await openApi(flags)).get(`/v1/rewards${path}`), flags.json);
    });

  addApiOptions(
    get
      .command('audit <loan|order> <id>')
      .description('every check of a loan’s file, or of an order’s loans, and what is out of step'),
  ).action(async (kind: string, id: string, flags: ApiFlags) => {
    if (kind !== 'loan' && kind !== 'order')
      throw new CliError(exits.usage, `"${kind}": expected loan or order`);
    print(await (await openApi(flags)).get(`/v1/audit/${kind}/${part(id)}`), flags.json);
  });
}

function readTime(text: string): number {
  const time = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(time))
    throw new CliError(exits.usage, `--at ${text}: expected ms, or an ISO date and time`);
  return time;
}
