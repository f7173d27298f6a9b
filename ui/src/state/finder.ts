import type { IconName } from "../parts/Icon.svelte";
import type { Mark } from "../parts/HealthMark.svelte";

/** Something that can be found: a place to go to, or something to do. */
export interface Find {
  /** Names it among all. */
  id: string;
  text: string;
  /** What else it is found by, and what is told of it. */
  about: string;
  /** How it is, or what it is like. */
  mark: { health: Mark } | { icon: IconName };
  /** What kind of thing it is, in a word. */
  kind: string;
  /** What wants attention comes before its equals. */
  isUrgent?: boolean;
  choose: () => void;
}

/** What can be done with things of one kind. */
export interface Deed<Of> {
  id: string;
  icon: IconName;
  /** What it is called with the name of the thing, like `Pause shop`. */
  called(name: string): string;
  can(of: Of): boolean;
  act(of: Of): void;
}

/** Things of one kind, each as it is found, and what can be done with them. That is many times more, so it is made when it is found. */
export interface Things<Of> {
  all: readonly (readonly [Of, Find])[];
  deeds: readonly Deed<Of>[];
}

/** Texts as they are looked through: small, and without accents. */
const folded = new Map<string, string>();

/** So many of them are remembered. */
const FOLDED_MAX = 50_000;

export function fold(text: string): string {
  const known = folded.get(text);
  if (known !== undefined) return known;
  const small = text.toLowerCase();
  // Most are ASCII, and what follows is slow.
  const made = /^[ -~]*$/.test(small) ? small : small.normalize("NFD").replace(/\p{M}/gu, "");
  if (folded.size >= FOLDED_MAX) folded.clear();
  folded.set(text, made);
  return made;
}

export const words = (text: string): string[] => fold(text).split(/\s+/).filter(Boolean);

const FITS = { whole: 120, start: 100, word: 80, within: 50, about: 30, deed: 62, letters: 18 } as const;

/** How well `word` fits into `name`, or into what else is known; 0 if it does not at all. */
function fits(word: string, name: string, about: string): number {
  const at = name.indexOf(word);
  if (at === 0) return name.length === word.length ? FITS.whole : FITS.start;
  if (at > 0) return beginsWord(name, word, at) ? FITS.word : FITS.within;
  const beside = about === "" ? -1 : about.indexOf(word);
  if (beside >= 0) return beginsWord(about, word, beside) ? FITS.about + 10 : FITS.about;
  return hasLetters(name, word) ? FITS.letters : 0;
}

/** Whether `word` stands somewhere in `text`, from `at` on, as the beginning of a word. */
function beginsWord(text: string, word: string, at: number): boolean {
  for (let from = at; from >= 0; from = text.indexOf(word, from + 1)) {
    if (from === 0 || !isLetter(text.charCodeAt(from - 1))) return true;
  }
  return false;
}

