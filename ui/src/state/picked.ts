/** Names of rows that are picked, for something to be done with all of them. */
export type Picked = ReadonlySet<string>;

export const NONE: Picked = new Set();

/** `picked` with `name`, or without it if it was in. */
export function toggled(picked: Picked, name: string): Picked {
  const next = new Set(picked);
  if (!next.delete(name)) next.add(name);
  return next;
}

/** `picked` with all of `names` from the one called `from` to the one called `to`, whichever comes first; one that is not among them is left out. */
export function stretched(picked: Picked, names: readonly string[], from: string | null, to: string): Picked {
  const end = names.indexOf(to);
  const begin = from === null ? end : names.indexOf(from);
  if (end < 0) return picked;
  const [first, last] = begin < 0 ? [end, end] : [Math.min(begin, end), Math.max(begin, end)];
  return new Set([...picked, ...names.slice(first, last + 1)]);
}

/** `picked` with all of `names`, or without them if all are in. */
export function toggledAll(picked: Picked, names: readonly string[]): Picked {
  const rest = new Set(picked);
  let wereAll = true;
  for (const name of names) wereAll = rest.delete(name) && wereAll;
  return wereAll ? rest : new Set([...picked, ...names]);
}

/** How many of `names` are picked: all of them, some, or none. */
export function share(picked: Picked, names: readonly string[]): "all" | "some" | "none" {
  if (picked.size === 0 || names.length === 0) return "none";
  let count = 0;
  for (const name of names) if (picked.has(name)) count += 1;
  return count === 0 ? "none" : count === names.length ? "all" : "some";
}
