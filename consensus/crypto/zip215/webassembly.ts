/** The part of the host's WebAssembly that is used here: this room is compiled without Node's and the browser's types. */

interface WasmHost {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

declare const WebAssembly: WasmHost;

/** Compiled at once; some browsers refuse that on their main thread. */
export function compileNow(bytes: Uint8Array): object {
  return new WebAssembly.Module(bytes);
}

export function compile(bytes: Uint8Array): Promise<object> {
  return WebAssembly.compile(bytes);
}

/** What a module that imports nothing exports. A trap in it throws. */
export function instantiate(module: object): unknown {
  return new WebAssembly.Instance(module).exports;
}
