/** A piece of a text, and whether it is what was looked for. */
export interface Piece {
  text: string;
  found: boolean;
}

/** `text` in pieces, those that are `wanted` apart from the rest; upper and lower case are the same. */
export function pieces(text: string, wanted: string): Piece[] {
  if (wanted === "") return [{ text, found: false }];
  const [low, needle] = [text.toLowerCase(), wanted.toLowerCase()];
  const made: Piece[] = [];
  let from = 0;
  for (let at = low.indexOf(needle); at >= 0; at = low.indexOf(needle, from)) {
    if (at > from) made.push({ text: text.slice(from, at), found: false });
    from = at + needle.length;
    made.push({ text: text.slice(at, from), found: true });
  }
  if (from < text.length) made.push({ text: text.slice(from), found: false });
  return made;
}

/** What is looked for when `text` is typed into a search. */
export const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");

/** Whether all of `words`, as [`wordsOf`] has them, stand in `text`; upper and lower case are the same. */
export function matches(text: string, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const low = text.toLowerCase();
  return words.every((word) => low.includes(word));
}

/** Those of `lines` in which `wanted` stands, in whatever case; all of them if nothing is looked for. */
export function matching<Line>(lines: readonly Line[], wanted: string, text: (line: Line) => string): readonly Line[] {
  const needle = wanted.toLowerCase();
  return needle === "" ? lines : lines.filter((line) => text(line).toLowerCase().includes(needle));
}
