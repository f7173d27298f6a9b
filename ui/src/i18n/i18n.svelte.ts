import type { DesktopSettings } from "../backend/backend";
import { fill, selectForm } from "./fill";
import en from "./en.json";
import es from "./es.json";
import { formats } from "./format";

/** A text's name. Each text stands in every language's file, which a test sees to. */
export type Key = keyof typeof en;

/** A text that has a form for one and a form for several. */
export type CountedKey = Key extends infer K ? (K extends `${infer Base}.one` ? Base : never) : never;

type Language = "en" | "es";
type Values = Record<string, string | number>;

const TEXTS: Record<Language, Record<string, string>> = { en, es };

let chosen = $state<DesktopSettings["language"]>("system");
const language = $derived<Language>(chosen === "system" ? (navigator.language.startsWith("es") ? "es" : "en") : chosen);
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

/** Speaks `wanted` from now on. */
export function speak(wanted: DesktopSettings["language"]) {
  chosen = wanted;
  document.documentElement.lang = language;
}

/** The text under `key`, with each `{name}` replaced by its value. */
export function t(key: Key, values: Values = {}): string {
  return fill(TEXTS[language][key] ?? key, values);
}

/** The text under `key` in the form that `count` wants, with `{count}` and each `{name}` replaced. */
export function counted(key: CountedKey, count: number, values: Values = {}): string {
  const form = selectForm(locale, count);
  return t(`${key}.${form}` as Key, { count: format.number(count), ...values });
}
