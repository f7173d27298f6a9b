import { kindOf } from "./check";
import { type Field, id, type Placed, type Table, type Value, type Values } from "./fields";
import { read, write } from "./shapes";

/** The values that a form shows of `table`. */
export function readTable(fields: readonly Field[], table: Table): Values {
  return Object.fromEntries(fields.map((field) => [id(field), read(field.shape, get(table, field.path))]));
}

/**
 * `before`, which was of the kind `kind`, with what was changed in the form. What was not stays as it was, and so does what
 * the form does not know.
 */
export function writeTable(
  fields: readonly Field[],
  values: Values,
  before: Table,
  kind: string = kindOf(before),
): Table {
  return fields.reduce<Table>((table, field) => {
    const change = changed(field, values, before, table, kind);
    return change ? ((put(table, field.path, change.value) ?? {}) as Table) : table;
  }, structuredClone(before));
}

/** Whether the form says something else of `field` than `before`, and what. */
export function changed(
  field: Field,
  values: Values,
  before: Table,
  now = before,
  kind: string = kindOf(before),
): { value: unknown } | null {
  const old = get(before, field.path);
  const value = isShown(field, values) ? values[id(field)] : undefined;
  const was = !field.kinds || field.kinds.includes(kind) || (field.beside && get(before, field.beside) !== undefined);
  // A key that never belonged there is the engine's to complain of, unless the kind was changed here.
  if (value === undefined && !was && values[KIND] === kind) return null;
  if (value === undefined) return get(now, field.path) === undefined ? null : { value: undefined };
  // What must be said and is not is sent as nothing, so that the engine's answer names this field.
  if (field.required && write(field.shape, value, undefined) === undefined) return { value: nothingOf(field) };
  if (same(value, read(field.shape, old))) return null;
  return { value: write(field.shape, value, get(now, field.path)) };
}

/** How it is said that a required field says nothing: a secret is nowhere, anything else is empty. */
const nothingOf = ({ shape }: Field): unknown => (shape.is === "place" && shape.secret && !shape.bare ? {} : "");

/** The id of the value that says of which kind a monitor, or a step, is. */
export const KIND = "kind";

/** Whether `field` makes sense beside the other values. */
export function isShown(field: Field, values: Values): boolean {
  const kind = values[field.kindAt ?? KIND];
  const isBeside = field.beside !== undefined && says(values[id({ path: field.beside })]);
  if (field.kinds && typeof kind === "string" && !field.kinds.includes(kind) && !isBeside) return false;
  if (!field.when) return true;
  const other = values[field.when.id] as Placed | string | undefined;
  return other !== undefined && field.when.places.includes(typeof other === "string" ? other : other.place);
}

const says = (value: Value | undefined): boolean =>
  (typeof value === "object" && "text" in value ? value.text : String(value ?? "")).trim() !== "";

export const same = (one: Value, other: Value): boolean => JSON.stringify(one) === JSON.stringify(other);

export function get(table: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Table)[key] : undefined),
    table,
  );
}

/** `table` with `value` at `path`; what becomes empty goes. */
export function put(table: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const copy = { ...(typeof table === "object" && table !== null ? (table as Table) : {}) };
  const inner = put(copy[key], rest, value);
  if (inner === undefined) delete copy[key];
  else copy[key] = inner;
  return Object.keys(copy).length === 0 && value === undefined ? undefined : copy;
}
