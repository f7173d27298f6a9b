import { SvelteMap } from "svelte/reactivity";
import type { SecretState } from "../contract";
import { askRemoveSecret, askSecrets, askStoreSecret, reason } from "./ask";

const known = new SvelteMap<string, SecretState>();
/** The names that are asked for together. */
let wanted = new Set<string>();

async function ask() {
  const names = [...wanted];
  wanted = new Set();
  try {
    for (const state of await askSecrets(names)) known.set(state.name, state);
  } catch (error) {
    for (const name of names) known.set(name, { name, stored: null, trouble: reason(error), used_by: null });
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
    const stored = await askStoreSecret(name, value);
    known.set(name, { name, trouble: null, used_by: null, ...known.get(name), stored });
  },
  /** Forgets a secret. Rejects with an `ApiError`. */
  async remove(name: string): Promise<void> {
    await askRemoveSecret(name);
    known.delete(name);
  },
};
