import type { Configuration } from "../contract";

/** Somebody who gets the alerts of whatever names nobody else. */
export interface Recipient {
  /** The channel's name. */
  name: string;
  /** What it is told as: the addresses of the e-mail, or the name. */
  text: string;
  /** Whether it is the table [email], which is no entry among the channels. */
  isEmail: boolean;
}

/** The channel that is the table [email]. */
const EMAIL = "email";

/** Who gets the alerts of whatever names nobody else, beside this desktop. */
export function recipients({ tables }: Pick<Configuration, "tables">): Recipient[] {
  const email = tables.email as { to?: unknown } | undefined;
  const all: Recipient[] = [
    ...(email ? [{ name: EMAIL, text: [email.to ?? []].flat().join(", ") || EMAIL, isEmail: true }] : []),
    ...Object.keys(tables.channel ?? {}).map((name) => ({ name, text: name, isEmail: false })),
  ];
  const chosen = (tables.alerts as { channels?: unknown } | undefined)?.channels;
  const names = chosen === undefined ? null : [chosen].flat();
  return names === null ? all : all.filter(({ name }) => names.includes(name));
}
