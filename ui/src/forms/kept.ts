import { SvelteMap } from "svelte/reactivity";
import type { Draft } from "./draft.svelte";

/** The forms that are being filled in, by what they are for. What only asks about them needs to know nothing of forms. */
export const kept = new SvelteMap<string, Draft>();

/** Whether there is something in the form called `key` that is not saved. */
export const isUnsaved = (key: string): boolean => kept.get(key)?.isChanged ?? false;

/** Tables of the file that have no name, as they are edited together. */
export type Unnamed = "email" | "alerts" | "status_page";

export const UNNAMED: readonly Unnamed[] = ["email", "alerts", "status_page"];
