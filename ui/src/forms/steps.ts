import type { Configuration, Edit } from "../contract";
import type { Subject } from "./draft.svelte";
import { CALLED, type Field, id, type Table, type Value, type Values } from "./fields";
import { FLOW, fieldsOf, STEP_FIELDS, STEP_KINDS, type StepKind, stepKindOf } from "./flow";
import { namesBeside, slug } from "./naming";
import { KIND, readTable, writeTable } from "./table";

/**
 * A step of a flow in its form. It goes by a key, which stays the same whatever it is called and wherever it stands: `=` and its
 * name in the file, `#` and its place there where it has no name of its own, `+` and a number if it is new. Other steps name
 * it by that key, so that they follow when it is renamed.
 */
export interface Step {
  key: string;
  name: string;
}

/** The steps of a flow, and the place among them of the one at hand. */
export interface Around {
  steps: readonly Step[];
  place: number;
}

/** The id of the value that says in which order the steps are, a key a line. */
export const ORDER = "step";

const GROUPS = FLOW.map((group, index) => (index === 0 ? { ...group, fields: [CALLED, ...group.fields] } : group));
const FIELDS = FLOW.flatMap((group) => group.fields).filter((field) => field.shape.is !== "steps");

/** What a step is called by its key, where nothing else is known of it. */
export const stepName = (key: string): string => key.slice(1);

/** The id of the value that says what the step `key` does; all else that is said of it stands below. */
export const kindId = (key: string): string => id({ path: [ORDER, key] });

/** The id of the value of `field` of the step `key`. */
export const valueId = (key: string, field: Pick<Field, "path">): string => id({ path: [ORDER, key, ...field.path] });

/** `field` of a step as the one of the step `key`. */
export const ofStep = (key: string, field: Field): Field => ({
  ...field,
  path: [ORDER, key, ...field.path],
  kindAt: kindId(key),
  ...(field.beside && { beside: [ORDER, key, ...field.beside] }),
});

/** The keys of the steps, in their order. */
export const keysOf = (values: Values): string[] =>
  String(values[ORDER] ?? "")
    .split("\n")
    .filter((key) => key !== "");

/** The field that says what the step `key` is called. */
export const nameField = (key: string): Pick<Field, "path"> => ({ path: [ORDER, key, "name"] });

/** What the step `key` is called now. */
export const calledNow = (values: Values, key: string): string =>
  String(values[id(nameField(key))] ?? stepName(key)).trim();

/** What the step `key` does. */
export const kindNow = (values: Values, key: string): StepKind => String(values[kindId(key)]) as StepKind;

/** The steps, in their order. */
export const stepsNow = (values: Values): Step[] =>
  keysOf(values).map((key) => ({ key, name: calledNow(values, key) }));

/** The values of a new step of this kind. */
export function newStep(values: Values, kind: StepKind, name: string): { key: string; values: Values } {
  const key = newKey(values);
  const table = { ...readTable(STEP_FIELDS, {}), name: freeName(values, name) };
  return { key, values: { [kindId(key)]: kind, ...placed(key, table) } };
}

/** The values of a new step that does what the step `like` does. */
export function copied(values: Values, like: string): { key: string; values: Values } {
  const key = newKey(values);
  const own = STEP_FIELDS.map((field): [string, Value] => [id(field), values[valueId(like, field)] ?? ""]);
  const table = { ...Object.fromEntries(own), name: freeName(values, calledNow(values, like)) };
  return {
    key,
    values: structuredClone({
      [kindId(key)]: kindNow(values, like),
      [likeId(key)]: values[likeId(like)] ?? like,
      ...placed(key, table),
    }),
  };
}

/** Where it is said of which step of the file a step is a copy. */
const likeId = (key: string): string => valueId(key, { path: ["", "like"] });

const placed = (key: string, values: Values): Values =>
  Object.fromEntries(STEP_FIELDS.map((field) => [valueId(key, field), values[id(field)] ?? ""]));

function newKey(values: Values): string {
  let number = 1;
  while (kindId(`+${number}`) in values) number += 1;
  return `+${number}`;
}

/** `name`, or the first of `name 2`, `name 3`, … that no step has. */
function freeName(values: Values, name: string): string {
  const taken = new Set(keysOf(values).map((key) => calledNow(values, key)));
  const base = name.replace(/ \d+$/, "");
  let number = 2;
  if (!taken.has(name)) return name;
  while (taken.has(`${base} ${number}`)) number += 1;
  return `${base} ${number}`;
}

