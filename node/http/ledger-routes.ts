/** /v1 reads of the ledger: status, peers, checkpoints, objects, searches; and their proof bundles. */

import type { FastifyInstance } from 'fastify';
import { certificateSchema } from '../../consensus/checkpoint/certificate.ts';
import { headerId, headerSchema } from '../../consensus/checkpoint/header.ts';
import { toHex } from '../../consensus/codec/bytes.ts';
import { refuse } from '../../consensus/codec/result.ts';
import { type GoodsScheme, goodsSchemes } from '../../consensus/contracts/objects/unit.ts';
import type { Scheme } from '../../consensus/contracts/registry.ts';
import { objectTypes } from '../../consensus/contracts/views.ts';
import { schemes } from '../service/call-args.ts';
import { describeOutcome } from '../service/submissions.ts';
import { sendRefusal } from './problem.ts';
import { anyObject, idSchema, limitQuery, objectViewSchema, octets, problems } from './schemas.ts';
import { sendBundle } from './send-bundle.ts';
import type { ApiServices } from './services.ts';
import { registerReadingRoutes, registerVertexRoutes } from './vertex-routes.ts';

const label = { type: 'string', minLength: 1, maxLength: 80, pattern: '^[ -~]+$' } as const;
const name = { type: 'string', minLength: 1, maxLength: 100 } as const;

export function registerLedgerRoutes(api: FastifyInstance, services: ApiServices): void {
  const { status, store, head, upkeep } = services;
  api.get(
    '/status',
    {
      schema: {
        tags: ['node'],
        summary: 'How this node and its network stand',
        response: { 200: anyObject },
      },
    },
    async () => ({
      ...status.status(),
      memory: { rssBytes: process.memoryUsage.rss() },
      disk: { bytes: await store.size(), ...(await upkeep?.view()) },
    }),
  );
  api.get(
    '/peers',
    { schema: { tags: ['node'], summary: 'Connected nodes', response: { 200: anyObject } } },
    () => ({ peers: status.peers() }),
  );

  api.get<{ Params: { height: string }; Querystring: { outcomes: boolean } }>(
    '/checkpoints/:height',
    {
      schema: {
        tags: ['ledger'],
        summary: 'A certified checkpoint, by height or as `newest`',
        params: {
          type: 'object',
          properties: { height: { type: 'string', pattern: '^([0-9]{1,15}|newest)$' } },
        },
        querystring: { type: 'object', properties: { outcomes: { type: 'boolean', default: false } } },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params, query }, reply) => {
      const height = params.height === 'newest' ? head.height : Number(params.height);
      const checkpoint = height <= head.height ? await store.checkpoint(height) : undefined;
      if (checkpoint === undefined)
        return sendRefusal(
          reply,
          refuse('E_NOT_FOUND', {
            ...{ type: 'checkpoint', height, newest: head.height },
            oldest: await store.firstHeight(),
          }),
        );
      const { header, certificate, outcomes } = checkpoint;
      return {
        ...{
          id: toHex(headerId(header)),
          header: headerSchema.toJson(header),
          certificate: certificateSchema.toJson(certificate),
        },
        outcomes: query.outcomes
          ? outcomes.map((outcome, index) => ({
              vertex: toHex(outcome.id),
              ...describeOutcome(outcome, index, header),
            }))
          : undefined,
      };
    },
  );

  registerObjectRoutes(api, services);
  registerSearchRoutes(api, services);
  registerVertexRoutes(api, services);
  registerReadingRoutes(api, services);
}

