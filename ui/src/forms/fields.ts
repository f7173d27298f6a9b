import type { Key } from "../i18n/i18n.svelte";

/** What a value looks like, in the file and in the form. */
export type Shape =
  /** One line; one that says when something happens is put into words. */
  | { is: "text"; mono?: boolean; schedule?: boolean }
  /** A text of several lines. */
  | { is: "area" }
  /** A whole number; in the file a word may stand there too. */
  | { is: "number" }
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
  | { is: "place"; keys: readonly string[]; bare?: string; secret?: boolean }
  /** Exactly one of these keys of a table, which has other keys too; or one of a few words in its place. */
  | {
      is: "oneof";
      keys: readonly string[];
      names?: NamesOf;
      flags?: readonly string[];
      commands?: readonly string[];
      words?: readonly string[];
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

/** A key of a table that the form knows. */
export interface Field {
  /** The keys that lead to it. */
  path: readonly string[];
  text: Key;
  shape: Shape;
  hint?: Key;
  /** What holds where nothing is said, or an example. */
  usual?: string;
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
  /** Whether it is folded until it holds something. */
  folded?: boolean;
}

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
export const SECRET: Shape = { is: "place", keys: SECRET_PLACES, secret: true };

/** A field's key among the values of a form. */
export const id = (field: Pick<Field, "path">): string => field.path.map(escaped).join(".");

/** A key of the user's own may have a dot in it. */
const escaped = (key: string): string => key.replaceAll("%", "%25").replaceAll(".", "%2E");

/** What the id of every input begins with: one called only `name` or `method` would take the place of the form's own property. */
export const PREFIX = "f-";

/** The id of a field's input; there may be no space in one. */
export const inputId = (field: Pick<Field, "path">, prefix = PREFIX): string => prefix + encodeURIComponent(id(field));

/** The name of what is a key of its table in the file. */
export const CALLED: Field = { path: ["called"], text: "field.name", shape: { is: "text" }, required: true };
