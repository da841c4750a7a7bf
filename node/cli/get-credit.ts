/** `tally get limit|things|rating|indicators`: what may be drawn, what came of things, what this party may think of others. */

import { type Command, Option } from 'commander';
import { type Scenario, scenarioNames } from '../advice/indicators.ts';
import { type ApiFlags, addApiOptions, openApi } from './api-client.ts';
import { print } from './print.ts';

const part = (text: string): string => encodeURIComponent(text);

export function registerGetCredit(get: Command): void {
  addApiOptions(
    get
      .command('limit <id>')
      .description('what may be drawn on a credit limit or a loan, or on all of lei:… or device:…'),
  ).action(async (id: string, flags: ApiFlags) => {
    print(await (await openApi(flags)).get(`/v1/credit/limits/${part(id)}`), flags.json);
  });

  addApiOptions(
    get
      .command('things <id>')
      .description('what came in and went out by device:…, or by all things of lei:…, with gain and loss'),
  ).action(async (id: string, flags: ApiFlags) => {
    print(await (await openApi(flags)).get(`/v1/things/${part(id)}`), flags.json);
  });

  addApiOptions(
    get
      .command('rating <id>')
      .description('rating of a party or a device, lei:… or device:…: advice, no more'),
  ).action(async (id: string, flags: ApiFlags) => {
    print(await (await openApi(flags)).get(`/v1/credit/rating/${part(id)}`), flags.json);
  });

  addApiOptions(
    get
      .command('indicators <id>')
      .description('the twelve indicators of the things of lei:…, or of device:… beside its owner’s others'),
  )
    .addOption(
      new Option('--scenario <name>', 'how they are weighed')
        .choices(scenarioNames)
        .default(scenarioNames[0]),
    )
    .action(async (id: string, flags: ApiFlags & { readonly scenario: Scenario }) => {
      const path = `/v1/credit/indicators/${part(id)}?scenario=${flags.scenario}`;
      print(await (await openApi(flags)).get(path), flags.json);
    });
}
