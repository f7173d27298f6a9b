/** Dates, spans, sizes and shares as readers of one locale write them. */
export interface Formats {
  number(value: number): string;
  /** A latency: `0.8ms`, `240ms`, `1.3s`. */
  latency(ms: number | null | undefined): string;
  /** A share from 0 to 1: never rounded up to 100%. */
  share(value: number | null | undefined): string;
  /** A load from 0 to 1, in whole percent. */
  load(value: number | null | undefined): string;
  /** How many threads wait on average. */
  load_average(value: number | null | undefined): string;
  /** Percent that may be more than 100. */
  percent(value: number | null | undefined): string;
  bytes(value: number | null | undefined): string;
  /** A span in its two largest units at most: `3d 4h`, `12m`, `8s`. */
  span(ms: number): string;
  /** How long something took: a span, or a latency if it was short. */
  took(ms: number | null | undefined): string;
  /** The time of day, with the date beside it unless it is today's. */
  moment(at: string | number | Date, now?: number): string;
  /** From when to when, to the second if it is short: what both have in common is said once, and no date if all of it is today. */
  period(from: string | number | Date, to: string | number | Date, now?: number): string;
  /** Date and time to the minute. */
  dated(at: string | number | Date): string;
  /** Date and time to the second. */
  exact(at: string | number | Date): string;
  clock(at: string | number | Date): string;
  /** The day in words, to stand above what happened on it. */
  day(at: string | number | Date): string;
  /** A month like `2026-11`, in words. */
  month(month: string): string;
  /** Day and month. */
  date(at: string | number | Date): string;
  /** The time of day to the minute. */
  minute(at: string | number | Date): string;
  /** Several things, one after the other. */
  list(all: readonly string[]): string;
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;
const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** What is shown where there is nothing. */
export const NONE = "–";

export function formats(locale: string): Formats {
  const number = cached((digits: string) => new Intl.NumberFormat(locale, { maximumFractionDigits: Number(digits) }));
  // Where the sign stands is a matter of the language, as where the engine writes it; some regions would have it otherwise.
  const sign = new Intl.NumberFormat(new Intl.Locale(locale).language, { style: "percent" }).format(0).slice(1);
  const percent = (value: number, digits: number) => number(`${digits}`).format(value) + sign;
  const unit = cached((key: string) => {
    const [name, digits, display] = key.split(" ");
    return new Intl.NumberFormat(locale, {
      style: "unit",
      unit: name,
      unitDisplay: display as "short" | "narrow",
      maximumFractionDigits: Number(digits),
    });
  });
  const inUnit = (value: number, name: string, digits = 0, display = "short") =>
    unit(`${name} ${digits} ${display}`).format(value);
  const dates = cached((style: keyof typeof DATES) => new Intl.DateTimeFormat(locale, DATES[style]));
  const date = (style: keyof typeof DATES, at: string | number | Date) => dates(style).format(new Date(at));

  const latency = (ms: number | null | undefined) => {
    if (ms == null) return NONE;
    if (ms < 9.95) return inUnit(ms, "millisecond", 1, "narrow");
    return ms < 999.5
      ? inUnit(ms, "millisecond", 0, "narrow")
      : inUnit(ms / 1000, "second", ms < 9950 ? 2 : 1, "narrow");
  };
  const share = (value: number | null | undefined) => {
    if (value == null) return NONE;
    const digits = value === 1 || value === 0 ? 0 : value > 0.999 ? 3 : value > 0.9 ? 2 : 1;
    const least = 10 ** -(digits + 2);
    const rounded = Math.floor(value / least + 1e-6) * least;
    return percent(100 * rounded, digits);
  };
  const span = (ms: number) => {
    const largest = UNITS.findIndex(([, length]) => ms >= length);
    if (largest < 0) return inUnit(0, "second", 0, "narrow");
    const [name, length] = UNITS[largest] ?? UNITS[3];
    const whole = Math.floor(ms / length);
    const next = UNITS[largest + 1];
    const rest = next ? Math.floor((ms - whole * length) / next[1]) : 0;
    const first = inUnit(whole, name, 0, "narrow");
    return next && rest > 0 && whole < 10 ? `${first} ${inUnit(rest, next[0], 0, "narrow")}` : first;
  };
  return {
    number: (value) => number("3").format(value),
    latency,
    share,
    load: (value) => (value == null ? NONE : percent(100 * value, 0)),
    load_average: (value) => (value == null ? NONE : number("2").format(value)),
    percent: (value) => (value == null ? NONE : percent(value, value < 10 ? 1 : 0)),
    bytes(value) {
      if (value == null) return NONE;
      const power = Math.min(SIZES.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3));
      const scaled = value / 1000 ** power;
      return inUnit(scaled, SIZES[power] ?? "byte", scaled < 10 && power > 0 ? 1 : 0);
    },
    span,
    took: (ms) => (ms == null || ms < 10_000 ? latency(ms) : span(ms)),
    moment(at, now = Date.now()) {
      const [then, today] = [new Date(at), new Date(now)];
      if (then.toDateString() === today.toDateString()) return date("clock", then);
      return date(then.getFullYear() === today.getFullYear() ? "near" : "far", then);
    },
    period(from, to, now = Date.now()) {
      const [first, last] = [new Date(from), new Date(to)];
      const isToday = [first, last].every((at) => at.toDateString() === new Date(now).toDateString());
      const isShort = last.getTime() - first.getTime() < 600_000;
      return dates(isToday ? (isShort ? "clock" : "minute") : "near").formatRange(first, last);
    },
    dated: (at) => date("far", at),
    exact: (at) => date("exact", at),
    clock: (at) => date("clock", at),
    day: (at) => date("day", at),
    // Noon is in this month wherever one is.
    month: (month) => date("month", `${month}-01T12:00`),
    date: (at) => date("date", at),
    minute: (at) => date("minute", at),
    list: (all) => new Intl.ListFormat(locale, { type: "conjunction" }).format(all),
  };
}

/** Times of day are of 24 hours everywhere: they stand in columns and are compared. */
const MINUTE = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;

const DATES = {
  clock: { ...MINUTE, second: "2-digit" },
  near: { month: "short", day: "numeric", ...MINUTE },
  far: { year: "numeric", month: "short", day: "numeric", ...MINUTE },
  exact: { year: "numeric", month: "short", day: "numeric", ...MINUTE, second: "2-digit" },
  date: { month: "short", day: "numeric" },
  minute: MINUTE,
  month: { month: "long", year: "numeric" },
  day: { weekday: "long", month: "long", day: "numeric" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** `make`, which is asked once for each key. */
function cached<Key extends string, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}
