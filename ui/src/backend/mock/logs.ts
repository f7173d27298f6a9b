import type { ApiError, LogFrom, LogLine, LogPage, LogPlace, LogStream } from "../../contract";
import { ago, chance, DAY } from "./seed";

const SAID = [
  "GET / 200 in {n} ms",
  "GET /assets/index.js 304 in {n} ms",
  "hmr update /src/App.svelte",
  "POST /api/cart 200 in {n} ms",
  "page reload src/main.ts",
  "warning: slow request /api/orders ({n} ms)",
  "GET /favicon.ico 404 in {n} ms",
  'request {index}: {"method":"POST","path":"/api/orders","status":201,"items":[{"sku":"A-1042","count":2},{"sku":"B-0077","count":1}],"customer":"c-58213","took_ms":{n},"trace":"4bf92f3577b34da6a3ce929d0e0e4736"}',
];

/** So many lines have been written, one every so many seconds: over three days. */
const WRITTEN = 12_000;
const EVERY = (3 * DAY) / WRITTEN;
/** A file of a log has so many lines, and a line takes so many bytes. */
const FILE = 4000;
const BYTES = 90;

/** What programs wrote. */
export class Logs {
  private readonly written = new Map<string, LogLine[]>();

  /** The last lines of the log of `program`. */
  last = (program: string, count: number): LogLine[] => this.all(program).slice(-count);

  /** Writes `count` lines more. */
  write(program: string, count = 1): LogLine[] {
    const all = this.all(program);
    const lines = Array.from({ length: count }, (_, index) => line(program, all.length + index, ago(0)));
    all.push(...lines);
    return lines;
  }

  /** What the engine reads at once: here it is slow enough that what is found comes in several answers. */
  read({ program, from, text, stream, limit }: Reading): LogPage {
    if (text.length > 1000) throw { code: "wrong", message: "the text to search for is too long" } satisfies ApiError;
    const all = this.all(program);
    const low = text.toLowerCase();
    const isWanted = (line: LogLine) =>
      (stream == null || line.stream === stream) &&
      line.text
        .replace(/\u001b\[\d*m/g, "")
        .toLowerCase()
        .includes(low);
    const at = from.from === "end" ? all.length : numberOf(from.place);
    const found: LogLine[] = [];
    if (from.from === "after") {
      let number = from.place.file === 0 ? 0 : at + 1;
      for (; number < all.length && found.length < limit; number += 1) keep(found, all[number], isWanted);
      return { lines: found, rest: number < all.length ? placeOf(number - 1) : null };
    }
    const least = low === "" ? 0 : Math.max(0, at - FILE);
    let number = at - 1;
    for (; number >= least && found.length < limit; number -= 1) keep(found, all[number], isWanted);
    return { lines: found.reverse(), rest: number >= 0 ? placeOf(number + 1) : null };
  }

  private all(program: string): LogLine[] {
    const known = this.written.get(program);
    if (known) return known;
    const made = Array.from({ length: WRITTEN }, (_, index) => line(program, index, ago((WRITTEN - index) * EVERY)));
    const lost = WRITTEN - 560;
    made[lost] = { ...made[lost]!, stream: null, text: "12 lines were lost: the disk was full" };
    this.written.set(program, made);
    return made;
  }
}

interface Reading {
  program: string;
  from: LogFrom;
  text: string;
  stream?: LogStream | null;
  limit: number;
}

function keep(found: LogLine[], line: LogLine | undefined, isWanted: (line: LogLine) => boolean) {
  if (line && isWanted(line)) found.push(line);
}

const placeOf = (number: number): LogPlace => ({ file: 1 + Math.floor(number / FILE), at: (number % FILE) * BYTES });
const numberOf = ({ file, at }: LogPlace): number => (file - 1) * FILE + at / BYTES;

/** The line of number `index` of the log of `program`. */
function line(program: string, index: number, at: string): LogLine {
  const text = SAID[Math.floor(chance(program, index) * SAID.length)] ?? "";
  const bad = text.startsWith("warning");
  const colour = bad ? "\u001b[33m" : "";
  const end = bad ? "\u001b[0m" : "";
  const milliseconds = String(Math.round(2 + chance(program, index, "ms") * 300));
  const said = text.replace("{n}", milliseconds).replace("{index}", String(index));
  return { at, stream: bad ? "err" : "out", text: colour + said + end, place: placeOf(index) };
}
