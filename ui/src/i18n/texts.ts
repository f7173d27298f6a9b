import type { engine, window } from "../../../lang/en.json";
import type { SHARED } from "./shared";

type Shared = (typeof SHARED)[number];

/** A text's name. */
export type Key =
  keyof typeof window | Exclude<Extract<keyof typeof engine, `${Shared}.${string}`>, `${string}.${string}.${string}`>;

export type Texts = Readonly<Record<Key, string>>;

/** What the window says, in each language, read when it is spoken. */
export const TEXTS = {
  en: () => import("virtual:texts/en"),
  es: () => import("virtual:texts/es"),
} satisfies Record<string, () => Promise<{ default: Texts }>>;
