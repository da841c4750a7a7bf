/** /v1/messages: messages between banks. docs/spec/messages.md. */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Result, refuse } from '../../consensus/codec/result.ts';
import { messageBytesMax } from '../../consensus/vertex/sealed-message.ts';
import { sendSubmission, submissionResponse, waitQuery } from './call-routes.ts';
import { sendRefusal } from './problem.ts';
import { anyObject, idSchema, limitQuery, problems } from './schemas.ts';
import type { ApiServices } from './services.ts';

/** A message of the greatest length in base64, and what stands around it. */
const BODY_BYTES_MAX = 2 * messageBytesMax;
const BASE64 = '^[A-Za-z0-9+/]*={0,2}$';

interface ById {
  Params: { id: string };
}

interface SendBody {
  readonly to: string;
  readonly text?: string;
  readonly base64?: string;
  readonly until?: number;
  readonly nonce?: string;
}

const sendBody = {
  type: 'object',
  properties: {
    to: { type: 'string', maxLength: 100, description: 'lei:…, or the id of the party.' },
    text: { type: 'string', maxLength: messageBytesMax, description: 'UTF-8; or base64 in its place.' },
    base64: { type: 'string', maxLength: Math.ceil(messageBytesMax / 3) * 4, pattern: BASE64 },
    until: { type: 'integer', description: 'When it can be received no more, ms; in a week when left out.' },
    nonce: { type: 'string', description: 'As of a call: under one nonce one message is sent.' },
  },
  required: ['to'],
  additionalProperties: false,
} as const;

export function registerMessageRoutes(api: FastifyInstance, services: ApiServices): void {
  const { messages, views } = services;
  const tags = ['messages'];
  const params = { type: 'object', properties: { id: idSchema } } as const;
  const answered = { 200: anyObject, ...problems } as const;

  const send = (reply: FastifyReply, result: Result<object>) =>
    result.ok ? result.value : sendRefusal(reply, result);

  api.post<{ Querystring: { wait: number } }>(
    '/messages/key',
    {
      schema: {
        tags,
        summary: 'State a key to which messages to this bank are sealed, or the next one',
        querystring: waitQuery,
        response: submissionResponse,
      },
    },
    async ({ query }, reply) => sendSubmission(reply, services, await messages.stateKey(), query.wait),
  );

  api.post<{ Body: SendBody; Querystring: { wait: number } }>(
    '/messages',
    {
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        tags,
        summary: 'Seal a message to another bank and commit to it; `callId` is its id',
        querystring: waitQuery,
        body: sendBody,
        response: submissionResponse,
      },
    },
    async ({ body: { to, text, base64, until, nonce }, query }, reply) => {
      if ((text === undefined) === (base64 === undefined))
        return sendRefusal(reply, refuse('E_SCHEMA', { field: 'text', reason: 'expected text or base64' }));
      const recipient = views.parseId(to);
      if (!recipient.ok) return sendRefusal(reply, recipient);
      const bytes = text === undefined ? Buffer.from(base64!, 'base64') : Buffer.from(text, 'utf8');
      const sent = await messages.send({
        ...{ to: recipient.value, text: new Uint8Array(bytes) },
        ...(until !== undefined && { until }),
        ...(nonce !== undefined && { nonce }),
      });
      return sendSubmission(reply, services, sent, query.wait);
    },
  );

  api.get<{ Querystring: { limit: number } }>(
    '/messages',
    {
      schema: {
        tags,
        summary: 'Messages from this bank and to it, newest first',
        querystring: { type: 'object', properties: { limit: limitQuery } },
        response: answered,
      },
    },
    async ({ query }) => ({ messages: await messages.list(query.limit) }),
  );

  api.get<ById>(
    '/messages/:id',
    { schema: { tags, summary: 'How a message stands', params, response: answered } },
    ({ params: { id } }, reply) => send(reply, messages.view(id.toLowerCase())),
  );

  api.post<ById>(
    '/messages/:id/read',
    {
      schema: {
        tags,
        summary: 'What a message to this bank says, once its receipt is on the ledger',
        params,
        response: answered,
      },
    },
    async ({ params: { id } }, reply) => {
      const read = await messages.read(id.toLowerCase());
      if (!read.ok) return sendRefusal(reply, read);
      const { text, ...rest } = read.value;
      return { ...rest, base64: Buffer.from(text).toString('base64') };
    },
  );

  api.post<ById>(
    '/messages/:id/remove',
    {
      schema: {
        tags,
        summary: 'Let a message that was received go from this node',
        params,
        response: answered,
      },
    },
    async ({ params: { id } }, reply) => send(reply, await messages.remove(id.toLowerCase())),
  );

  api.get<ById>(
    '/messages/:id/content',
    {
      schema: {
        tags,
        summary: 'What shows, with the bundle of the object `message`, what it said: the hash and its salt',
        params,
        response: answered,
      },
    },
    async ({ params: { id } }, reply) => send(reply, await messages.contentProof(id.toLowerCase())),
  );
}
