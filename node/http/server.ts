/**
 * The node's HTTP API for its own stakeholder: JSON, problem+json, server-sent events, OpenAPI at /openapi.json and as
 * pages at /docs. Everything below /v1 asks for the bearer token. docs/guides/api.md.
 */

import type { AddressInfo } from 'node:net';
import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { refuse } from '../../consensus/codec/result.ts';
import { registerCallRoutes, waitMaxMs } from './call-routes.ts';
import { registerCreditRoutes } from './credit-routes.ts';
import { registerEventRoutes } from './event-routes.ts';
import { registerLedgerRoutes } from './ledger-routes.ts';
import { registerMessageRoutes } from './message-routes.ts';
import { registerPendingRoutes } from './pending-routes.ts';
import {
  type Problem,
  problemOfError,
  problemSchema,
  problemType,
  sendProblem,
  sendRefusal,
} from './problem.ts';
import { registerQueryRoutes } from './query-routes.ts';
import type { ApiServices } from './services.ts';
import { makeTokenCheck } from './token.ts';

const CONNECTIONS_MAX = 256;
const BODY_BYTES_MAX = 64 << 10;
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_BYTES_MAX = 16 << 10;
const PARAM_LENGTH_MAX = 200;

/** The little of a logger that the API needs; pino is one. */
export interface ApiLog {
  error(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function startApi(options: {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly version: string;
  readonly services: ApiServices;
  readonly log: ApiLog;
}): Promise<ApiServer> {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A request that waits for an outcome is open for longer than any other.
    connectionTimeout: waitMaxMs + REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    http: { maxHeaderSize: HEADERS_BYTES_MAX },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, allErrors: false } },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  // Response schemas are for the document alone: what the views say is sent as they say it.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.addSchema(problemSchema);
  handleErrors(app, options.log);
  await app.register(swagger, openApi(options.version));
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  registerHealthRoutes(app, options.services);
  await app.register(
    async (api) => {
      requireToken(api, options.token);
      logOutOfScope(api, options.log);
      registerCallRoutes(api, options.services);
      registerPendingRoutes(api, options.services);
      registerMessageRoutes(api, options.services);
      registerLedgerRoutes(api, options.services);
      registerCreditRoutes(api, options.services);
      registerQueryRoutes(api, options.services);
      registerEventRoutes(api, options.services.feed);
    },
    { prefix: '/v1' },
  );
  await app.listen({ host: options.host, port: options.port });
  const { port, address, family } = app.server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return { url: `http://${host}:${port}`, port, close: () => app.close() };
}

function openApi(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tallystick node',
        version,
        description: 'The API of one stakeholder’s node. It shows what that stakeholder may see.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'The token in the node’s token file.' },
        },
      },
      security: [{ token: [] }],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`) },
  };
}

/** /livez and /readyz: for whoever runs the process; they tell nothing of the ledger. */
function registerHealthRoutes(app: FastifyInstance, { status }: ApiServices): void {
  const tags = ['node'];
  app.get('/livez', { schema: { tags, summary: 'The process runs', security: [] } }, () => ({ live: true }));
  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'The node is up to date and connected; else 503 with the reasons',
        security: [],
      },
    },
    (_request, reply) => {
      const reasons = status.notReady();
      if (reasons.length === 0) return { ready: true };
      return reply.code(503).header('retry-after', '2').send({ ready: false, reasons });
    },
  );
}

function requireToken(api: FastifyInstance, token: string): void {
  const passes = makeTokenCheck(token);
  api.addHook('onRequest', async (request, reply) => {
    if (passes(request.headers.authorization)) return;
    await sendRefusal(
      reply,
      refuse('E_CREDENTIAL', {
        reason: request.headers.authorization === undefined ? 'no bearer token' : 'not the node’s token',
      }),
    );
  });
}

/** A read beyond what this party may see is refused, and on record (R005). Facts name objects, never what is in them. */
function logOutOfScope(api: FastifyInstance, log: ApiLog): void {
  api.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode !== 403 || typeof payload !== 'string') return;
    const { code, facts } = JSON.parse(payload) as Problem;
    if (code === 'E_SCOPE')
      log.warn(
        { code, facts, method: request.method, route: request.routeOptions.url },
        'refused: out of scope',
      );
  });
}

function handleErrors(app: FastifyInstance, log: ApiLog): void {
  app.setNotFoundHandler((request, reply) =>
    sendRefusal(reply, refuse('E_NOT_FOUND', { reason: 'no such route; see /docs', method: request.method })),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOfError(error);
    if (problem !== undefined) return sendProblem(reply, problem);
    // The error may name what only the log may hold; neither body nor headers are logged.
    log.error(
      { err: error, method: request.method, route: request.routeOptions.url },
      'the API failed on a request',
    );
    return reply
      .code(500)
      .type(problemType)
      .send({ type: 'about:blank', title: 'internal error', status: 500, detail: 'See the node’s log.' });
  });
}
