import type { Key } from "../i18n/i18n.svelte";
import { type Room, ROOMS } from "../state/room.svelte";

/** A column of a table. What stands in its cells is drawn by the table's row, under the column's name. */
export interface Column<Name extends string = string, Sort extends string = string> {
  name: Name;
  title: Key;
  /** Whether the title is only for the ear. */
  unseen?: boolean;
  /** Whether its title is only for the ear where there is little room. */
  terse?: boolean;
  /** By what its title sorts the rows, if it does. */
  sort?: Sort;
  /** How wide it is, as a track of a grid; in each room, where that differs. */
  width: string | Readonly<Record<Room, string>>;
  /** Whether what stands in it stands at its end, as figures do. */
  end?: boolean;
  /** The least room in which it is there; in all, where none is named. */
  from?: Room;
}

export interface Sorted<Sort extends string> {
  by: Sort;
  descending: boolean;
}

/** Those of `columns` that are there in this room. */
export const fitting = <One extends Column>(columns: readonly One[], room: Room): One[] =>
  columns.filter(({ from }) => from === undefined || ROOMS.indexOf(from) <= ROOMS.indexOf(room));

/** The tracks of the grid that these columns make in this room. */
export const tracks = (columns: readonly Column[], room: Room): string =>
  columns.map(({ width }) => (typeof width === "string" ? width : width[room])).join(" ");
