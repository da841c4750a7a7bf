/** Which names SenML allows (RFC 8428 §4.5.1). */

const NAME = /^[A-Za-z0-9][A-Za-z0-9\-:./_]*$/;

export function isSenmlName(name: string): boolean {
  return NAME.test(name);
}
