/** /v1/pending: calls whose signatures are being gathered off-ledger. docs/spec/gathering.md. */

import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Result } from '../../consensus/codec/result.ts';
import { reasonMax } from '../../consensus/vertex/decline.ts';
import type { PendingView } from '../service/pending.ts';
import { sendRefusal } from './problem.ts';
import {
  anyObject,
  type CallBody,
  callBody,
  callBodyBytesMax,
  copiesOf,
  idSchema,
  problems,
} from './schemas.ts';
import type { ApiServices } from './services.ts';

const states = [
  'gathering',
  'declined',
  'complete',
  'submitted',
  'final',
  'refused',
  'withdrawn',
  'expired',
] as const;

const summaryFields = {
  callId: idSchema,
  transition: { type: 'string' },
  summary: { type: 'string' },
  state: { type: 'string', enum: states },
  deadline: { type: 'integer', description: 'Checkpoint time after which it has no effect, ms.' },
  since: { type: 'integer', description: 'When it came here, ms.' },
  holder: { type: 'boolean', description: 'This node asks and submits.' },
  proposedBy: idSchema,
  waitsForYou: { type: 'boolean', description: 'This node’s party has to sign and has not.' },
  signedCount: { type: 'integer' },
  askedCount: { type: 'integer' },
} as const;

const viewSchema = {
  type: 'object',
  properties: {
    ...summaryFields,
    call: { type: 'string', description: 'The call in hexadecimal, with all signatures known here.' },
    args: anyObject,
    signers: {
      type: ['array', 'null'],
      items: {
        type: 'object',
        properties: {
          party: idSchema,
          name: { type: ['string', 'null'] },
          roles: { type: 'array', items: { type: 'string' } },
          own: { type: 'boolean' },
          signed: { type: 'boolean' },
          declined: { type: ['string', 'null'], description: 'Why it declined, if it did.' },
          reached: {
            type: ['boolean', 'null'],
            description: 'Has a connected node of it the call? The holder knows.',
          },
        },
      },
    },
    withdrawn: { type: ['string', 'null'] },
    vertex: { type: ['string', 'null'] },
    ending: { type: ['object', 'null'], description: 'What the ledger said, once it has.' },
  },
} as const;

const idParams = { type: 'object', properties: { id: idSchema } } as const;
const response = { 200: viewSchema, ...problems } as const;

interface ById {
  Params: { id: string };
}

export function registerPendingRoutes(api: FastifyInstance, { calls, pending }: ApiServices): void {
  const tags = ['pending'];
  const send = (reply: FastifyReply, view: Result<PendingView>) =>
    view.ok ? view.value : sendRefusal(reply, view);

  api.get(
    '/pending',
    {
      schema: {
        tags,
        summary: 'Calls that wait for signatures, newest first',
        response: {
          200: {
            type: 'object',
            properties: { pending: { type: 'array', items: { type: 'object', properties: summaryFields } } },
          },
        },
      },
    },
    () => ({ pending: pending.list() }),
  );

  api.post<{ Body: CallBody }>(
    '/pending',
    {
      bodyLimit: callBodyBytesMax,
      schema: {
        tags,
        summary: 'Have a call’s signatures gathered',
        description:
          'The parties that must sign are asked at their own nodes, and the call is submitted once all have signed. Of a call that is pending here, the signatures that the copies bring are added.',
        body: callBody,
        response,
      },
    },
    async ({ body }, reply) => {
      const call = calls.open(copiesOf(body));
      return send(reply, call.ok ? await pending.propose(call.value) : call);
    },
  );

  api.get<ById>(
    '/pending/:id',
    {
      schema: {
        tags,
        summary: 'What it asks for, who has signed, who is missing',
        params: idParams,
        response,
      },
    },
    ({ params }, reply) => send(reply, pending.view(params.id.toLowerCase())),
  );

  api.post<ById>(
    '/pending/:id/sign',
    {
      schema: {
        tags,
        summary: 'Sign it with this node’s key',
        description:
          'Safe to repeat. A signature holds for this very call until its deadline, and cannot be called back.',
        params: idParams,
        response,
      },
    },
    async ({ params }, reply) => send(reply, await pending.sign(params.id.toLowerCase())),
  );

  api.post<ById & { Body: { reason: string } }>(
    '/pending/:id/decline',
    {
      schema: {
        tags,
        summary: 'Say that this party will not sign, and why; the holder withdraws the call by it',
        params: idParams,
        body: {
          type: 'object',
          properties: {
            reason: {
              type: 'string',
              maxLength: reasonMax,
              description: 'Printable ASCII, read by all parties asked.',
            },
          },
          required: ['reason'],
          additionalProperties: false,
        },
        response,
      },
    },
    async ({ params, body }, reply) =>
      send(reply, await pending.decline(params.id.toLowerCase(), body.reason)),
  );
}
