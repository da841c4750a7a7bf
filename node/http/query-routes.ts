/** /v1 questions that a bank asks: histories, owners, cover, what is lendable, permissions, the policy pack, rewards, audits. */

import type { FastifyInstance } from 'fastify';
import { fromHex } from '../../consensus/codec/bytes.ts';
import { type Result, refuse } from '../../consensus/codec/result.ts';
import { type Role, roles } from '../../consensus/contracts/registry.ts';
import { permissionsOf } from '../../consensus/contracts/tables.ts';
import type { AskedGoods } from '../service/lendables.ts';
import { intervalAt } from '../service/owners.ts';
import { rewardEpochsMax } from '../service/rewards.ts';
import type { Views } from '../service/views.ts';
import { sendRefusal } from './problem.ts';
import { anyObject, idSchema, limitQuery, octets, problems } from './schemas.ts';
import { sendBundle } from './send-bundle.ts';
import type { ApiServices } from './services.ts';

const UNITS_MAX = 64;
const name = { type: 'string', minLength: 1, maxLength: 100 } as const;
const id = { ...name, description: '64 hexadecimal digits, or a name such as sscc:…' } as const;
const tags = ['queries'];

type Named = { Params: { type: string; id: string } };

export function registerQueryRoutes(api: FastifyInstance, services: ApiServices): void {
  registerHistoryRoutes(api, services);
  registerCoverRoutes(api, services);
  registerAuditRoutes(api, services);
  registerRewardRoutes(api, services);
  api.get<{ Querystring: { role: Role } }>(
    '/permissions',
    {
      schema: {
        tags,
        summary: 'What a party of a role may sign; any other transition refuses it, E_ROLE',
        querystring: {
          type: 'object',
          properties: { role: { type: 'string', enum: roles } },
          required: ['role'],
        },
        response: { 200: anyObject, ...problems },
      },
    },
    ({ query: { role } }) => ({ role, permissions: permissionsOf(role) }),
  );
  const { views, head } = services;
  api.get(
    '/policy',
    {
      schema: {
        tags,
        summary:
          'The policy pack that judges the next call, and the one that waits; null where there is none',
        response: { 200: anyObject, ...problems },
      },
    },
    () => ({ height: head.height, ...views.policy() }),
  );
}

function registerRewardRoutes(api: FastifyInstance, { views, rewards, head }: ApiServices): void {
  api.get(
    '/rewards',
    {
      schema: {
        tags,
        summary: 'The tariff in force and the one that waits, the running epoch’s account, and the pool',
        response: { 200: anyObject, ...problems },
      },
    },
    () => ({ height: head.height, ...rewards.now() }),
  );

  api.get<{ Params: { party: string }; Querystring: { limit: number; before?: number } }>(
    '/rewards/:party',
    {
      schema: {
        tags,
        summary:
          'What a party’s seats earned in each epoch, the newest first, and the fees that it prepaid or owes',
        params: { type: 'object', properties: { party: id } },
        querystring: {
          type: 'object',
          properties: {
            limit: { type: 'integer', minimum: 1, maximum: rewardEpochsMax, default: 20 },
            before: { type: 'integer', minimum: 0, description: '`next` of the page before.' },
          },
        },
        response: { 200: anyObject, ...problems },
      },
    },
    ({ params, query }, reply) => {
      const party = views.parseId(params.party);
      if (!party.ok) return sendRefusal(reply, party);
      return { height: head.height, ...rewards.of(party.value, query.limit, query.before) };
    },
  );
}

