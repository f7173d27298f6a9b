import { backend } from "#backend";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LogLine, LogPage, Reply, Request } from "../../src/contract";
import { asText, columns, isDay, withDays } from "../../src/state/lines";
import type { Shown } from "../../src/state/log.svelte";
import { FOUND_MAX, LogSearch } from "../../src/state/logsearch.svelte";
import { ProgramLog } from "../../src/state/programlog.svelte";
import { fileName } from "../../src/state/savelog";
import { even, uneven } from "../../src/state/stack";

const line = (number: number, text = `line ${number}`): LogLine => ({
  at: new Date(1_780_000_000_000 + number * 1000).toISOString(),
  stream: number % 10 === 0 ? "err" : "out",
  text,
  place: { file: 1, at: number },
});

/** An engine with the lines 0 to 4,999 that answers when it is let. */
let asked: Extract<Request, { request: "read_log" }>["of"][];
let held: (() => void)[];
let isHeld: boolean;
beforeEach(() => {
  [asked, held, isHeld] = [[], [], false];
  vi.spyOn(backend, "request").mockImplementation(async (request): Promise<Reply> => {
    if (request.request !== "read_log") return { reply: "done" };
    asked.push(request.of);
    if (isHeld) await new Promise<void>((done) => held.push(done));
    return { reply: "log_page", of: page(request.of) };
  });
});
afterEach(() => vi.useRealTimers());

function page({ from, text, stream, limit }: Extract<Request, { request: "read_log" }>["of"]): LogPage {
  const all = Array.from({ length: 5000 }, (_, number) => line(number));
  const wanted = all.filter((one) => one.text.includes(text ?? "") && (stream == null || one.stream === stream));
  const place = from.from === "end" ? 5000 : from.place.at;
  if (from.from === "after") {
    const after = wanted.filter((one) => one.place!.at > place);
    const lines = after.slice(0, limit);
    return { lines, rest: after.length > limit ? (lines.at(-1)?.place ?? null) : null };
  }
  const before = wanted.filter((one) => one.place!.at < place);
  const lines = before.slice(-limit);
  return { lines, rest: before.length > limit ? (lines[0]?.place ?? null) : null };
}

const settled = () => new Promise((done) => setTimeout(done));
const texts = (lines: readonly Shown[]) => [lines[0]?.text, lines.at(-1)?.text, lines.length];
const rising = (lines: readonly Shown[]) =>
  lines.every(({ number }, index) => index === 0 || number > (lines[index - 1]?.number ?? 0));

/** What comes is not told by a test but by the log itself. */
class Told extends ProgramLog {
  tell = (...lines: LogLine[]) => this.hear(lines);
}

async function opened(onheard: (lines: LogLine[]) => void = () => {}): Promise<Told> {
  const log = new Told("web", onheard);
  await settled();
  await settled();
  return log;
}

test("the last lines are held, and older ones before them as one reads on", async () => {
  const log = await opened();
  expect(texts(log.lines)).toEqual(["line 4000", "line 4999", 1000]);
  await log.loadOlder();
  log.tell(line(5000));
  expect(texts(log.lines)).toEqual(["line 3000", "line 5000", 2001]);
  expect(rising(log.lines)).toBe(true);
  for (let more = 0; more < 9; more += 1) await log.loadOlder();
  expect(texts(log.lines)).toEqual(["line 0", "line 5000", 5001]);
  expect(log.older).toBeNull();
  log.close();
});

test("a line is shown among its neighbours, and from there one comes back to what is written", async () => {
  const log = await opened();
  const number = await log.show({ ...line(1500), number: 0 } as Shown);
  expect(log.lines.find((one) => one.number === number)?.text).toBe("line 1500");
  expect(texts(log.lines)).toEqual(["line 1200", "line 1800", 601]);
  // What is written is not taken for a neighbour.
  log.tell(line(5000), line(5001));
  expect([log.lines.at(-1)?.text, log.unseen]).toEqual(["line 1800", 2]);
  for (let more = 0; more < 9 && log.newer !== null; more += 1) await log.loadNewer();
  expect(log.lines.at(-1)?.text).toBe("line 4999");
  expect(rising(log.lines)).toBe(true);
  log.tell(line(5002));
  expect(log.lines.at(-1)?.text).toBe("line 5002");
  await log.end();
  expect(log.unseen).toBe(0);
  // Of what is held nothing is asked.
  const before = asked.length;
  expect(await log.show({ ...line(4990), number: 0 } as Shown)).not.toBeNull();
  expect(asked.length).toBe(before);
  log.close();
});

test("what is written while the last lines are read on to is added to them once", async () => {
  const log = await opened();
  await log.show({ ...line(4500), number: 0 } as Shown);
  await log.show({ ...line(100), number: 0 } as Shown);
  await log.show({ ...line(4600), number: 0 } as Shown);
  isHeld = true;
  const loading = log.loadNewer();
  await settled();
  log.tell(line(4999), line(5000));
  held.forEach((go) => go());
  await loading;
  expect(log.lines.slice(-2).map(({ text }) => text)).toEqual(["line 4999", "line 5000"]);
  log.close();
});

