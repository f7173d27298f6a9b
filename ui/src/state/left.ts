import type { SecretState, SecretUser } from "../contract";

/** The names of stored secrets that only `gone` use: nothing does any more once those are taken out of the file. */
export function leftBehind(states: readonly SecretState[], gone: readonly SecretUser[]): string[] {
  const keys = new Set(gone.map(key));
  return states
    .filter(({ stored, used_by }) => stored !== null && used_by?.length && used_by.every((user) => keys.has(key(user))))
    .map(({ name }) => name);
}

const key = ({ section, name }: SecretUser): string => `${section} ${name}`;
