/** /v1 vertices and readings, and their proof bundles. */

import type { FastifyInstance } from 'fastify';
import { toHex } from '../../consensus/codec/bytes.ts';
import { parseCursor } from '../service/readings.ts';
import { sendRefusal } from './problem.ts';
import { anyObject, idSchema, limitQuery, octets, problems } from './schemas.ts';
import { sendBundle } from './send-bundle.ts';
import type { ApiServices } from './services.ts';

export function registerVertexRoutes(api: FastifyInstance, { vertices }: ApiServices): void {
  const params = { type: 'object', properties: { id: idSchema } };
  api.get<{ Params: { id: string } }>(
    '/vertices/:id',
    {
      schema: {
        tags: ['ledger'],
        summary: 'A vertex, its call as far as it may be shown, and its outcome',
        params,
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params: { id } }, reply) => {
      const view = await vertices.vertex(id.toLowerCase());
      return view.ok ? view.value : sendRefusal(reply, view);
    },
  );
  api.get<{ Params: { id: string } }>(
    '/vertices/:id/bundle',
    {
      schema: {
        tags: ['proofs'],
        summary: 'Proof that a call took effect, or was refused and why',
        params,
        response: { 200: octets, ...problems },
      },
    },
    async ({ params: { id } }, reply) => sendBundle(reply, await vertices.bundle(id.toLowerCase())),
  );
}

export function registerReadingRoutes(api: FastifyInstance, { readings }: ApiServices): void {
  const params = {
    type: 'object',
    properties: { vertex: idSchema, index: { type: 'integer', minimum: 0, maximum: 255 } },
  };
  api.get<{ Querystring: { device?: string; before?: string; limit: number } }>(
    '/readings',
    {
      schema: {
        tags: ['readings'],
        summary: 'Final readings, newest first',
        description:
          'Of batches whose payload this node holds, and only what its party may be shown. A page holds whole batches, so it may exceed its limit.',
        querystring: {
          type: 'object',
          properties: {
            device: { type: 'string', minLength: 1, maxLength: 64 },
            before: {
              type: 'string',
              pattern: '^[0-9]{1,15}\\.[0-9]{1,9}$',
              description: '`next` of the page before.',
            },
            limit: limitQuery,
          },
        },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ query: { device, before, limit } }) =>
      readings.page({ device, limit, from: before === undefined ? undefined : parseCursor(before) }),
  );

  type ReadingParams = { Params: { vertex: string; index: number } };
  api.get<ReadingParams>(
    '/readings/:vertex/:index/bundle',
    {
      schema: {
        tags: ['proofs'],
        summary: 'Proof that a sensor said this',
        params,
        response: { 200: octets, ...problems },
      },
    },
    async ({ params: { vertex, index } }, reply) =>
      sendBundle(reply, await readings.bundle(vertex.toLowerCase(), index)),
  );
  api.get<ReadingParams>(
    '/readings/:vertex/:index/evidence',
    {
      schema: {
        tags: ['readings'],
        summary: 'A reading’s proof as calls carry it',
        params,
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params: { vertex, index } }, reply) => {
      const proof = await readings.evidence(vertex.toLowerCase(), index);
      return proof.ok ? { evidence: toHex(proof.value) } : sendRefusal(reply, proof);
    },
  );
}
