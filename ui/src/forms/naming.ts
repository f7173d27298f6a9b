import type { Values } from "./fields";

/** How the secrets are called that are entered in a form. */
export interface Naming {
  /** The name that fits best, of what the form edits and these words. */
  of: (values: Values, words: readonly string[]) => string;
  /** The names that belong to something else. */
  taken: ReadonlySet<string>;
}

/** The longest name of a secret, in bytes; a slug has one for each letter. */
const LONGEST = 64;

/** A name for a secret, of `words`. */
export function slug(words: readonly string[]): string {
  const plain = (word: string) =>
    word
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .replace(/[^A-Za-z0-9_]+/g, "-")
      .replace(/^-+|-+$/g, "");
  const joined = words.map(plain).filter(Boolean).join("-").replace(/^_+/, "");
  // There is room for a number behind it.
  return joined.length > LONGEST - 4 ? joined.slice(0, LONGEST - 4) : joined || "secret";
}

/** The names of secrets that stand in `value` of the file, however deep. */
export function secretNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(secretNames);
  if (typeof value !== "object" || value === null) return [];
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === "keyring" && typeof only[1] === "string") return [only[1]];
  return entries.flatMap(([, held]) => secretNames(held));
}

/** The names of secrets in `tables` that do not stand in `own`, which is a part of them. */
export function namesBeside(tables: unknown, own: unknown): Set<string> {
  const left = secretNames(tables);
  for (const name of secretNames(own)) {
    const index = left.indexOf(name);
    if (index >= 0) left.splice(index, 1);
  }
  return new Set(left);
}
