import type { Platform } from "../contract";
import type { Key } from "../i18n/i18n.svelte";

/** What a value looks like, in the file and in the form. */
export type Shape =
  /** One line; one that says when something happens is put into words, and a point in time can be chosen. */
  | { is: "text"; mono?: boolean; schedule?: boolean; moment?: boolean }
  /** A text of several lines. */
  | { is: "area" }
  /** A whole number; in the file a word may stand there too. */
  | { is: "number" }
  /** A number with one of these units; in the file it may be written otherwise, which stays as it is. */
  | { is: "amount"; units: readonly Unit[]; of: AmountOf }
  /** One of a few words, with the head of the texts that they are shown as. */
  | { is: "choice"; of: readonly string[]; words?: string }
  | { is: "switch"; usual: boolean }
  /** One value or several; in the form with commas between them. */
  | { is: "list"; names?: Names }
  /** One text or several; in the form one a line. */
  | { is: "lines" }
  /** Days of the week. */
  | { is: "days" }
  /** One line for the shell, or a list of words. */
  | { is: "command" }
  /** A table of which one key says where or by what; a bare text stands for the key `bare`. */
  | { is: "place"; keys: readonly string[]; bare?: string; secret?: boolean; narrow?: readonly string[] }
  /** Exactly one of these keys of a table, which has other keys too; or one of a few words in its place. */
  | {
      is: "oneof";
      keys: readonly string[];
      names?: NamesOf;
      flags?: readonly string[];
      commands?: readonly string[];
      words?: readonly string[];
      /** Those whose values are no longer than a name. */
      narrow?: readonly string[];
      /** What it is called that none of them is there. */
      nothing?: Key;
    }
  /** One of a few words, or a table whose only key names something else. */
  | { is: "either"; of: readonly string[]; names: NamesOf; words: string }
  /** The name of something else in the file. */
  | { is: "name"; of: Names }
  /** A table of the user's own names; a value may be a secret, or a number or truth. */
  | { is: "pairs"; secret?: boolean; typed?: boolean }
  /** A table, or several. */
  | { is: "rows"; fields: readonly Field[] }
  /** The steps of a flow, in their order; in the form a key a line. */
  | { is: "steps" }
  /** Steps that stand above; in the form a key a line. */
  | { is: "above" }
  /** The steps that must have ended before, where those are not the one before. */
  | { is: "needs" };

/** What the names in a field are names of. */
export type Names = "monitor" | "program" | "channel" | "flow" | "fleet";

/** What the names under these keys are names of. */
export type NamesOf = Readonly<Record<string, Names>>;

/** The names that there are. */
export type Known = Readonly<Record<Names, readonly string[]>>;

/** What a number counts. */
export type Unit = (typeof UNITS)[number];