test("one stream is read alone, and an answer that comes too late changes nothing", async () => {
  const log = await opened();
  isHeld = true;
  const late = log.loadOlder();
  await settled();
  isHeld = false;
  log.only("err");
  await settled();
  await settled();
  expect(texts(log.lines)).toEqual(["line 0", "line 4990", 500]);
  held.forEach((go) => go());
  await late;
  expect(texts(log.lines)).toEqual(["line 0", "line 4990", 500]);
  log.tell(line(5001), line(5010));
  expect(texts(log.lines)).toEqual(["line 0", "line 5010", 501]);
  log.close();
});

test("lines are counted that come while the end is not looked at", async () => {
  const log = await opened();
  log.see(true);
  log.tell(line(5000));
  expect(log.unseen).toBe(0);
  log.see(false);
  log.tell(line(5001), line(5002));
  expect(log.unseen).toBe(2);
  log.see(true);
  expect(log.unseen).toBe(0);
  log.close();
});

test("the whole log is searched once nothing more is typed, the newest first", async () => {
  const log = await opened();
  vi.useFakeTimers();
  asked.length = 0;
  const search = new LogSearch(() => log);
  search.type("line");
  search.type("line 49");
  await vi.advanceTimersByTimeAsync(299);
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toMatchObject([{ text: "line 49", from: { from: "end" } }]);
  expect([search.state, search.hits.length]).toEqual(["done", 111]);
  // 49, 490 to 499, 4900 to 4999.
  expect(search.step("older")?.text).toBe("line 4999");
  expect(search.step("older")?.text).toBe("line 4998");
  expect(search.step("newer")?.text).toBe("line 4999");
  expect(search.step("newer")?.text).toBe("line 49");
  expect(search.step("older")?.text).toBe("line 4999");
  // What is written meanwhile is found, too.
  search.hear([line(5000), line(49_000)]);
  expect(search.hits.length).toBe(112);
  search.close();
  log.close();
});

test("a search reads on until all is searched, and what an earlier one finds comes too late", async () => {
  const log = await opened();
  asked.length = 0;
  const search = new LogSearch(() => log);
  search.type("line");
  search.hurry();
  await settled();
  await settled();
  expect([asked.length, search.hits.length, search.state]).toEqual([3, 5000, "done"]);
  expect(texts(search.hits)).toEqual(["line 0", "line 4999", 5000]);
  isHeld = true;
  search.type("line 1");
  search.hurry();
  search.type("line 4999");
  search.hurry();
  await settled();
  held.reverse().forEach((go) => go());
  await settled();
  expect(search.hits.map(({ text }) => text)).toEqual(["line 4999"]);
  search.type("");
  expect([search.state, search.hits.length]).toEqual(["idle", 0]);
  search.close();
  log.close();
});

test("of what is found while it is written the newest is kept", () => {
  const search = new LogSearch(() => undefined);
  search.text = "line";
  for (let first = 0; first < FOUND_MAX + 2000; first += 1000)
    search.hear(Array.from({ length: 1000 }, (_, number) => line(first + number)));
  expect(texts(search.hits)).toEqual(["line 2000", `line ${FOUND_MAX + 1999}`, FOUND_MAX]);
  expect([search.isCut, rising(search.hits)]).toEqual([true, true]);
});

test("a day begins between two lines", () => {
  const at = (text: string) => ({ ...line(1), at: new Date(text).toISOString(), text });
  const days = ["2026-11-28T23:59:59", "2026-11-29T00:00:00", "2026-11-29T23:59:58", "2026-11-30T12:00:00"];
  const lines = days.map((day, number) => ({ ...at(day), number }) as Shown);
  expect(withDays(lines).map((row) => (isDay(row) ? `day ${row.number}` : row.text))).toEqual([
    days[0],
    "day 0.5",
    days[1],
    days[2],
    "day 2.5",
    days[3],
  ]);
  expect(withDays([])).toEqual([]);
});

test("a line in a file is as `estatus logs` prints it", () => {
  const at = new Date(2026, 10, 30, 2, 5, 9, 7).toISOString();
  expect(asText({ at, stream: "out", text: "ready" })).toBe("2026-11-30 02:05:09.007   ready");
  expect(asText({ at, stream: "err", text: "oh" })).toBe("2026-11-30 02:05:09.007 ! oh");
  expect(asText({ at, stream: null, text: "3 lines were lost" })).toBe("2026-11-30 02:05:09.007 – 3 lines were lost");
  expect(fileName("web", new Date(2026, 10, 30))).toBe("web-2026-11-30.log");
});

test("a text takes no more columns than are counted", () => {
  expect(columns("")).toBe(0);
  expect(columns("plain text")).toBe(10);
  expect(columns("ñandú")).toBe(5);
  expect(columns("日本")).toBe(4);
  expect(columns("a\tb")).toBe(10);
});

test("rows of different heights are found by where they stand", () => {
  const heights = [1, 3, 1, 2];
  const stack = uneven(heights);
  expect([0, 1, 2, 3, 4].map((index) => stack.top(index))).toEqual([0, 1, 4, 5, 7]);
  expect([0, 0.9, 1, 3.9, 4, 6.9, 7, 99].map((height) => stack.at(height))).toEqual([0, 0, 1, 1, 2, 3, 4, 4]);
  expect([even(3).total, even(3).top(2), even(3).at(1.9)]).toEqual([3, 2, 1]);
  expect([uneven([]).total, uneven([]).at(0)]).toEqual([0, 0]);
});
