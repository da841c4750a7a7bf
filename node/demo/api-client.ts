/** A stakeholder's own node, as its back office sees it: JSON over HTTP with a bearer token. */

/** While a killed node comes back, calls wait for it. */
const PATIENCE_MS = 180_000;
const RETRY_MS = 250;

export class ApiError extends Error {
  readonly status: number;
  readonly problem: { readonly code?: string; readonly title?: string; readonly detail?: string };

  constructor(what: string, status: number, problem: ApiError['problem']) {
    super(`${what}: ${status} ${problem.code ?? ''} ${problem.detail ?? problem.title ?? ''}`.trim());
    this.status = status;
    this.problem = problem;
  }
}

const isDown = (error: unknown): boolean => !(error instanceof ApiError) || error.status === 503;

/** A node that is down comes back, and what is known and final elsewhere is soon known and final here. */
function isPassing(error: unknown): boolean {
  return isDown(error) || (error instanceof ApiError && error.status === 404);
}

function absentAt(status: number, error: unknown): undefined {
  if (!(error instanceof ApiError) || error.status !== status) throw error;
}

export class ApiClient {
  readonly #url: string;
  readonly #token: () => string;

  /** `token` is read late: the node writes it when it first starts. */
  constructor(url: string, token: () => string) {
    this.#url = url;
    this.#token = token;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#request('GET', path)).json() as Promise<T>;
  }

  /** Like `get`, where there may be nothing: `undefined` for what this node, as far as it is, does not know. */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return (await (await this.#request('GET', path, undefined, isDown)).json()) as T;
    } catch (error) {
      return absentAt(404, error);
    }
  }

  async post<T>(path: string, body: object): Promise<T> {
    return (await this.#request('POST', path, body)).json() as Promise<T>;
  }

  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#request('GET', path)).arrayBuffer());
  }

  /** Like `bytes`, where this stakeholder may have no right to it: then `undefined`. */
  async bytesIfShown(path: string): Promise<Uint8Array | undefined> {
    try {
      return await this.bytes(path);
    } catch (error) {
      return absentAt(403, error);
    }
  }

  /** One try; for asking whether the node is up. */
  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.#url}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  async #request(
    method: string,
    path: string,
    body?: object,
    passes: (error: unknown) => boolean = isPassing,
  ): Promise<Response> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.#once(method, path, body);
      } catch (error) {
        if (!passes(error) || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #once(method: string, path: string, body: object | undefined): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token()}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`${this.#url}${path}`, init);
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as ApiError['problem'];
    throw new ApiError(`${method} ${path}`, response.status, problem);
  }
}
