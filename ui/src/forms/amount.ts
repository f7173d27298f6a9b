import type { AmountOf, Unit } from "./fields";

/** A number and what it counts; no unit where the text is not written so. */
export interface Amount {
  number: string;
  unit: Unit | null;
}

/** How long each unit of time is, in milliseconds, the longest first. */
const SPANS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const satisfies readonly (readonly [Unit, number])[];

/** `text` as a number of one of `units`; several parts, as in `1h30m`, count as many of the smallest. What is none is a number without a unit. */
export function amount(text: string, units: readonly Unit[], of: AmountOf): Amount {
  if (of === "share" && /^\s*(0|0?\.\d+|1(\.0*)?)\s*$/.test(text))
    return { number: String(Math.round(Number(text) * 1e6) / 1e4), unit: "%" };
  const plain = of === "below" ? text.replace(/^\s*<\s*/, "") : text;
  const parts = [...plain.matchAll(/\s*(\d+(?:[.,]\d+)?)\s*([a-z]+|%)/giy)];
  const isAll = parts.map(([part]) => part).join("").length === plain.trimEnd().length;
  const found = parts.map(([, number = "", unit = ""]) => ({
    number: number.replace(",", "."),
    unit: known(unit, units),
  }));
  const [first] = found;
  if (!isAll || !first || found.some(({ unit }) => unit === null)) return { number: text, unit: null };
  return found.length === 1 ? first : sum(found, text);
}

/** `number` of `unit` as it is written; what is no number is left as it was typed. */
export function written(number: string, unit: Unit, of: AmountOf): string {
  const plain = number.trim().replace(",", ".");
  return /^\d+(\.\d+)?$/.test(plain) ? `${of === "below" ? "< " : ""}${plain}${unit}` : number.trim();
}

const known = (word: string, units: readonly Unit[]): Unit | null =>
  units.find((unit) => unit === word) ?? units.find((unit) => unit.toLowerCase() === word.toLowerCase()) ?? null;

function sum(parts: readonly Amount[], text: string): Amount {
  const length = (unit: Unit | null) => SPANS.find(([word]) => word === unit)?.[1];
  const lengths = parts.map(({ unit }) => length(unit));
  if (lengths.includes(undefined)) return { number: text, unit: null };
  const least = Math.min(...(lengths as number[]));
  const total = parts.reduce((sum, { number }, index) => sum + Number(number) * (lengths[index] ?? 0), 0);
  return { number: String(total / least), unit: SPANS.find(([, ms]) => ms === least)?.[0] ?? null };
}

/** How long `text` says, as `1m30s`, in milliseconds; nothing if it says no time. */
export function milliseconds(text: string): number | null {
  const { number, unit } = amount(
    text,
    SPANS.map(([unit]) => unit),
    "plain",
  );
  const length = SPANS.find(([word]) => word === unit)?.[1];
  return length === undefined ? null : Math.round(Number(number) * length);
}
