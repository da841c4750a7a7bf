/** GET /v1/events: what happens, as server-sent events; a listener that was away goes on with `Last-Event-ID`. */

import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { refuse } from '../../consensus/codec/result.ts';
import { type EventFeed, eventTypes, type FeedEvent } from '../service/event-feed.ts';
import { sendRefusal } from './problem.ts';
import { problems } from './schemas.ts';

const LISTENERS_MAX = 32;
/** Bytes that may wait for a listener that reads slowly; beyond it is cut off, and comes back with its last id. */
const WAITING_BYTES_MAX = 1 << 20;
const KEEP_ALIVE_MS = 15_000;
const RESUMING =
  'With `Last-Event-ID` the stream goes on after that event; an event `lost` says that some in between are gone, so that the listener reads the state anew.';

export function registerEventRoutes(api: FastifyInstance, feed: EventFeed): void {
  const listeners = new Set<ServerResponse>();
  api.addHook('preClose', async () => {
    for (const response of listeners) response.end();
  });

  api.get<{ Querystring: { types?: string }; Headers: { 'last-event-id'?: string } }>(
    '/events',
    {
      schema: {
        tags: ['events'],
        summary: 'What happens, as server-sent events',
        description: `Events: ${eventTypes.join(', ')}. ${RESUMING}`,
        querystring: {
          type: 'object',
          properties: {
            types: {
              type: 'string',
              maxLength: 100,
              description: `Comma-separated: ${eventTypes.join(', ')}. All when left out.`,
            },
          },
        },
        headers: { type: 'object', properties: { 'last-event-id': { type: 'string', maxLength: 64 } } },
        response: {
          200: {
            description: 'The stream.',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          ...problems,
        },
      },
    },
    (request, reply) => {
      const wanted = request.query.types?.split(',') ?? [...eventTypes];
      const unknown = wanted.find((type) => !(eventTypes as readonly string[]).includes(type));
      if (unknown !== undefined)
        return sendRefusal(
          reply,
          refuse('E_SCHEMA', {
            field: 'types',
            got: unknown,
            reason: `expected some of ${eventTypes.join(', ')}`,
          }),
        );
      if (listeners.size >= LISTENERS_MAX)
        return sendRefusal(reply, refuse('E_FULL', { reason: 'too many listeners', most: LISTENERS_MAX }));
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      follow(raw, feed, new Set(wanted), request.headers['last-event-id'], listeners);
    },
  );
}

function follow(
  response: ServerResponse,
  feed: EventFeed,
  wanted: ReadonlySet<string>,
  lastId: string | undefined,
  listeners: Set<ServerResponse>,
): void {
  const send = (text: string): void => {
    if (response.writableLength > WAITING_BYTES_MAX) response.destroy();
    else response.write(text);
  };
  const tell = (event: FeedEvent): void => {
    if (wanted.has(event.type)) send(`id: ${event.id}\nevent: ${event.type}\ndata: ${event.data}\n\n`);
  };
  listeners.add(response);
  send('retry: 1000\n\n');
  if (lastId !== undefined) {
    const { events, lost } = feed.since(lastId);
    if (lost)
      send(`event: lost\ndata: ${JSON.stringify({ since: lastId.replace(/[^\x20-\x7e]/g, '?') })}\n\n`);
    for (const event of events) tell(event);
  }
  const unsubscribe = feed.subscribe(tell);
  const keepAlive = setInterval(() => send(': still here\n\n'), KEEP_ALIVE_MS);
  response.on('close', () => {
    clearInterval(keepAlive);
    unsubscribe();
    listeners.delete(response);
  });
}
