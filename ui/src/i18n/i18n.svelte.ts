import type { DesktopSettings } from "../backend/backend";
import { fill, selectForm } from "./fill";
import { formats } from "./format";
import { type Key, TEXTS, type Texts } from "./texts";

export type { Key } from "./texts";

/** A text that has a form for one and a form for several. */
export type CountedKey = Key extends infer K ? (K extends `${infer Base}.one` ? Base : never) : never;

type Language = keyof typeof TEXTS;
type Values = Record<string, string | number>;

let language = $state<Language>("en");
let texts = $state.raw<Texts>();
let wanted: DesktopSettings["language"] = "system";
const locale = $derived(navigator.language.startsWith(language) ? navigator.language : language);
const format = $derived(formats(locale));

export const i18n = {
  get language() {
    return language;
  },
  get locale() {
    return locale;
  },
  /** Dates and numbers as the reader writes them. */
  get format() {
    return format;
  },
};

/** Speaks the language that is chosen from now on, as soon as its texts are read. */
export async function speak(chosen: DesktopSettings["language"]): Promise<void> {
  wanted = chosen;
  const next = chosen === "system" ? (navigator.language.startsWith("es") ? "es" : "en") : chosen;
  const found = await TEXTS[next]();
  // Another was chosen meanwhile.
  if (wanted !== chosen) return speak(wanted);
  language = next;
  texts = found.default;
  document.documentElement.lang = next;
}

/** The text under `key`, with each `{name}` replaced by its value. */
export function t(key: Key, values: Values = {}): string {
  return fill(texts?.[key] ?? "", values);
}

/** The text under `key`, or `word` where there is no such text: the engine may know a word that is new to this window. */
export function textOr(word: string, key: string): string {
  return texts && key in texts ? t(key as Key) : word;
}

/** The text under `key` in the form that `count` wants, with `{count}` and each `{name}` replaced. */
export function counted(key: CountedKey, count: number, values: Values = {}): string {
  const form = selectForm(locale, count);
  return t(`${key}.${form}` as Key, { count: format.number(count), ...values });
}
