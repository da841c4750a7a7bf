/** The gateway's small API: plain node:http, reading only. docs/guides/gateway.md lists the paths. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromHex } from '../../consensus/codec/bytes.ts';
import { codes } from '../../consensus/codec/codes.ts';
import { ok, type Refusal, type Result, refuse } from '../../consensus/codec/result.ts';
import { type Finality, type GatewayStatus, metricsContentType, metricsText } from './metrics.ts';
import type { Payments } from './payments.ts';
import type { Readings } from './readings.ts';
import { makeTokenCheck } from './token.ts';

export interface ApiParts {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly readings: Readings;
  readonly payments: Payments;
  readonly callBundle: (vertexId: Uint8Array) => Result<Uint8Array>;
  readonly finality: Finality;
  readonly notReady: () => string[];
  readonly status: () => Promise<GatewayStatus>;
  readonly onError: (error: Error) => void;
}

export interface Api {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

const json = (value: unknown, status = 200): Answer => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
});

/** RFC 9457. */
function problem({ code, facts }: Refusal, status: number): Answer {
  const detail = typeof facts['reason'] === 'string' ? facts['reason'] : codes[code];
  const body = { type: `urn:tallystick:code:${code}`, title: codes[code], status, detail, code, facts };
  return { ...json(body, status), type: 'application/problem+json; charset=utf-8' };
}

const statusOf = ({ code }: Refusal): number =>
  code === 'E_NOT_FOUND' ? 404 : code === 'E_SCHEMA' ? 400 : code === 'E_STATE' ? 409 : 500;
const answerRefusal = (refusal: Refusal): Answer => problem(refusal, statusOf(refusal));

export async function startApi(parts: ApiParts): Promise<Api> {
  const mayRead = makeTokenCheck(parts.token);
  const server = createServer((request, response) => {
    handle(request, mayRead, parts)
      .catch((error: Error) => {
        parts.onError(error);
        return problem(
          refuse('E_UNKNOWN', { reason: 'an error of the gateway’s own; its log says more' }),
          500,
        );
      })
      .then((answer) => send(response, answer));
  });
  server.maxConnections = 64;
  server.requestTimeout = 10_000;
  server.headersTimeout = 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(parts.port, parts.host, resolve);
  });
  const { port, address, family } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, port, close };
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  const headers: Record<string, string | number> = {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  };
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  response.writeHead(status, headers).end(body);
}

async function handle(
  request: IncomingMessage,
  mayRead: (header: string | undefined) => boolean,
  parts: ApiParts,
): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gateway');
  if (request.method !== 'GET')
    return problem(refuse('E_SCHEMA', { reason: 'only GET is served here' }), 405);
  if (pathname === '/livez') return json({ live: true });
  if (pathname === '/readyz') {
    const notReady = parts.notReady();
    return json({ ready: notReady.length === 0, notReady }, notReady.length === 0 ? 200 : 503);
  }
  if (pathname === '/metrics')
    return { status: 200, type: metricsContentType, body: metricsText(await parts.status(), parts.finality) };
  if (!mayRead(request.headers.authorization))
    return problem(refuse('E_CREDENTIAL', { reason: 'a bearer token is missing or wrong' }), 401);
  if (pathname === '/v1/status') return json(await parts.status());
  if (pathname === '/v1/readings') return listReadings(searchParams, parts.readings);
  if (pathname === '/v1/payments') return listPayments(searchParams, parts.payments);
  const [, carrier] = /^\/v1\/payments\/([0-9a-f]{64})\/bundle$/.exec(pathname) ?? [];
  if (carrier !== undefined) return answerBundle(parts.callBundle(fromHex(carrier)!));
  const [, vertex, index] = /^\/v1\/readings\/([0-9a-f]{64})\/(\d{1,4})\/bundle$/.exec(pathname) ?? [];
  if (vertex === undefined || index === undefined)
    return answerRefusal(refuse('E_NOT_FOUND', { reason: 'no such path' }));
  return answerBundle(await parts.readings.bundle(fromHex(vertex)!, Number(index)));
}

function answerBundle(bundle: Result<Uint8Array>): Answer {
  return bundle.ok
    ? { status: 200, type: 'application/octet-stream', body: bundle.value }
    : answerRefusal(bundle);
}

async function listPayments(parameters: URLSearchParams, payments: Payments): Promise<Answer> {
  const limit = readLimit(parameters);
  return limit.ok ? json({ payments: await payments.list(limit.value) }) : answerRefusal(limit);
}

async function listReadings(parameters: URLSearchParams, readings: Readings): Promise<Answer> {
  const limit = readLimit(parameters);
  if (!limit.ok) return answerRefusal(limit);
  const final = parameters.get('final') ?? 'false';
  if (final !== 'true' && final !== 'false')
    return answerRefusal(refuse('E_SCHEMA', { field: 'final', reason: '"final" expected true or false' }));
  const device = parameters.get('device') ?? undefined;
  return json({ readings: await readings.list({ device, finalOnly: final === 'true', limit: limit.value }) });
}

function readLimit(parameters: URLSearchParams): Result<number> {
  const limit = Number(parameters.get('limit') ?? LIMIT_DEFAULT);
  return Number.isSafeInteger(limit) && limit >= 1 && limit <= LIMIT_MAX
    ? ok(limit)
    : refuse('E_SCHEMA', { field: 'limit', reason: `"limit" expected 1 to ${LIMIT_MAX}` });
}
