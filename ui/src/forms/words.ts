import { i18n, t, textOr } from "../i18n/i18n.svelte";
import { amount } from "./amount";
import { defaultOf, type Field } from "./fields";
import type { Cron } from "./schedule";

/** More times than this are no words any more. */
const TIMES_MAX = 6;
/** A Sunday. */
const SUNDAY = Date.UTC(2024, 0, 7, 12);

/** What holds in `field` of something of the kind `kind` where nothing is said; nothing where the field says so itself, or where that is not known. */
export function saidDefault(field: Field, kind: string): string | null {
  const [usual, { shape }] = [defaultOf(field, kind), field];
  if (usual === undefined || shape.is === "choice" || shape.is === "either") return null;
  if (shape.is !== "amount") return usual;
  const { number, unit } = amount(usual, shape.units, shape.of);
  if (unit === null) return textOr(usual, `choice.${usual}`);
  if (unit === "%") return i18n.format.load(Number(number) / 100);
  return `${i18n.format.number(Number(number))} ${textOr(unit, `unit.${unit}`)}`;
}

/** What `cron` means; nothing where that is said in no few words. */
export function inWords(cron: Cron): string | null {
  const [days, times] = [daysOf(cron), timesOf(cron)];
  if (days === null || times === null) return null;
  const joined = days === "" ? times.text : `${days}${times.isList ? " " : ", "}${times.text}`;
  const months = cron.months.length === 12 ? "" : t("schedule.months", { months: list(cron.months.map(month)) });
  return capital(
    [days === "" && times.isList ? `${t("schedule.daily")} ${joined}` : joined, months].filter(Boolean).join(", "),
  );
}

function timesOf({ minutes, hours }: Cron): { text: string; isList: boolean } | null {
  const again = (text: string) => ({ text, isList: false });
  const [minute = 0] = minutes;
  if (hours.length === 24) {
    const step = stepOf(minutes, 60);
    if (step !== null) return again(step === 1 ? t("schedule.minute") : t("schedule.minutes", { count: step }));
    if (minutes.length > TIMES_MAX) return null;
    const isWhole = minutes.length === 1 && minute === 0;
    return again(isWhole ? t("schedule.hour") : t("schedule.hour_at", { minutes: list(minutes.map(String)) }));
  }
  const step = stepOf(hours, 24);
  if (step !== null && hours.length > 2 && minutes.length === 1 && minute === 0)
    return again(t("schedule.hours", { count: step }));
  if (minutes.length * hours.length > TIMES_MAX) return null;
  const times = hours.flatMap((hour) => minutes.map((minute) => `${two(hour)}:${two(minute)}`));
  return { text: t("schedule.at", { times: list(times) }), isList: true };
}

/** So far apart `values` are, from 0 on, if they are evenly spread over `most`. */
function stepOf(values: readonly number[], most: number): number | null {
  const step = most / values.length;
  const isEven = values.length > 1 && Number.isInteger(step) && values.every((value, index) => value === index * step);
  return isEven ? step : null;
}

/** The days that are meant; empty for all of them. */
function daysOf({ days, weekdays }: Cron): string | null {
  if (days.length === 31 && weekdays.length === 7) return "";
  if (weekdays.length === 7)
    return days.length > TIMES_MAX ? null : t("schedule.dates", { days: list(days.map(String)) });
  if (days.length < 31) return null;
  // The week begins on Monday.
  const order = weekdays.map((day) => (day + 6) % 7).sort((one, other) => one - other);
  const [first = 0, last = 0] = [order[0], order.at(-1)];
  const name = (day: number) => weekday(day + 1);
  if (order.length > 2 && last - first === order.length - 1)
    return t("schedule.from_to", { from: name(first), to: name(last) });
  return t("schedule.weekdays", { days: list(order.map(name)) });
}

const two = (number: number) => String(number).padStart(2, "0");
const list = (words: string[]) => new Intl.ListFormat(i18n.locale, { type: "conjunction" }).format(words);
const capital = (text: string) => text.charAt(0).toLocaleUpperCase(i18n.locale) + text.slice(1);
const weekday = (day: number) =>
  new Intl.DateTimeFormat(i18n.locale, { weekday: "long", timeZone: "UTC" }).format(SUNDAY + day * 86_400_000);
const month = (number: number) =>
  new Intl.DateTimeFormat(i18n.locale, { month: "long", timeZone: "UTC" }).format(Date.UTC(2024, number - 1, 15));
