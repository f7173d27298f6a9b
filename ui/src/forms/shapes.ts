import { type Pair, type Placed, SECRET_PLACES, type Shape, type Table, type Value } from "./fields";
import { stepName } from "./steps";
import { readTable, writeTable } from "./table";

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const written = (value: unknown): string =>
  value == null ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** One or several, as a list. */
const many = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** How `value` of the file stands in the form. */
export function read(shape: Shape, value: unknown): Value {
  switch (shape.is) {
    case "text":
    case "area":
    case "number":
    case "amount":
    case "choice":
    case "name":
      return written(value);
    case "switch":
      return typeof value === "boolean" ? value : shape.usual;
    case "list":
    case "days":
      return many(value).map(written).join(", ");
    case "lines":
    case "above":
      return many(value).map(written).join("\n");
    case "steps":
      return isTable(value) ? Object.keys(value).join("\n") : "";
    case "needs":
      return { place: value === undefined ? "" : "steps", text: many(value).map(written).join("\n") };
    case "command":
      return Array.isArray(value)
        ? { place: "words", text: value.map(written).join("\n") }
        : { place: "shell", text: written(value) };
    case "place":
      return readPlace(shape.keys, shape.bare, value);
    case "oneof":
      return typeof value === "string" && shape.words?.includes(value)
        ? { place: value, text: "" }
        : readPlace(shape.keys, undefined, value);
    case "either":
      return typeof value === "string"
        ? { place: value, text: "" }
        : readPlace(Object.keys(shape.names), undefined, value);
    case "pairs":
      return readPairs(value);
    case "rows":
      return many(value)
        .filter(isTable)
        .map((row) => readTable(shape.fields, row));
  }
}

function readPlace(keys: readonly string[], bare: string | undefined, value: unknown): Placed {
  if (bare !== undefined && typeof value === "string") return { place: bare, text: value };
  if (!isTable(value)) return { place: bare ?? "", text: written(value) };
  const key = keys.find((key) => key in value);
  const held = key === undefined ? undefined : value[key];
  return { place: key ?? "", text: Array.isArray(held) ? asLines(held.map(written)) : written(held) };
}

/** The words of a command among other things, one a line; where there is one alone its line ends, for it to be no line for the shell. */
export const asLines = (words: readonly string[]): string => (words.length === 1 ? `${words[0]}\n` : words.join("\n"));

function readPairs(value: unknown): Pair[] {
  if (!isTable(value)) return [];
  return Object.entries(value).map(([name, held]) => {
    const place = isTable(held) ? SECRET_PLACES.find((key) => key in held) : undefined;
    if (place && isTable(held)) return { name, place, text: written(held[place]) };
    return { name, place: "text", text: written(held) };
  });
}

/** How `value` of the file is told to whoever has typed something else. */
export function said(shape: Shape, value: unknown): string {
  // Steps go by their keys here.
  if (shape.is === "steps" || shape.is === "above" || shape.is === "needs") {
    const keys = shape.is === "steps" && isTable(value) ? Object.keys(value) : many(value);
    return keys.map((key) => stepName(String(key))).join(", ");
  }
  return value === undefined ? "" : written(value);
}

/** How `value` of the form stands in the file, where `before` stood there; nothing if it is empty. */
export function write(shape: Shape, value: Value, before: unknown): unknown {
  switch (shape.is) {
    case "text":
    case "amount":
    case "choice":
    case "name":
      return text(value);
    case "area":
      return value === "" ? undefined : value;
    case "number":
      return number(text(value));
    case "switch":
      return value === shape.usual ? undefined : value;
    case "list":
    case "days":
      return oneOrMany(String(value).split(","));
    case "lines":
    case "above":
      return oneOrMany(String(value).split("\n"));
    case "steps":
      return String(value).split("\n");
    case "needs": {
      const { place, text } = value as Placed;
      return place === "" ? undefined : text.split("\n").filter((key) => key !== "");
    }
    case "command":
      return writeCommand(value as Placed);
    case "place":
      return writePlace(shape.bare, value as Placed);
    case "oneof":
      return writeOneOf(shape, value as Placed, before);
    case "either": {
      const { place, text } = value as Placed;
      return place in shape.names ? { [place]: text } : place || undefined;
    }
    case "pairs":
      return writePairs(value as Pair[], shape.typed ?? false);
    case "rows": {
      const old = many(before).filter(isTable);
      const rows = (value as Record<string, Value>[]).map((row, index) =>
        writeTable(shape.fields, row, old[index] ?? {}),
      );
      return rows.length > 1 ? rows : rows[0];
    }
  }
}

function text(value: Value): string | undefined {
  const trimmed = String(value).trim();
  return trimmed === "" ? undefined : trimmed;
}

function number(text: string | undefined): string | number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : text;
}

function oneOrMany(parts: string[]): string | string[] | undefined {
  const kept = parts.map((part) => part.trim()).filter((part) => part !== "");
  return kept.length > 1 ? kept : kept[0];
}

function writeCommand({ place, text }: Placed): unknown {
  if (place === "shell") return text.trim() === "" ? undefined : text.trim();
  const words = text.split("\n").filter((word) => word !== "");
  return words.length > 0 ? words : undefined;
}

function writePlace(bare: string | undefined, { place, text }: Placed): unknown {
  if (place === "" || text.trim() === "") return undefined;
  return place === bare ? text.trim() : { [place]: text.trim() };
}

/** Sets one key and leaves those that are not among the choice; a word takes the place of all of them. */
function writeOneOf(
  { keys, flags = [], commands = [], words = [] }: Extract<Shape, { is: "oneof" }>,
  { place, text }: Placed,
  before: unknown,
): unknown {
  if (place === "") return undefined;
  if (words.includes(place)) return place;
  const rest = Object.entries(isTable(before) ? before : {}).filter(([key]) => !keys.includes(key));
  const line = text.trim();
  const isList = commands.includes(place) && text.includes("\n") && line !== "";
  const value = flags.includes(place) ? true : isList ? text.split("\n").filter((word) => word !== "") : line;
  return { [place]: value, ...Object.fromEntries(rest) };
}

function writePairs(pairs: Pair[], typed: boolean): unknown {
  const named = pairs.filter(({ name }) => name.trim() !== "");
  if (named.length === 0) return undefined;
  const value = ({ place, text }: Pair) => {
    if (place !== "text") return { [place]: text };
    return typed && /^(-?\d+(\.\d+)?|true|false)$/.test(text) ? JSON.parse(text) : text;
  };
  return Object.fromEntries(named.map((pair) => [pair.name.trim(), value(pair)]));
}
