/** The part of the host's WebAssembly that is used here: this room is compiled without Node's and the browser's types. */

interface WasmHost {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

declare const WebAssembly: WasmHost;

/** Compiled at once; some browsers refuse that on their main thread. */
export function compileNow(bytes: Uint8Array): object {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw notCompiled(cause);
  }
}

export async function compile(bytes: Uint8Array): Promise<object> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw notCompiled(cause);
  }
}

function notCompiled(cause: unknown): Error {
  return new Error(
    `this engine does not compile the verifier, which needs WebAssembly with SIMD (Node 16.4, Chrome 91, Firefox 89, Safari 16.4, on a processor with SSE4.1 or NEON): ${cause}`,
    { cause },
  );
}

/** What a module that imports nothing exports. A trap in it throws. */
export function instantiate(module: object): unknown {
  return new WebAssembly.Instance(module).exports;
}