function registerHistoryRoutes(
  api: FastifyInstance,
  { views, histories, owners, paths, head }: ApiServices,
): void {
  const params = { type: 'object', properties: { type: name, id } };
  const under = () => ({ height: head.height, time: head.certified?.header.time ?? null });

  api.get<Named & { Querystring: { limit: number; before?: string } }>(
    '/history/:type/:id',
    {
      schema: {
        tags,
        summary: 'Every call that made the object what it is, oldest first',
        description:
          'Arguments as far as they may be shown. `call` is null where this node does not hold the vertex.',
        params,
        querystring: {
          type: 'object',
          properties: {
            limit: limitQuery,
            before: { ...idSchema, description: '`previous` of the page after: the calls before this one.' },
          },
        },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params: { type, id: text }, query: { limit, before } }, reply) => {
      const parsed = views.parseId(text);
      const from = before === undefined ? undefined : fromHex(before);
      const page = parsed.ok ? await histories.history(type, parsed.value, { limit, before: from }) : parsed;
      return page.ok ? { ...under(), type, ...page.value } : sendRefusal(reply, page);
    },
  );

  api.get<Named>(
    '/history/:type/:id/bundle',
    {
      schema: {
        tags: ['proofs'],
        summary: 'The whole history with the proof of every hop',
        params,
        response: { 200: octets, ...problems },
      },
    },
    async ({ params: { type, id: text } }, reply) => {
      const parsed = views.parseId(text);
      return sendBundle(reply, parsed.ok ? await histories.bundle(type, parsed.value) : parsed);
    },
  );

  api.get<Named & { Querystring: { at?: number } }>(
    '/owners/:type/:id',
    {
      schema: {
        tags,
        summary: 'Whose a unit, a receipt or a device was, and who had it, at any time',
        params,
        querystring: {
          type: 'object',
          properties: {
            at: {
              type: 'integer',
              minimum: 0,
              description: 'Checkpoint time, ms: also the interval that held then.',
            },
          },
        },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params: { type, id: text }, query: { at } }, reply) => {
      const parsed = views.parseId(text);
      const intervals = parsed.ok ? await owners.intervals(type, parsed.value) : parsed;
      if (!intervals.ok) return sendRefusal(reply, intervals);
      const held = at === undefined ? {} : { at: intervalAt(intervals.value, at) };
      return { ...under(), type, intervals: intervals.value, ...held };
    },
  );

  api.get<{ Params: { id: string } }>(
    '/path/:id',
    {
      schema: {
        tags,
        summary:
          'How goods passed under receipts: every split from the first on, and that the sums stay what they were',
        params: { type: 'object', properties: { id } },
        response: { 200: anyObject, ...problems },
      },
    },
    ({ params }, reply) => {
      const parsed = views.parseId(params.id);
      const path = parsed.ok ? paths.path(parsed.value) : parsed;
      return path.ok ? { ...under(), ...path.value } : sendRefusal(reply, path);
    },
  );
}

function registerCoverRoutes(api: FastifyInstance, { views, covers, lendables }: ApiServices): void {
  api.get<{ Params: { id: string } }>(
    '/cover/:id',
    {
      schema: {
        tags,
        summary: 'A loan’s debt, cover and headroom now, by the rules that `draw` and `call-margin` go by',
        params: { type: 'object', properties: { id } },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params }, reply) => {
      const parsed = views.parseId(params.id);
      const told = parsed.ok ? await covers.cover(parsed.value) : parsed;
      if (!told.ok) return sendRefusal(reply, told);
      const { height, time, value } = told.value;
      return { height, time, ...value };
    },
  );

  api.get<{ Querystring: { enterprise: string; currency: string; unit?: string | readonly string[] } }>(
    '/lendable',
    {
      schema: {
        tags,
        summary:
          'What this bank could lend an enterprise now: cover and free goods at its own fresh prices, less debt',
        querystring: {
          type: 'object',
          properties: {
            enterprise: id,
            currency: { type: 'string', pattern: '^[A-Z]{3}$' },
            unit: {
              anyOf: [name, { type: 'array', items: name, maxItems: UNITS_MAX }],
              description: 'Goods, `sscc:…` or `sscc:…@grams`; without any, those that its live grants name.',
            },
          },
          required: ['enterprise', 'currency'],
        },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ query: { enterprise, currency, unit } }, reply) => {
      const party = views.parseId(enterprise);
      if (!party.ok) return sendRefusal(reply, party);
      const goods: AskedGoods[] = [];
      for (const text of [unit ?? []].flat()) {
        const asked = parseGoods(text, views);
        if (!asked.ok) return sendRefusal(reply, asked);
        goods.push(asked.value);
      }
      const told = await lendables.lendable(party.value, currency, goods);
      if (!told.ok) return sendRefusal(reply, told);
      const { height, time, value } = told.value;
      return { height, time, ...value };
    },
  );
}

/** A unit, and after `@` how many grams of it. */
function parseGoods(text: string, views: Views): Result<AskedGoods> {
  const [, named = text, grams] = /^(.*)@([1-9]\d{0,14})$/.exec(text) ?? [];
  const unit = views.parseId(named);
  if (!unit.ok) return refuse(unit.code, { ...unit.facts, field: 'unit' });
  return { ok: true, value: { unit: unit.value, grams: grams === undefined ? undefined : Number(grams) } };
}

function registerAuditRoutes(api: FastifyInstance, { views, audits }: ApiServices): void {
  const summary = 'Every check of the file with its result, and what is out of step';
  api.get<{ Params: { id: string } }>(
    '/audit/loan/:id',
    {
      schema: {
        ...{ tags, summary },
        params: { type: 'object', properties: { id } },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params }, reply) => {
      const parsed = views.parseId(params.id);
      const audit = parsed.ok ? await audits.ofLoan(parsed.value) : parsed;
      return audit.ok ? audit.value : sendRefusal(reply, audit);
    },
  );
  api.get<{ Params: { number: string } }>(
    '/audit/order/:number',
    {
      schema: {
        ...{ tags, summary: `${summary}: of every loan that names the order` },
        params: { type: 'object', properties: { number: { type: 'string', minLength: 1, maxLength: 40 } } },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params }, reply) => {
      const audit = await audits.ofOrder(params.number);
      return audit.ok ? audit.value : sendRefusal(reply, audit);
    },
  );
}
