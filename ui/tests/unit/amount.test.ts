import { expect, test } from "vitest";
import { amount, written } from "../../src/forms/amount";
import { BELOW, PERCENT, SHARE, SIZE, SPAN } from "../../src/forms/fields";

test("an amount is read as the file has it, and is otherwise left as it is", () => {
  const check = (
    text: string,
    { units, of }: typeof SPAN | typeof PERCENT | typeof SHARE | typeof BELOW | typeof SIZE,
    read: unknown[],
  ) => {
    const { number, unit } = amount(text, units, of);
    expect([number, unit], text).toEqual(read);
  };
  check("30s", SPAN, ["30", "s"]);
  check("1.5 h", SPAN, ["1.5", "h"]);
  check("1,5h", SPAN, ["1.5", "h"]);
  check("1h30m", SPAN, ["90", "m"]);
  check("", SPAN, ["", null]);
  check("5", SPAN, ["5", null]);
  check("never", SPAN, ["never", null]);
  check("5 apples", SPAN, ["5 apples", null]);
  check("50mb", SIZE, ["50", "MB"]);
  check("1GB2KB", SIZE, ["1GB2KB", null]);
  check("60 %", PERCENT, ["60", "%"]);
  check("0.6", PERCENT, ["0.6", null]);
  check("0.6", SHARE, ["60", "%"]);
  check(".555", SHARE, ["55.5", "%"]);
  check("60%", SHARE, ["60", "%"]);
  check("70", SHARE, ["70", null]);
  check("< 90%", BELOW, ["90", "%"]);
  check("90%", BELOW, ["90", "%"]);
});

test("an amount is written as the file has it, and what is no number as it was typed", () => {
  expect(written("30", "s", "plain")).toBe("30s");
  expect(written(" 1,5 ", "h", "plain")).toBe("1.5h");
  expect(written("1h30m", "s", "plain")).toBe("1h30m");
  expect(written("", "s", "plain")).toBe("");
  expect(written("90", "%", "below")).toBe("< 90%");
});
