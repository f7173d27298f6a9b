import type { Shown } from "./log.svelte";

/** A day begins between two lines. */
export interface DayBreak {
  /** Between the numbers of both. */
  number: number;
  day: string;
}

/** What lies under each other in a log. */
export type Row = Shown | DayBreak;

export const isDay = (row: Row): row is DayBreak => "day" in row;

/** `lines` with a break where a day begins, but before the first: what day that is of stands above all. */
export function withDays(lines: readonly Shown[]): Row[] {
  const rows: Row[] = [];
  let before: string | undefined;
  for (const line of lines) {
    const day = dayOf(line.at);
    if (before !== undefined && day !== before) rows.push({ number: line.number - 0.5, day: line.at });
    before = day;
    rows.push(line);
  }
  return rows;
}

let [asked, answered] = ["", ""];

/** The local day of `at`. Neighbours are mostly of the same ten minutes, in which no day begins anywhere. */
export function dayOf(at: string): string {
  const minutes = at.slice(0, 15);
  if (minutes !== asked) [asked, answered] = [minutes, new Date(at).toDateString()];
  return answered;
}

/** How many columns a text takes of a terminal's, at most: what is beyond Latin letters and their like may take two. */
export function columns(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let count = 0;
  for (const character of text) count += character === "\t" ? 8 : character < "\u1100" ? 1 : 2;
  return count;
}

/** A line as it stands in a file of text: as `estatus logs` prints it. */
export function asText({ at, stream, text }: Pick<Shown, "at" | "stream" | "text">): string {
  const then = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
  const time = [then.getHours(), then.getMinutes(), then.getSeconds()].map(two).join(":");
  const mark = stream === "out" ? " " : stream === "err" ? "!" : "–";
  return `${day} ${time}.${String(then.getMilliseconds()).padStart(3, "0")} ${mark} ${text}`;
}
