/** The part of the host's WebAssembly that is used here: this room is compiled without Node's and the browser's types. */

/** Functions take and give 32-bit integers; a broken limit of theirs is a trap, which throws. */
export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

interface WasmHost {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => WasmInstance;
}

declare const WebAssembly: WasmHost;

/** Compiled at once; some browsers refuse that on their main thread. */
export function compileNow(bytes: Uint8Array): object {
  return new WebAssembly.Module(bytes);
}

export function compile(bytes: Uint8Array): Promise<object> {
  return WebAssembly.compile(bytes);
}

export function instantiate(module: object): WasmInstance {
  return new WebAssembly.Instance(module);
}
