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

/** A node that is down comes back, and what is known and final elsewhere is soon known and final here. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 503 || error.status === 404;
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

  async post<T>(path: string, body: object): Promise<T> {
    return (await this.#request('POST', path, body)).json() as Promise<T>;
  }

  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#request('GET', path)).arrayBuffer());
  }

  /** One try; for asking whether the node is up. */
  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.#url}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  async #request(method: string, path: string, body?: object): Promise<Response> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.#once(method, path, body);
      } catch (error) {
        if (!isPassing(error) || Date.now() > until) throw error;
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
