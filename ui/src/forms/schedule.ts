/** The times that a cron expression names. */
export interface Cron {
  minutes: readonly number[];
  hours: readonly number[];
  /** Days of the month. */
  days: readonly number[];
  /** From 1. */
  months: readonly number[];
  /** Days of the week, from 0 for Sunday. */
  weekdays: readonly number[];
  /** The fields as they were written. */
  fields: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** What `text` says as a cron expression, as far as this window understands it: the engine knows more, like `L` and `#`. */
export function cron(text: string): Cron | null {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return null;
  const [minutes, hours, days, months, weekdays] = [
    values(fields[0], 0, 59),
    values(fields[1], 0, 23),
    values(fields[2], 1, 31),
    values(fields[3], 1, 12, MONTHS, 1),
    values(fields[4], 0, 7, WEEKDAYS, 0),
  ];
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  const week = [...new Set(weekdays.map((day) => day % 7))].sort((one, other) => one - other);
  return { minutes, hours, days, months, weekdays: week, fields };
}

/** The values that a field names, in order. */
function values(
  field = "",
  least: number,
  most: number,
  words: readonly string[] = [],
  first = 0,
): readonly number[] | null {
  const one = (text: string): number => {
    const word = words.indexOf(text.toLowerCase());
    return word >= 0 ? word + first : /^\d+$/.test(text) ? Number(text) : NaN;
  };
  const found = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "", step, ...more] = part.split("/");
    const [from = "", to, ...rest] = range === "*" ? [String(least), String(most)] : range.split("-");
    const by = step === undefined ? 1 : /^\d+$/.test(step) ? Number(step) : NaN;
    const [begin, end] = [one(from), to !== undefined ? one(to) : step === undefined ? one(from) : most];
    if (more.length + rest.length > 0 || !(begin >= least && end <= most && begin <= end && by > 0)) return null;
    for (let value = begin; value <= end; value += by) found.add(value);
  }
  return [...found].sort((one, other) => one - other);
}

/** The moments of two clocks of the wall are told by as if both were UTC. */
const DAY = 86_400_000;
/** So many days are looked at: a leap day comes within eight years. */
const DAYS = 9 * 366;

/** The next `count` times after `now`, where both are what a clock on the wall shows, as if that were UTC. */
export function next(cron: Cron, now: number, count: number): number[] {
  const found: number[] = [];
  const today = Math.floor(now / DAY) * DAY;
  for (let day = today; day < today + DAYS * DAY && found.length < count; day += DAY) {
    if (!names(cron, new Date(day))) continue;
    for (const hour of cron.hours) {
      for (const minute of cron.minutes) {
        const at = day + hour * 3_600_000 + minute * 60_000;
        if (at > now && found.length < count) found.push(at);
      }
    }
  }
  return found;
}

/** Whether a day is one of those that are named. */
function names({ fields, days, months, weekdays }: Cron, day: Date): boolean {
  if (!months.includes(day.getUTCMonth() + 1)) return false;
  const [inMonth, inWeek] = [days.includes(day.getUTCDate()), weekdays.includes(day.getUTCDay())];
  // As every cron has it since Vixie's: where both are named, either will do.
  return isAny(fields[2]) || isAny(fields[4]) ? inMonth && inWeek : inMonth || inWeek;
}

export const isAny = (field = ""): boolean => field.startsWith("*");

/** What the clock on the wall shows in `zone`, or here, at `moment`, as if it were UTC. */
export function wall(moment: number, zone: string | undefined): number | null {
  try {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    }).formatToParts(moment);
    const part = (type: string) => Number(parts.find((part) => part.type === type)?.value);
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  } catch {
    return null;
  }
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY };

/** How long an interval like `1h30m` is, in milliseconds. */
export function interval(text: string): number | null {
  const parts = [...text.matchAll(/\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/gy)];
  const read = parts.map((part) => part[0]).join("");
  if (read === "" || read.length !== text.trimEnd().length) return null;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ""] ?? 0), 0);
}