function registerObjectRoutes(api: FastifyInstance, { views, head }: ApiServices): void {
  const tags = ['ledger'];
  const params = {
    type: 'object',
    properties: {
      type: name,
      id: { ...name, description: '64 hexadecimal digits, or a name such as sscc:…' },
    },
  };
  const under = () => ({ height: head.height, time: head.certified?.header.time ?? null });

  api.get(
    '/objects',
    {
      schema: {
        tags,
        summary: 'Types of objects, with their fields by visibility class',
        response: { 200: anyObject },
      },
    },
    () => ({
      types: [...objectTypes.values()].map((type) => ({
        name: type.name,
        classes: type.classes.map((schema) => schema.jsonSchema),
      })),
    }),
  );

  api.get<{
    Params: { type: string };
    Querystring: { state?: string; mine: boolean; after: string; limit: number };
  }>(
    '/objects/:type',
    {
      schema: {
        tags,
        summary: 'Objects of one type, a page at a time, ascending by id',
        params: { type: 'object', properties: { type: name } },
        querystring: {
          type: 'object',
          properties: {
            state: { type: 'string', maxLength: 32 },
            mine: {
              type: 'boolean',
              default: false,
              description: 'Only those of which this node’s party may see more than everybody.',
            },
            after: { type: 'string', pattern: '^[0-9a-f]*$', maxLength: 64, default: '' },
            limit: limitQuery,
          },
        },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params: { type }, query }, reply) => {
      const page = await views.objects(type, query);
      return page.ok ? { ...under(), ...page.value } : sendRefusal(reply, page);
    },
  );

  api.get<{ Params: { type: string; id: string } }>(
    '/objects/:type/:id',
    { schema: { tags, summary: 'One object', params, response: { 200: objectViewSchema, ...problems } } },
    ({ params: { type, id } }, reply) => {
      const parsed = views.parseId(id);
      const view = parsed.ok ? views.object(type, parsed.value) : parsed;
      return view.ok ? { ...under(), ...view.value } : sendRefusal(reply, view);
    },
  );

  api.get<{ Params: { type: string; id: string } }>(
    '/objects/:type/:id/bundle',
    {
      schema: {
        tags: ['proofs'],
        summary: 'Proof that the object stands in the state, or that there is none',
        params,
        response: { 200: octets, ...problems },
      },
    },
    async ({ params: { type, id } }, reply) => {
      const parsed = views.parseId(id);
      return sendBundle(reply, parsed.ok ? await views.objectBundle(type, parsed.value) : parsed);
    },
  );
}

function registerSearchRoutes(api: FastifyInstance, { searches, head }: ApiServices): void {
  const params = { type: 'object', properties: { scheme: { type: 'string', enum: schemes }, label } };
  api.get<{ Params: { scheme: Scheme; label: string } }>(
    '/search/:scheme/:label',
    {
      schema: {
        tags: ['ledger'],
        summary: 'What stands under an external identifier, and which pledges are on it',
        params,
        response: { 200: anyObject, ...problems },
      },
    },
    ({ params: { scheme, label: text } }, reply) => {
      const found = searches.search(scheme, text);
      return found.ok ? { height: head.height, ...found.value } : sendRefusal(reply, found);
    },
  );

  const ofGoods = {
    ...params,
    properties: { ...params.properties, scheme: { type: 'string', enum: goodsSchemes } },
  };
  api.get<{ Params: { scheme: GoodsScheme; label: string }; Querystring: { opened: boolean } }>(
    '/search/:scheme/:label/certificate',
    {
      schema: {
        tags: ['proofs'],
        summary:
          'Search certificate: the goods, their receipts and every pledge on them, or that there is none',
        params: ofGoods,
        querystring: {
          type: 'object',
          properties: {
            opened: {
              type: 'boolean',
              default: false,
              description: 'Also what this party alone may see: not for everybody’s eyes.',
            },
          },
        },
        response: { 200: octets, ...problems },
      },
    },
    async ({ params: { scheme, label: text }, query }, reply) =>
      sendBundle(reply, await searches.certificate(scheme, text, query.opened)),
  );

  api.get<{ Params: { scheme: GoodsScheme; label: string }; Querystring: { except?: string } }>(
    '/search/:scheme/:label/bundle',
    {
      schema: {
        tags: ['proofs'],
        summary: 'Registered, and no pledge on it, or none but `except`; refused where that is not so',
        params: ofGoods,
        querystring: { type: 'object', properties: { except: idSchema } },
        response: { 200: octets, ...problems },
      },
    },
    async ({ params: { scheme, label: text }, query }, reply) => {
      const except =
        query.except === undefined ? undefined : Uint8Array.from(Buffer.from(query.except, 'hex'));
      return sendBundle(reply, await searches.unpledged(scheme, text, except));
    },
  );
}
