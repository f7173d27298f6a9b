import type { Configuration } from "../contract";
import type { Known, Table } from "./fields";

/** The names of the entries of `configuration`, for the fields that want one. */
export function names({ tables }: Configuration): Known {
  const of = (section: "monitor" | "program") => list(tables[section]).map((table) => String(table.name ?? ""));
  const keys = (section: "channel" | "flow" | "fleet") => Object.keys((tables[section] ?? {}) as Table);
  return {
    monitor: of("monitor"),
    program: of("program"),
    channel: tables.email ? ["email", ...keys("channel")] : keys("channel"),
    flow: keys("flow"),
    fleet: keys("fleet"),
  };
}

/** The tables of a section that is a list. */
export const list = (value: unknown): Table[] => (Array.isArray(value) ? (value as Table[]) : []);
