import { expect, test } from "vitest";
import { formats, NONE } from "../../src/i18n/format";

const en = formats("en-GB");
const es = formats("es-MX");
/** Spaces that do not break look the same. */
const plain = (text: string) => text.replace(/\s/g, " ");

test("latencies have as many digits as they deserve", () => {
  const check = (ms: number | null | undefined, text: string) => expect(plain(en.latency(ms))).toBe(text);
  check(null, NONE);
  check(undefined, NONE);
  check(0.31, "0.3ms");
  check(9.96, "10ms");
  check(240.4, "240ms");
  check(999.6, "1s");
  check(1336, "1.34s");
  check(12_340, "12.3s");
});

test("an uptime is never rounded up to all", () => {
  const check = (share: number | null, text: string) => expect(plain(en.share(share))).toBe(text);
  check(null, NONE);
  check(1, "100%");
  check(0, "0%");
  check(0.99999, "99.999%");
  check(0.9999999, "99.999%");
  check(0.9893, "98.93%");
  check(0.5, "50%");
});

test("the percent sign stands as in the language, whatever the region", () => {
  for (const locale of ["es", "es-ES", "es-MX"]) {
    const format = formats(locale);
    expect([format.share(1), format.load(0.6), format.percent(250)]).toEqual(["100\u00a0%", "60\u00a0%", "250\u00a0%"]);
  }
  expect(formats("es-ES").share(0.9893)).toBe("98,93\u00a0%");
  expect([en.load(0.6), formats("en").load(0.6), formats("en-US").share(0.9893)]).toEqual(["60%", "60%", "98.93%"]);
});

test("spans are told in their two largest units", () => {
  const check = (seconds: number, text: string) => expect(plain(en.span(seconds * 1000))).toBe(text);
  check(0, "0s");
  check(-5, "0s");
  check(8, "8s");
  check(95, "1m 35s");
  check(840, "14m");
  check(3 * 3600 + 360, "3h 6m");
  check(41 * 86_400 + 3600, "41d");
});

test("what took long is told as a span, and what was short as a latency", () => {
  const check = (ms: number | null, text: string) => expect(plain(en.took(ms))).toBe(text);
  check(null, NONE);
  check(0, "0ms");
  check(7, "7ms");
  check(5700, "5.7s");
  check(10_400, "10s");
  check(95_000, "1m 35s");
});

test("sizes and shares of a core are told in decimal units", () => {
  expect(plain(en.bytes(214_000_000))).toBe("214 MB");
  expect(plain(en.bytes(1_500_000_000))).toBe("1.5 GB");
  expect(plain(en.bytes(0))).toBe("0 byte");
  expect(plain(en.percent(3.14))).toBe("3.1%");
  expect(plain(en.percent(250))).toBe("250%");
});

test("numbers are written as the reader writes them", () => {
  expect(es.number(10_000)).toBe("10,000");
  expect(formats("es-ES").number(10_000)).toBe("10.000");
  expect(plain(formats("es-ES").latency(1336))).toBe("1,34s");
});

test("a moment of today has no date, and one of another year has all of it", () => {
  const now = new Date(2026, 5, 15, 12).getTime();
  expect(en.moment(new Date(2026, 5, 15, 9, 5, 7), now)).toBe("09:05:07");
  expect(en.moment(new Date(2026, 5, 14, 9, 5, 7), now)).toBe("14 Jun, 09:05");
  expect(en.moment(new Date(2025, 5, 14, 9, 5, 7), now)).toBe("14 Jun 2025, 09:05");
});

test("when a certificate expires is told to the minute, with the year, as the language writes dates", () => {
  const at = new Date(2027, 5, 14, 9, 5, 7);
  expect([en.dated(at), plain(formats("es-ES").dated(at))]).toEqual(["14 Jun 2027, 09:05", "14 jun 2027, 09:05"]);
});

test("a period says once what both its ends share, no date if all of it is today, and seconds only if it is short", () => {
  const at = (day: number, hour: number, minute = 0, second = 0) => new Date(2026, 5, day, hour, minute, second);
  const now = at(15, 12).getTime();
  // Whether there are spaces around the dash is for the platform to say.
  const check = (from: Date, to: Date, text: string) =>
    expect(plain(en.period(from, to, now)).replace(/ ?– ?/, " – ")).toBe(text);
  check(at(14, 12), at(15, 12), "14 Jun, 12:00 – 15 Jun, 12:00");
  check(at(14, 9), at(14, 10, 30), "14 Jun, 09:00 – 10:30");
  check(at(15, 9), at(15, 10, 30), "09:00 – 10:30");
  check(at(15, 9), at(15, 9, 0, 30), "09:00:00 – 09:00:30");
});
