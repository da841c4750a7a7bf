/** The command line's side of a running node's API: where it is, its token, and errors that a person can use. */

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readNodeConfig } from '../config/node-config.ts';
import type { Problem } from '../http/problem.ts';
import { readToken } from '../http/token.ts';
import { CliError, exits } from './exit-codes.ts';

const CONFIG_DEFAULT = 'config.toml';

export interface ApiFlags {
  readonly config?: string;
  readonly portFile?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/** Options that say which node is asked. */
export function addApiOptions(command: Command): Command {
  return command
    .option(
      '--config <file>',
      `configuration of the node: its address and token file (default: $TALLY_CONFIG, else ${CONFIG_DEFAULT})`,
    )
    .option(
      '--port-file <file>',
      'file that `tally node --port-file` wrote: for ports that were chosen at start',
    )
    .option('--url <url>', 'address of the API, in place of the configuration’s')
    .option('--token-file <file>', 'token file, in place of the configuration’s')
    .option('--json', 'print JSON');
}

export async function openApi(flags: ApiFlags): Promise<ApiClient> {
  const { url, tokenFile } = flags;
  if (url !== undefined && tokenFile !== undefined) return new ApiClient(url, await readToken(tokenFile));
  const named = flags.config ?? (process.env['TALLY_CONFIG'] || undefined);
  const config = await readNodeConfig(named ?? CONFIG_DEFAULT).catch((error) => {
    if (named !== undefined) throw error;
    throw new CliError(
      exits.usage,
      `${(error as Error).message}; name the node’s configuration with --config FILE or TALLY_CONFIG`,
      { cause: error },
    );
  });
  const { host, port } = config.api;
  const address =
    url ?? (await addressFrom(flags.portFile)) ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (address.endsWith(':0'))
    throw new CliError(
      exits.usage,
      'the configuration leaves the API’s port open: name the node’s --port-file, or --url',
    );
  return new ApiClient(address, await readToken(tokenFile ?? config.api.tokenFile));
}

async function addressFrom(portFile: string | undefined): Promise<string | undefined> {
  if (portFile === undefined) return undefined;
  try {
    const { api } = JSON.parse(await readFile(portFile, 'utf8')) as { readonly api?: unknown };
    if (typeof api === 'string') return api;
  } catch (cause) {
    throw new CliError(exits.usage, `${portFile}: cannot read the port file: ${(cause as Error).message}`, {
      cause,
    });
  }
  throw new CliError(exits.usage, `${portFile}: not a port file of tally node`);
}

export class ApiClient {
  readonly url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.url = url.replace(/\/+$/, '');
    this.#token = token;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.fetch('GET', path)).json() as Promise<T>;
  }

  async post<T>(path: string, body: object): Promise<T> {
    return (await this.fetch('POST', path, body)).json() as Promise<T>;
  }

  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.fetch('GET', path)).arrayBuffer());
  }

  /** Resolves to an answer that is no error. */
  async fetch(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const all = {
      ...headers,
      authorization: `Bearer ${this.#token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        headers: all,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      const reason = ((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message;
      throw new CliError(
        exits.unreachable,
        `no node answers at ${this.url}: ${reason}; is \`tally node\` running?`,
        { cause },
      );
    }
    if (response.ok) return response;
    const problem = (await response.json().catch(() => undefined)) as Problem | undefined;
    if (response.status === 401)
      throw new CliError(exits.unreachable, `the node at ${this.url} does not know this token`, { problem });
    throw new CliError(
      response.status >= 500 ? exits.failed : exits.refused,
      describeProblem(problem, response.status),
      { problem },
    );
  }
}

const factText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function describeProblem(problem: Problem | undefined, status: number): string {
  if (problem === undefined) return `the node answered with status ${status}`;
  const { code, detail, facts = {}, remedy } = problem;
  // The detail names a field already, and of most other refusals nothing but the code's meaning.
  const told = 'field' in facts || 'reason' in facts ? [] : Object.entries(facts);
  const lines = [
    `${code ?? status}: ${detail}`,
    ...(told.length === 0 ? [] : [told.map(([name, value]) => `${name}: ${factText(value)}`).join(', ')]),
    ...(remedy === undefined ? [] : [remedy]),
  ];
  return lines.join('\n  ');
}
