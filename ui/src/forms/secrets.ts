import { type Field, id, type Pair, type Placed, type Shape, type Value, type Values } from "./fields";
import type { Naming } from "./naming";
import { calledNow, ORDER } from "./steps";

/** A secret that was typed in, and is to be stored. */
export interface Entered {
  name: string;
  value: string;
}

/** Names under which one guesses a secret. */
const SECRETIVE = /pass|secret|token|api[-_]?key|access[-_]?key|private|credential|authorization|cookie/i;

export const soundsSecret = (name: string): boolean => SECRETIVE.test(name);

const holdsOne = (shape: Shape): boolean => shape.is === "place" && shape.secret === true;
const holdsMany = (shape: Shape): boolean => shape.is === "pairs" && shape.secret === true;

/** Whether a secret that is entered here has still to be given a name. */
const isNameless = ({ place, text }: Placed): boolean => place === "keyring" && text === "";

/** `values` as the file is to have them: each secret that was typed in by its name alone. And those secrets. */
export function named(
  values: Values,
  fields: readonly Field[],
  { of, taken }: Naming,
): { values: Values; entered: Entered[] } {
  const used = new Set([...taken, ...namesIn(values, fields)]);
  const entered: Entered[] = [];
  const free = (name: string): string => {
    let number = 2;
    let found = name;
    while (used.has(found)) found = `${name}-${number++}`;
    used.add(found);
    return found;
  };
  const settle = (placed: Placed, words: readonly string[]): Placed => {
    const { typed, ...rest } = placed;
    if (!typed) return rest;
    const name = isNameless(placed) ? free(of(values, words)) : placed.text;
    entered.push({ name, value: typed });
    return { ...rest, text: name };
  };
  const settled = eachSecret(values, fields, (placed, field, pair) => settle(placed, wordsOf(field, pair, values)));
  return { values: settled, entered };
}

/** `values` without the secrets that were typed in; where there was something else before, that is there again. */
export function forgotten(values: Values, fields: readonly Field[], first: Values): Values {
  return eachSecret(values, fields, (placed, field, pair) => {
    const { typed, ...rest } = placed;
    if (!typed || pair !== undefined || !isNameless(placed)) return rest;
    return (first[id(field)] as Placed | undefined) ?? { ...rest, place: "" };
  });
}

/** Whether `field` has to hold a secret, and `value` is none. */
export function lacksSecret({ shape, required }: Field, value: Value | undefined): boolean {
  if (!required || shape.is !== "place" || !shape.secret) return false;
  const placed = value as Placed | undefined;
  return placed === undefined || (placed.text.trim() === "" && !placed.typed);
}

/** Whether a secret is typed into one of `fields`. */
export function isEntered(values: Values, fields: readonly Field[]): boolean {
  let found = false;
  eachSecret(values, fields, (placed) => {
    found ||= placed.typed !== undefined && placed.typed !== "";
    return placed;
  });
  return found;
}

/** `values` with every secret of `fields` as `make` has it; of a pair it is told the name. */
function eachSecret(
  values: Values,
  fields: readonly Field[],
  make: (placed: Placed, field: Field, pair?: string) => Placed,
): Values {
  const made: Values = { ...values };
  for (const field of fields) {
    const key = id(field);
    const value: Value | undefined = values[key];
    if (value === undefined || value === "") continue;
    if (holdsOne(field.shape)) made[key] = make(value as Placed, field);
    if (holdsMany(field.shape))
      made[key] = (value as Pair[]).map((pair) => ({ ...make(pair, field, pair.name), name: pair.name }));
  }
  return made;
}

/** The names of secrets that `values` say. */
function namesIn(values: Values, fields: readonly Field[]): string[] {
  const names: string[] = [];
  eachSecret(values, fields, (placed) => {
    if (placed.place === "keyring" && placed.text !== "") names.push(placed.text);
    return placed;
  });
  return names;
}

/** What a secret is for, within what the form edits. */
function wordsOf({ path }: Field, pair: string | undefined, values: Values): string[] {
  const step = path[0] === ORDER && path[1] !== undefined ? [calledNow(values, path[1])] : [];
  return [...step, pair ?? path.at(-1) ?? ""];
}
