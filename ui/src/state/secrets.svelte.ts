import { SvelteMap } from "svelte/reactivity";
import type { SecretState } from "../contract";
import { askSecrets, askStoreSecret, reason } from "./ask";

const known = new SvelteMap<string, SecretState>();
/** The names that are asked for together. */
let wanted = new Set<string>();

async function ask() {
  const names = [...wanted];
  wanted = new Set();
  try {
    for (const state of await askSecrets(names)) known.set(state.name, state);
  } catch (error) {
    for (const name of names) known.set(name, { name, stored: null, trouble: reason(error) });
  }
}

/** Which secrets are stored, and where. What they are never comes back. */
export const secrets = {
  /** How it stands with the secret `name`; nothing until that is known. */
  of: (name: string): SecretState | undefined => known.get(name),
  /** Has it found out how it stands with the secret `name` now. */
  look(name: string) {
    if (wanted.size === 0) queueMicrotask(() => void ask());
    wanted.add(name);
  },
  /** Stores a secret. Rejects with an `ApiError`. */
  async store(name: string, value: string): Promise<void> {
    known.set(name, { name, stored: await askStoreSecret(name, value), trouble: null });
  },
};
