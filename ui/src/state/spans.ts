import { t } from "../i18n/i18n.svelte";
import { hours, morning } from "./until";

/** How long something is left out: alerts that are snoozed, checks that are paused. */
export interface Span {
  text: string;
  /** When it ends, if it begins now. */
  until: () => string;
}

export const anHour = (): Span => ({ text: t("until.hour"), until: () => hours(1) });

/** The spans there are to choose from, the same for whatever is left out. */
export const spans = (): Span[] => [
  anHour(),
  { text: t("until.hours", { count: 4 }), until: () => hours(4) },
  { text: t("until.morning"), until: () => morning() },
  { text: t("until.week"), until: () => hours(24 * 7) },
];
