import type { SecretUser, Section } from "../../contract";
import { secretNames } from "../../forms/naming";
import type { Table } from "../../forms/fields";

const SECTIONS: readonly Section[] = ["channel", "monitor", "program", "flow", "fleet"];

/** What of the file names the secret `name`. */
export function usersOf(tables: Table, name: string): SecretUser[] {
  const entries = SECTIONS.flatMap((section) => {
    const held = (tables[section] ?? {}) as Table[] | Record<string, Table>;
    const named = Array.isArray(held)
      ? held.map((table) => [String(table.name ?? ""), table] as const)
      : Object.entries(held);
    return named.map(([name, table]) => ({ user: { section, name }, table }));
  });
  const email = { user: { section: "channel", name: "email" } as SecretUser, table: tables.email };
  return [email, ...entries].filter(({ table }) => secretNames(table).includes(name)).map(({ user }) => user);
}
