/** /v1/credit: what may still be drawn, and advice, which decides nothing; /v1/things: what came of things. */

import type { FastifyInstance } from 'fastify';
import { type Scenario, scenarioNames } from '../advice/indicators.ts';
import { sendRefusal } from './problem.ts';
import { anyObject, problems } from './schemas.ts';
import type { ApiServices } from './services.ts';

export function registerCreditRoutes(api: FastifyInstance, { credit, things }: ApiServices): void {
  const tags = ['credit'];
  const params = {
    type: 'object',
    properties: {
      id: {
        type: 'string',
        minLength: 1,
        maxLength: 100,
        description: '64 hexadecimal digits, or a name such as lei:… or device:…',
      },
    },
  };
  const advice = 'Advice: computed from what this party may see in full; no rule of the ledger reads it.';

  api.get<{ Params: { id: string } }>(
    '/credit/limits/:id',
    {
      schema: {
        tags,
        summary: 'What may be drawn on a credit limit or a loan; on all of a party, or of a device',
        params,
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params: { id } }, reply) => {
      const found = await credit.positions(id);
      return found.ok ? found.value : sendRefusal(reply, found);
    },
  );
  api.get<{ Params: { id: string } }>(
    '/things/:id',
    {
      schema: {
        tags: ['things'],
        summary: 'What came in and went out by a thing, or by all of an owner, with its gain and loss',
        params,
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params: { id } }, reply) => {
      const found = await things.results(id);
      return found.ok ? found.value : sendRefusal(reply, found);
    },
  );
  api.get<{ Params: { id: string } }>(
    '/credit/rating/:id',
    {
      schema: {
        tags,
        summary: 'Rating of a party or a device, with the contributions that add up to it',
        description: advice,
        params,
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params: { id } }, reply) => {
      const rated = await credit.rating(id);
      return rated.ok ? rated.value : sendRefusal(reply, rated);
    },
  );
  api.get<{ Params: { id: string }; Querystring: { scenario: Scenario } }>(
    '/credit/indicators/:id',
    {
      schema: {
        tags,
        summary: 'The twelve indicators of things, and their experience index',
        description: advice,
        params,
        querystring: {
          type: 'object',
          properties: { scenario: { type: 'string', enum: scenarioNames, default: scenarioNames[0] } },
        },
        response: { 200: anyObject, ...problems },
      },
    },
    async ({ params: { id }, query: { scenario } }, reply) => {
      const compared = await credit.indicators(id, scenario);
      return compared.ok ? compared.value : sendRefusal(reply, compared);
    },
  );
}
