import type { Configuration, Edit, Section } from "../contract";
import { ALERTS, CHANNEL, type ChannelKind, channelKindOf, EMAIL } from "./channel";
import { kindOf } from "./check";
import type { Edited, Subject } from "./draft.svelte";
import { CALLED, type Field, type Group, type Table, type Values } from "./fields";
import type { Unnamed } from "./kept";
import { FLEET, type Launch, launched, launchOf } from "./fleet";
import { MONITOR } from "./monitor";
import { PROGRAM } from "./program";
import { list } from "./names";
import { namesBeside, slug } from "./naming";
import { channelName, monitorName, programName } from "./proposed";
import { STATUS_PAGE } from "./statuspage";
import { flow } from "./steps";
import { freeName } from "../state/survey";
import { changed, KIND, readTable, writeTable } from "./table";

const GROUPS: Record<Exclude<Section, "flow">, readonly Group[]> = {
  monitor: MONITOR,
  program: PROGRAM,
  channel: called(CHANNEL, "last"),
  fleet: called(FLEET, "first"),
};

/** `groups` with the name at one end of the first, which is no key of the table. */
function called([first, ...rest]: readonly Group[], end: "first" | "last"): readonly Group[] {
  if (!first) return rest;
  const fields = end === "first" ? [CALLED, ...first.fields] : [...first.fields, CALLED];
  return [{ ...first, fields }, ...rest];
}

/**
 * What there is to edit of the entry `name` of `section`, or of a new one, a copy of the monitor or program `from` where that is
 * named; nothing if there is no such entry.
 */
export function entry(
  configuration: Configuration,
  section: Section,
  name: string | null,
  from?: string,
): Subject | null {
  const { zone } = configuration.tables;
  const subject = subjectOf(configuration, section, name, from);
  return subject && typeof zone === "string" ? { ...subject, zone } : subject;
}

function subjectOf(configuration: Configuration, section: Section, name: string | null, from?: string): Subject | null {
  switch (section) {
    case "channel":
    case "fleet":
      return keyed(configuration, section, name);
    case "flow":
      return flow(configuration, name);
    default:
      return numbered(configuration, section, name, from);
  }
}

/** Of a section whose entries are a list. */
function numbered(
  configuration: Configuration,
  section: "monitor" | "program",
  name: string | null,
  from?: string,
): Subject | null {
  const entries = list(configuration.tables[section]);
  const index = name === null ? entries.length : entries.findIndex((table) => table.name === name);
  if (index < 0) return null;
  const table = entries[index] ?? {};
  const groups = GROUPS[section];
  const fields = groups.flatMap((group) => group.fields);
  const taken = new Set(entries.map((table) => String(table.name)));
  const model = from === undefined ? undefined : entries.find((table) => table.name === from);
  if (from !== undefined && !model) return null;
  const before = model && { ...structuredClone(model), name: freeName(String(from), taken) };
  const more = (table: Table): Values => (section === "monitor" ? { [KIND]: kindOf(table) } : {});
  const called = (values: Values) =>
    section === "monitor" ? monitorName(values, taken) : programName(values["command"], taken, values["directory"]);
  return {
    groups,
    table,
    ...(name === null && !before && { proposed: (values) => ({ name: called(values) }) }),
    ...(before && { given: { ...readTable(fields, before), ...more(before) } }),
    more: more(table),
    naming: {
      of: (values, words) => slug([section, String(values.name ?? ""), ...words]),
      taken: namesBeside(configuration.tables, table),
    },
    edits: (values) => [{ edit: "put", section, name, table: writeTable(fields, values, before ?? table) }],
    own: (path) => (path[0] === section && path[1] === String(index) ? path.slice(2) : null),
  };
}

/** Of a section whose entries have their names for keys. */
function keyed(configuration: Configuration, section: "channel" | "fleet", name: string | null): Subject | null {
  const entries = (configuration.tables[section] ?? {}) as Record<string, Table>;
  const table = name === null ? {} : entries[name];
  if (!table) return null;
  const isFleet = section === "fleet";
  const fields = (isFleet ? FLEET : CHANNEL).flatMap((group) => group.fields);
  const kind = isFleet ? launchOf(table) : channelKindOf(table);
  const written = (values: Values) => {
    const now = writeTable(fields, values, table, kind);
    return isFleet ? launched(now, table, values[KIND] as Launch) : now;
  };
  // The table [email] is a channel of this name.
  const taken = new Set([...Object.keys(entries), "email"]);
  let now = name ?? "";
  return {
    groups: GROUPS[section],
    table,
    more: { called: name ?? "", [KIND]: kind },
    ...(name === null &&
      !isFleet && { proposed: (values) => ({ called: channelName(values[KIND] as ChannelKind, taken) }) }),
    naming: {
      of: (values, words) => slug([section, String(values.called ?? ""), ...words]),
      taken: namesBeside(configuration.tables, table),
    },
    edits(values) {
      now = String(values.called ?? "").trim();
      return [{ edit: "put", section, name, table: written(values), called: now }];
    },
    own(path) {
      if (path[0] !== section || (path[1] !== undefined && path[1] !== now && path[1] !== name)) return null;
      return path.length > 2 ? path.slice(2) : ["called"];
    },
  };
}

const UNNAMED_GROUPS: Record<Unnamed, readonly Group[]> = {
  email: EMAIL,
  alerts: ALERTS,
  status_page: STATUS_PAGE,
};

/** What there is to edit of the tables that have no name. */
export function unnamed(configuration: Configuration, what: Unnamed): Subject {
  const { tables } = configuration;
  const groups = UNNAMED_GROUPS[what];
  const fields = groups.flatMap((group) => group.fields);
  const roots = new Set(fields.map((field) => field.path[0]));
  const edit =
    (values: Values) =>
    (field: Field): Edit[] => {
      const change = changed(field, values, tables);
      return change ? [{ edit: "set", path: [...field.path], value: change.value ?? null }] : [];
    };
  return {
    groups,
    table: tables,
    // Of these only e-mail has one.
    naming: { of: () => "smtp", taken: namesBeside(tables, tables.email) },
    edits: (values) => fields.flatMap(edit(values)),
    own: (path) => (roots.has(path[0] ?? "") ? path : null),
  };
}

/** The form of the entry `name` of `section`, or of a new one, a copy of `from` where that is named. */
export function entryForm(section: Section, name: string | null, from?: string): Edited {
  return {
    key: from === undefined ? entryKey(section, name) : `${section}/ from ${from}`,
    find: (configuration) => entry(configuration, section, name, from),
    anew: (configuration) => entry(configuration, section, null),
  };
}

export const entryKey = (section: Section, name: string | null): string => `${section}/${name ?? ""}`;

/** The form of the tables that have no name. */
export function unnamedForm(what: Unnamed): Edited {
  return { key: what, find: (configuration) => unnamed(configuration, what) };
}
