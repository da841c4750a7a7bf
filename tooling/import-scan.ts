/** Finds the imports of a TypeScript source without parsing it: statements that begin a line, and `import()`. */

export interface Import {
  /** What stands between the quotes. */
  target: string;
  relative: boolean;
  /** Loaded by `import()` when it is reached, not when the file is. */
  lazy: boolean;
  /** From 1. */
  line: number;
}

// A comment follows white space or a bracket; `'dist/**/*.js'` and `'https://…'` are none.
const COMMENT = /(?<=^|[\s;,(){}])(?:\/\*[\s\S]*?\*\/|\/\/.*$)/gm;
const STATEMENT = /^[ \t]*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"\n]+)\1/gm;
const CALL = /\b(?:import|require)\s*\(\s*(?:(['"`])([^'"`\n]+)\1)?/g;
const REFERENCE = /^\/\/\/\s*<reference\s+\w+=(['"])([^'"]+)\1/gm;

/** Imports in the order of their kinds; a computed `import(x)` and a `<reference>` count as packages. */
export function scanImports(source: string): Import[] {
  const blank = (comment: string): string => comment.replace(/[^\n]/g, ' ');
  const code = source.replace(COMMENT, blank);
  const found: Import[] = [];
  const collect = (text: string, pattern: RegExp, lazy: boolean, name: (target: string) => string): void => {
    for (const match of text.matchAll(pattern)) {
      const target = name(match[2] ?? '');
      const line = text.slice(0, match.index).split('\n').length;
      found.push({ target, relative: /^\.\.?\//.test(target), lazy, line });
    }
  };
  collect(code, STATEMENT, false, (target) => target);
  collect(code, CALL, true, (target) => target || '(computed)');
  collect(source, REFERENCE, false, (target) => `(reference ${target})`);
  return found;
}