const isLetter = (code: number) => (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code > 127;

/** Whether the letters of `word` stand in `text` one after the other, from the beginning of a word on and not far apart: `shp` is `shop`. */
function hasLetters(text: string, word: string): boolean {
  if (word.length < 2) return false;
  const most = word.length * 3;
  for (let from = text.indexOf(word[0] ?? ""); from >= 0; from = text.indexOf(word[0] ?? "", from + 1)) {
    if (from > 0 && isLetter(text.charCodeAt(from - 1))) continue;
    let at = from;
    for (let index = 1; index < word.length && at >= 0; index += 1) at = text.indexOf(word[index] ?? "", at + 1);
    if (at >= 0 && at - from < most) return true;
  }
  return false;
}

/** Where so few were found, what can be done with the first is shown with them. */
const FEW = 12;

interface Candidate {
  score: number;
  make: () => Find;
  /** What can be done with it. */
  deeds?: () => Find[];
}

/** The best of what was found, the best first; equals as they came. */
class Best {
  private readonly kept: Candidate[] = [];
  count = 0;

  constructor(private readonly most: number) {}

  add(candidate: Candidate) {
    this.count += 1;
    const { kept, most } = this;
    if (kept.length === most && candidate.score <= (kept[most - 1]?.score ?? 0)) return;
    let at = kept.length;
    while (at > 0 && candidate.score > (kept[at - 1]?.score ?? 0)) at -= 1;
    kept.splice(at, 0, candidate);
    if (kept.length > most) kept.pop();
  }

  found(): Found {
    const finds = this.kept.map(({ make }) => make());
    const deeds = this.count > FEW ? [] : (this.kept[0]?.deeds?.() ?? []);
    const more = deeds.filter(({ id }) => finds.every((one) => one.id !== id));
    return { finds: [...finds, ...more], count: this.count + more.length };
  }
}

/** What was found, and how many there would be. */
export interface Found {
  finds: Find[];
  count: number;
}

/** What `text` finds among `fixed` finds and `things`: whatever all its words fit, the best first, at most `most`. */
export function find(text: string, fixed: readonly Find[], things: readonly Things<unknown>[], most: number): Found {
  const wanted = words(text);
  const best = new Best(most);
  for (const one of fixed) {
    const score = mean(wanted.map((word) => fits(word, fold(one.text), fold(one.about))));
    if (score > 0) best.add({ score: score + bonus(one.text, one.isUrgent), make: () => one });
  }
  for (const kind of things) among(wanted, kind, best);
  return best.found();
}

function among<Of>(wanted: readonly string[], { all, deeds }: Things<Of>, best: Best) {
  const told = deeds.map((deed) => ({ deed, says: says(wanted, deed) })).filter(({ says }) => says.some(Boolean));
  for (const [of, found] of all) {
    const [name, about] = [fold(found.text), fold(found.about)];
    const scores = wanted.map((word) => fits(word, name, about));
    const extra = bonus(found.text, found.isUrgent);
    const score = mean(scores);
    if (score > 0) {
      const all = () => deeds.filter((deed) => deed.can(of)).map((deed) => done(of, found, deed));
      best.add({ score: score + extra, make: () => found, deeds: all });
    }
    for (const { deed, says } of told) {
      // What its name says already needs no deed.
      if (!says.some((said, index) => said > (scores[index] ?? 0))) continue;
      const whole = mean(scores.map((score, index) => Math.max(score, says[index] ?? 0)));
      if (whole > 0 && deed.can(of)) best.add({ score: whole + extra, make: () => done(of, found, deed) });
    }
  }
}

/** How well each of `wanted` fits what the deed is called without a name. */
function says<Of>(wanted: readonly string[], deed: Deed<Of>): number[] {
  const own = words(deed.called(""));
  return wanted.map((word) => (own.some((one) => one.startsWith(word)) ? FITS.deed : 0));
}

/** What `deed` with `of` is as a find. */
export function done<Of>(of: Of, found: Find, deed: Deed<Of>): Find {
  const { id, icon } = deed;
  return {
    ...found,
    id: `${id} ${found.id}`,
    text: deed.called(found.text),
    mark: { icon },
    choose: () => deed.act(of),
  };
}

/** Nothing unless all fit. */
function mean(scores: readonly number[]): number {
  return scores.length === 0 || scores.includes(0) ? 0 : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** Of equals, what wants attention comes first, then what is short. */
const bonus = (text: string, isUrgent = false) => (isUrgent ? 4 : 0) + Math.max(0, 3 - text.length / 20);

/** A piece of a text, and whether it is what was looked for. */
export interface Piece {
  text: string;
  found: boolean;
}

/** `text` in pieces, the first place of each of the words of `wanted` apart from the rest. */
export function marked(text: string, wanted: string): Piece[] {
  const small = fold(text);
  // What changes its length without its accents is not marked.
  if (small.length !== text.length) return [{ text, found: false }];
  const found = new Array<boolean>(text.length).fill(false);
  for (const word of words(wanted)) {
    const at = small.indexOf(word);
    if (at >= 0) found.fill(true, at, at + word.length);
  }
  const made: Piece[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const [last, is] = [made.at(-1), found[index] ?? false];
    if (last?.found === is) last.text += text[index];
    else made.push({ text: text[index] ?? "", found: is });
  }
  return made;
}
