/** Follows a node's server-sent events, and goes on after the last one when the connection falls. */

import type { ApiClient, ApiFlags } from './api-client.ts';
import { CliError, exits } from './exit-codes.ts';

const RETRY_MS = 1_000;

interface Received {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

export async function followEvents(
  api: ApiClient,
  flags: ApiFlags & { readonly types?: string; readonly since?: string },
): Promise<void> {
  let last = flags.since;
  const path = `/v1/events${flags.types === undefined ? '' : `?types=${encodeURIComponent(flags.types)}`}`;
  for (let connected = false; ; ) {
    try {
      const response = await api.fetch(
        'GET',
        path,
        undefined,
        last === undefined ? {} : { 'last-event-id': last },
      );
      connected = true;
      for await (const event of readEvents(response.body!)) {
        last = event.id ?? last;
        printEvent(event, flags.json);
      }
    } catch (error) {
      // The first try tells whether there is a node; later ones wait for it to come back.
      if (!connected || (error instanceof CliError && error.exitCode !== exits.unreachable)) throw error;
    }
    process.stderr.write('the node is gone; trying again\n');
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Events of a stream, as the HTML standard separates them. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<Received> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => splitField(line)),
      );
      text = text.slice(end + 2);
      const data = fields.get('data');
      if (data !== undefined) yield { id: fields.get('id'), type: fields.get('event') ?? 'message', data };
    }
  }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(': ');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 2)];
}

function printEvent({ id, type, data }: Received, json: boolean | undefined): void {
  if (json)
    process.stdout.write(
      `{"id":${JSON.stringify(id ?? null)},"event":${JSON.stringify(type)},"data":${data}}\n`,
    );
  else process.stdout.write(`${type}  ${data}\n`);
}
