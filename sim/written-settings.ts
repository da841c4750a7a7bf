/**
 * Settings back into what people write: the options of a command, and a scenario file. What is as by default is left out.
 * Reading it again gives the same settings (`options.ts`).
 */

import { encodeFault } from './faults/fault-text.ts';
import type { WrittenSettings } from './options.ts';
import { defaultSettings, type Settings } from './settings.ts';

/** By option name, without `pace` and `story`, which only a scenario file can say. */
export function writeSettings(settings: Settings): WrittenSettings {
  const { nodes, validators, byzantine, network, faults, schedule, durationMs, load } = settings;
  const standard = defaultSettings;
  const unless = (isDefault: boolean, text: string) => (isDefault ? undefined : text);
  return {
    nodes: unless(nodes === validators, `${nodes}`),
    validators: unless(validators === standard.validators, `${validators}`),
    byzantine: unless(
      byzantine.length === 0,
      byzantine.map(({ kind, count }) => `${kind}:${count}`).join(','),
    ),
    network: unless(network.latency === standard.network.latency, network.latency),
    loss: unless(network.loss === 0, decimal(network.loss)),
    duplicate: unless(network.duplicate === 0, decimal(network.duplicate)),
    reorder: unless(network.reorder === 0, decimal(network.reorder)),
    bandwidth: unless(network.bandwidthBytesPerS === 0, `${network.bandwidthBytesPerS}`),
    faults: unless(faults.length === 0, faults.join(',')),
    schedule: unless(
      schedule === undefined || schedule.length === 0,
      (schedule ?? []).map(encodeFault).join(' '),
    ),
    duration: unless(durationMs === standard.durationMs, tellTime(durationMs)),
    load: unless(
      load.verticesPerS === standard.load.verticesPerS &&
        load.pledgeRacesPerMin === standard.load.pledgeRacesPerMin,
      `vertices:${decimal(load.verticesPerS)},races:${decimal(load.pledgeRacesPerMin)}`,
    ),
  };
}

/** The one command that does this run; `undefined` when it takes a scenario file to say it. */
export function writeCommand(settings: Settings, seed: number): string | undefined {
  return Object.keys(settings.pace).length === 0 && settings.story === undefined
    ? commandOf(seed, { ...writeSettings(settings) })
    : undefined;
}

/** `tally sim` with these options, fit for a shell; those that are `undefined` are left out. */
export function commandOf(seed: number, options: { readonly [name: string]: unknown }): string {
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${quote(String(value))}`],
  );
  return ['tally sim', `--seed ${seed}`, ...given, '--trace'].join(' ');
}

/** A scenario file, TOML. */
export function writeScenario(settings: Settings, seed: number, comment: string): string {
  const { schedule, ...written } = writeSettings(settings);
  const lines = Object.entries({ seeds: `${seed}`, story: settings.story?.source, ...written }).flatMap(
    ([name, value]) => (value === undefined ? [] : [`${name} = ${toToml(value)}`]),
  );
  const faults =
    schedule === undefined ? [] : ['schedule = [', ...schedule.split(' ').map((item) => `  "${item}",`), ']'];
  const pace = Object.entries(settings.pace).map(([name, value]) => `${name} = ${value}`);
  return [
    ...comment.split('\n').map((line) => `# ${line}`),
    ...lines,
    ...faults,
    ...(pace.length === 0 ? [] : ['', '[pace]', ...pace]),
    '',
  ].join('\n');
}

/** `20s`, `1500ms`. */
export function tellTime(durationMs: number): string {
  return durationMs % 1_000 === 0 ? `${durationMs / 1_000}s` : `${durationMs}ms`;
}

/** Without an exponent, which options do not have. */
function decimal(value: number): string {
  return value.toFixed(12).replace(/\.?0+$/, '');
}

function toToml(text: string): string {
  return /^(0|[1-9]\d{0,9})$/.test(text) ? text : JSON.stringify(text);
}

function quote(text: string): string {
  return /^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