export const UNITS = ["ms", "s", "m", "h", "d", "%", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"] as const;

/** How an amount is written: as it is, as what is to stay below it, or as a share of a whole, of which 0.6 is 60%. */
export type AmountOf = "plain" | "below" | "share";

/** How wide a field is: as a number, as a time of day, as a name, or as all the room there is. */
export type Width = "number" | "short" | "medium" | "full";

/** A key of a table that the form knows. */
export interface Field {
  /** The keys that lead to it. */
  path: readonly string[];
  text: Key;
  shape: Shape;
  hint?: Key;
  /** What holds where nothing is said, as it would stand in the file; of each kind, where that differs. */
  default?: string | Readonly<Record<string, string>>;
  /** What could stand there; on each platform, where that differs. */
  example?: string | Readonly<Record<Platform, string>>;
  /** As what its shape says, where nothing is said. */
  width?: Width;
  /** What it can be browsed for; a command always can. */
  browse?: "file" | "folder";
  /** Whether few need it. */
  advanced?: boolean;
  /** The only platform where it means something. */
  platform?: Platform;
  required?: boolean;
  /** The kinds of monitors, or of steps, that have it; all if none is named. */
  kinds?: readonly string[];
  /** It is there as well where the field at this path says something. */
  beside?: readonly string[];
  /** The id of the value that says the kind, where that is not the form's own. */
  kindAt?: string;
  /** It makes sense only while the field with this id holds one of these places, or words. */
  when?: { id: string; places: readonly string[] };
}

/** Fields that belong together. */
export interface Group {
  text: Key;
  fields: readonly Field[];
}

/** What there is to say of a field beside its path and its text, which may be another than its path's. */
export type About = Omit<Field, "path" | "text"> & { text?: Key };

/** Makes fields whose texts begin with `head`: of `a.b`, the path is `a`, `b`, and the text `head.a.b`. */
export const fields =
  (head: string) =>
  (key: string, about: About): Field => ({ path: key.split("."), text: `${head}.${key}` as Key, ...about });

/** Fields that few need. */
export const rare = (text: Key, fields: readonly Field[]): Group => ({
  text,
  fields: fields.map((field) => ({ ...field, advanced: true })),
});

export const TEXT = { is: "text" } as const satisfies Shape;
/** What is written in a language of machines. */
export const MONO = { is: "text", mono: true } as const satisfies Shape;
/** A date and a time of day. */
export const MOMENT = { is: "text", mono: true, moment: true } as const satisfies Shape;
export const NUMBER = { is: "number" } as const satisfies Shape;
/** A span of time. */
export const SPAN = { is: "amount", units: ["ms", "s", "m", "h", "d"], of: "plain" } as const satisfies Shape;
/** A share of a whole. */
export const PERCENT = { is: "amount", units: ["%"], of: "plain" } as const satisfies Shape;
/** A share of a whole, of which a bare number counts wholes. */
export const SHARE = { is: "amount", units: ["%"], of: "share" } as const satisfies Shape;
/** A share of a whole that is not to be reached. */
export const BELOW = { is: "amount", units: ["%"], of: "below" } as const satisfies Shape;
/** A size of memory or on disk. */
export const SIZE = {
  is: "amount",
  units: ["KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"],
  of: "plain",
} as const satisfies Shape;

/** Whether what stands in such a field now is a command. */
export const isCommand = (shape: Shape, value: Value | undefined): boolean =>
  shape.is === "command" ||
  (shape.is === "oneof" && (shape.commands?.includes((value as Placed | undefined)?.place ?? "") ?? false));

/** How wide `field` is. */
export function widthOf({ width, shape }: Field): Width {
  if (width) return width;
  if (shape.is === "number") return "number";
  if (shape.is === "amount") return "short";
  return shape.is === "choice" || shape.is === "name" || shape.is === "needs" ? "medium" : "full";
}

/** What holds in `field` of something of the kind `kind` where nothing is said. */
export const defaultOf = (field: Field, kind: string): string | undefined =>
  typeof field.default === "object" ? field.default[kind] : field.default;

/** What could stand in `field` on `platform`. */
export const exampleOf = ({ example }: Field, platform: Platform): string | undefined =>
  typeof example === "object" ? example[platform] : example;

export type Values = Record<string, Value>;

export type Value = string | boolean | Placed | Pair[] | Values[];

export interface Placed {
  place: string;
  text: string;
  /** A secret that was typed in, until it is stored or its page is left. The file never has it. */
  typed?: string;
}

export interface Pair extends Placed {
  name: string;
}

export type Table = Record<string, unknown>;

export const SECRET_PLACES = ["keyring", "env", "file"] as const;

/** Where a secret is kept. */
export const SECRET = {
  is: "place",
  keys: SECRET_PLACES,
  secret: true,
  narrow: ["keyring", "env"],
} as const satisfies Shape;

/** A field's key among the values of a form. */
export const id = (field: Pick<Field, "path">): string => field.path.map(escaped).join(".");

/** A key of the user's own may have a dot in it. */
const escaped = (key: string): string => key.replaceAll("%", "%25").replaceAll(".", "%2E");

/** What the id of every input begins with: one called only `name` or `method` would take the place of the form's own property. */
export const PREFIX = "f-";

/** The id of a field's input; there may be no space in one. */
export const inputId = (field: Pick<Field, "path">, prefix = PREFIX): string => prefix + encodeURIComponent(id(field));

/** The name of what is a key of its table in the file. */
export const CALLED: Field = { path: ["called"], text: "field.name", shape: TEXT, width: "medium", required: true };