/** What there is to edit of the flow `name`, or of a new one; nothing if there is no such flow. */
export function flow(configuration: Configuration, name: string | null): Subject | null {
  const flows = (configuration.tables.flow ?? {}) as Record<string, Table>;
  if (name !== null && !Object.hasOwn(flows, name)) return null;
  const table = name === null ? {} : (flows[name] as Table);
  const steps = new Map(listed(table.step).map((step, place, all): [string, Table] => [keyOf(step, place, all), step]));
  const opened = new Map([...steps].map(([key, step]) => [key, open(step)]));
  const before = (values: Values, key: string) => String(values[likeId(key)] ?? key);
  let now = { name: name ?? "", order: [...steps.keys()] };

  function step(values: Values, key: string): Table {
    const kind = kindNow(values, key);
    const from = before(values, key);
    const own = STEP_FIELDS.map((field): [string, Value] => [id(field), values[valueId(key, field)] ?? ""]);
    const was = opened.get(from) ?? {};
    const written = writeTable(fieldsOf(kind), { [KIND]: kind, ...Object.fromEntries(own) }, was, stepKindOf(was));
    return close(written, steps.get(from), (key) => calledNow(values, key));
  }

  return {
    groups: GROUPS,
    table: { ...table, [ORDER]: Object.fromEntries(opened) },
    more: {
      called: name ?? "",
      ...Object.assign({}, ...[...opened].map(([key, step]) => valuesOf(key, step))),
    },
    inner: { of: ORDER, fields: (values) => keysOf(values).flatMap(fieldsOfStep) },
    naming: {
      of: (values, words) => slug(["flow", String(values.called ?? ""), ...words]),
      taken: namesBeside(configuration.tables, table),
    },
    edits(values) {
      now = { name: String(values.called ?? "").trim(), order: keysOf(values) };
      const put: Edit = {
        edit: "put",
        section: "flow",
        name,
        table: { ...writeTable(FIELDS, values, table), [ORDER]: now.order.map((key) => step(values, key)) },
        called: now.name,
      };
      return name === null || name === now.name ? [put] : [put, ...followers(configuration, name, now.name)];
    },
    own(path) {
      const [section, called, first, place, ...rest] = path;
      if (section !== "flow" || (called !== now.name && called !== name)) return null;
      if (first === undefined) return ["called"];
      if (first !== ORDER || place === undefined) return path.slice(2);
      const key = now.order[Number(place)];
      return key === undefined ? [ORDER] : [ORDER, key, ...rest];
    },
  };
}

const known = new Map<string, readonly Field[]>();

/** The fields of the step `key`; first the one that says what it does, to which all belongs that has no field of its own. */
function fieldsOfStep(key: string): readonly Field[] {
  const fields = known.get(key) ?? [kindField(key), ...STEP_FIELDS.map((field) => ofStep(key, field))];
  known.set(key, fields);
  return fields;
}

/** The field that says what the step `key` does. */
export const kindField = (key: string): Field => ({
  path: [ORDER, key],
  text: "field.step.kind",
  shape: { is: "choice", of: STEP_KINDS, words: "step_kind" },
  required: true,
});

const valuesOf = (key: string, table: Table): Values => ({
  [kindId(key)]: stepKindOf(table),
  ...placed(key, readTable(STEP_FIELDS, table)),
});

const listed = (value: unknown): Table[] => (Array.isArray(value) ? (value as Table[]) : []);

function keyOf(step: Table, place: number, all: readonly Table[]): string {
  const { name } = step;
  const isOwn = typeof name === "string" && all.findIndex((other) => other.name === name) === place;
  return isOwn ? `=${name}` : `#${place}`;
}

/** A step as it is read: it names others by their keys, and all that is said of a retry has a key of its own. */
function open(step: Table): Table {
  const { retry } = step;
  const opened = named(step, (name) => `=${name}`);
  return typeof retry === "number" ? { ...opened, retry: { times: retry } } : opened;
}

/** A step as it is written, where `before` stood in the file. */
function close(step: Table, before: Table | undefined, called: (key: string) => string): Table {
  const closed = named(step, called);
  const retry = step.retry as Table | undefined;
  const isShort = typeof before?.retry !== "object" && Object.keys(retry ?? {}).join() === "times";
  return isShort ? { ...closed, retry: retry?.times } : closed;
}

/** `step` with each name of another step as `map` has it. */
function named(step: Table, map: (name: string) => string): Table {
  const one = (value: unknown) => (typeof value === "string" ? map(value) : value);
  const many = (value: unknown) => (Array.isArray(value) ? value.map(one) : one(value));
  const result = { ...step };
  if ("needs" in step) result.needs = many(step.needs);
  if (typeof step.when === "object" && step.when !== null) {
    result.when = Object.fromEntries(Object.entries(step.when).map(([key, value]) => [key, many(value)]));
  }
  return result;
}

/** The changes by which all that names the flow `name` follows when it is called `called`. */
function followers({ tables }: Configuration, name: string, called: string): Edit[] {
  const edits: Edit[] = [];
  for (const monitor of listed(tables.monitor)) {
    const remedy = monitor.on_down as Table | undefined;
    if (remedy?.flow !== name || typeof monitor.name !== "string") continue;
    const table = { ...monitor, on_down: { ...remedy, flow: called } };
    edits.push({ edit: "put", section: "monitor", name: monitor.name, table });
  }
  for (const [other, table] of Object.entries((tables.flow ?? {}) as Record<string, Table>)) {
    const steps = listed(table.step);
    const followed = steps.map((step) => following(step, name, called));
    if (other !== name && JSON.stringify(steps) !== JSON.stringify(followed))
      edits.push({ edit: "put", section: "flow", name: other, table: { ...table, [ORDER]: followed }, called: other });
  }
  return edits;
}

function following(step: Table, name: string, called: string): Table {
  const failure = step.on_failure as Table | undefined;
  return {
    ...step,
    ...(step.flow === name ? { flow: called } : {}),
    ...(typeof failure === "object" && failure.flow === name ? { on_failure: { ...failure, flow: called } } : {}),
  };
}
