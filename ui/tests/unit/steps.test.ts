import { expect, test } from "vitest";
import type { Configuration, Edit } from "../../src/contract";
import { Draft, type Subject } from "../../src/forms/draft.svelte";
import { type Field, id, type Pair, type Placed, type Table, type Values } from "../../src/forms/fields";
import { FLOW } from "../../src/forms/flow";
import { copied, flow, keysOf, kindId, newStep, ORDER, stepsNow, valueId } from "../../src/forms/steps";
import { entryForm } from "../../src/forms/subjects";
import { readTable } from "../../src/forms/table";

const HEAL: Table = {
  every: "1h",
  catch_up: "none",
  budget: { runs: 3, within: "1h" },
  channels: ["email"],
  something_new: [1, 2],
  step: [
    { name: "look", check: "shop" },
    { name: "a.b%2E", run: ["npm", "ci"], needs: "look", retry: 3, env: { T: { env: "TOKEN" } }, after_crash: "rerun" },
    {
      name: "wait",
      wait: "10s",
      needs: [],
      when: { failed: "look", skipped: ["a.b%2E", "look"] },
      on_failure: "continue",
    },
    { name: "ask", approve: "Go on?", within: "2h", otherwise: "continue", retry: { times: 2 }, always: true },
    {
      name: "send",
      http: "https://shop.example/hook",
      accept: [200],
      password: { keyring: "hook" },
      needs: ["ask", "nobody"],
      on_failure: { flow: "other" },
      after_crash: { check: "shop" },
      deeply: { new: { it: true } },
    },
    { name: "send", stop: "web" },
    { name: "send", start: "web" },
    { name: "__proto__", tell: "It is over", timeout: "5m" },
  ],
};

const file = (flows: Record<string, Table>, more: Table = {}): Configuration => ({
  file: "estatus.toml",
  problems: [],
  tables: { ...more, flow: flows },
});

function opened(table = HEAL): { subject: Subject; values: Values } {
  const subject = flow(file({ heal: table }), "heal") as Subject;
  const fields = subject.groups.flatMap((group) => group.fields);
  return { subject, values: { ...readTable(fields, subject.table), ...subject.more } };
}

/** The table that is put in place of [`HEAL`]. */
function put(subject: Subject, values: Values): Table {
  const [edit] = subject.edits(values);
  expect(edit).toMatchObject({ edit: "put", section: "flow", name: "heal" });
  return (edit as Extract<Edit, { edit: "put" }>).table;
}

const stepsOf = (table: Table) => table.step as Table[];
const HEALING = stepsOf(HEAL);
const set = (values: Values, key: string, change: Values): Values => ({
  ...values,
  ...Object.fromEntries(
    Object.entries(change).map(([path, value]) => [valueId(key, { path: path.split(".") }), value]),
  ),
});
const ordered = (values: Values, keys: string[]): Values => ({ ...values, [ORDER]: keys.join("\n") });

test("a flow that nobody changed stays exactly as it was written", () => {
  const { subject, values } = opened();
  expect(put(subject, values)).toEqual(HEAL);
  expect(keysOf(values)).toEqual(["=look", "=a.b%2E", "=wait", "=ask", "=send", "#5", "#6", "=__proto__"]);
});

test("what is changed of a step is changed, and nothing else", () => {
  const { subject, values } = opened();
  const check = (key: string, change: Values, place: number, after: Table) => {
    const now = put(subject, set(values, key, change));
    expect(now).toEqual({ ...HEAL, step: HEALING.with(place, after) });
  };
  check("=look", { check: "web" }, 0, { name: "look", check: "web" });
  check("=look", { needs: { place: "steps", text: "" } }, 0, { ...HEALING[0], needs: [] });
  check("=a.b%2E", { run: { place: "shell", text: "npm ci" } }, 1, { ...HEALING[1], run: "npm ci" });
  check("=a.b%2E", { "retry.times": "5" }, 1, { ...HEALING[1], retry: 5 });
  check("=a.b%2E", { "retry.wait": "2s" }, 1, { ...HEALING[1], retry: { times: 3, wait: "2s" } });
  check("=ask", { "retry.times": "5" }, 3, { ...HEALING[3], retry: { times: 5 } });
  check("=look", { "retry.times": "1" }, 0, { ...HEALING[0], retry: 1 });
  check("=wait", { "when.failed": "" }, 2, { ...HEALING[2], when: { skipped: ["a.b%2E", "look"] } });
  check("=wait", { on_failure: { place: "flow", text: "other" } }, 2, { ...HEALING[2], on_failure: { flow: "other" } });
  check("=send", { after_crash: { place: "", text: "" } }, 4, {
    ...Object.fromEntries(Object.entries(HEALING[4] as Table).filter(([key]) => key !== "after_crash")),
  });
  check("#6", { start: "shop" }, 6, { name: "send", start: "shop" });
});

test("steps are put in order, taken out, added and copied, with all that is not known of them", () => {
  const { subject, values } = opened();
  const [look, build, , , send] = HEALING;
  expect(stepsOf(put(subject, ordered(values, ["=send", "=look"])))).toEqual([send, look]);
  const made = newStep(values, "restart", "look");
  const with_ = ordered({ ...values, ...made.values }, ["=look", made.key]);
  expect(stepsOf(put(subject, set(with_, made.key, { restart: "web" })))).toEqual([
    look,
    { name: "look 2", restart: "web" },
  ]);
  // What must be said and is not is sent as nothing, so that the engine names it.
  expect(stepsOf(put(subject, with_))[1]).toEqual({ name: "look 2", restart: "" });
  const nameless = opened({ step: [{ start: "web" }] });
  expect(put(nameless.subject, nameless.values)).toEqual({ step: [{ name: "", start: "web" }] });
  const copy = copied(values, "=send");
  const twice = ordered({ ...values, ...copy.values }, ["=send", copy.key]);
  const again = copied(twice, copy.key);
  const thrice = ordered({ ...twice, ...again.values }, ["=send", copy.key, again.key]);
  expect(new Set(keysOf(thrice)).size).toBe(3);
  expect(stepsOf(put(subject, thrice))).toEqual([send, { ...send, name: "send 2" }, { ...send, name: "send 3" }]);
  const short = copied(values, "=a.b%2E");
  expect(stepsOf(put(subject, ordered({ ...values, ...short.values }, [short.key])))).toEqual([
    { ...build, name: "a.b%2E 2" },
  ]);
});

test("who names a step follows when it is renamed, and keeps the name of one that is gone", () => {
  const { subject, values } = opened();
  const renamed = set(values, "=look", { name: "is it down" });
  const steps = stepsOf(put(subject, renamed));
  expect([steps[0]?.name, steps[1]?.needs, steps[2]?.when]).toEqual([
    "is it down",
    "is it down",
    { failed: "is it down", skipped: ["a.b%2E", "is it down"] },
  ]);
  expect(steps[4]?.needs).toEqual(["ask", "nobody"]);
  // Two that take each other's name are still told apart.
  const swapped = set(renamed, "=a.b%2E", { name: "look" });
  expect((stepsOf(put(subject, swapped))[2]?.when as Table).skipped).toEqual(["look", "is it down"]);
  const without = ordered(values, ["=a.b%2E"]);
  expect(stepsOf(put(subject, without))[0]?.needs).toBe("look");
  const made = newStep(values, "wait", "pause");
  const needed = set(ordered({ ...values, ...made.values }, [made.key, "=look"]), "=look", {
    needs: { place: "steps", text: made.key },
  });
  expect(stepsOf(put(subject, set(needed, made.key, { wait: "1s" })))[1]?.needs).toEqual(["pause"]);
});

test("a step that does something else leaves nothing of what it did before, and keeps what both have", () => {
  const step = { name: "a", run: "x", timeout: "5m", env: { A: "b" }, directory: "~", retry: 2, new: 1 };
  const { subject, values } = opened({ step: [step] });
  const as = (kind: string, change: Values) =>
    stepsOf(put(subject, set({ ...values, [kindId("=a")]: kind }, "=a", change)))[0];
  expect(as("http", { http: "https://a.example/" })).toEqual({
    name: "a",
    http: "https://a.example/",
    timeout: "5m",
    retry: 2,
    new: 1,
  });
  expect(as("check", { check: "m" })).toEqual({ name: "a", check: "m", retry: 2, new: 1 });
  expect(as("run", { run: { place: "shell", text: "y" } })).toEqual({ ...step, run: "y" });
  // What both the command and the one that takes it back need stays as long as one of them is there.
  const undo = (text: string) => ({ check: "m", undo: { place: "shell", text } });
  expect(as("check", undo("y"))).toEqual({ ...step, run: undefined, timeout: undefined, check: "m", undo: "y" });
  const undone = opened({ step: [{ name: "a", check: "m", undo: "y", env: { A: "b" } }] });
  expect(put(undone.subject, set(undone.values, "=a", { undo: { place: "shell", text: "" } }))).toEqual({
    step: [{ name: "a", check: "m" }],
  });
  // A key that belongs to another kind is the engine's to complain of.
  const odd = { name: "a", check: "m", timeout: "5m" };
  const other = opened({ step: [odd] });
  expect(put(other.subject, set(other.values, "=a", { check: "n" }))).toEqual({ step: [{ ...odd, check: "n" }] });
});

test("a flow is renamed beside its table, and who names it follows", () => {
  const monitor = { name: "shop", http: "https://shop.example/", on_down: { flow: "heal", tries: 2 } };
  const other = {
    step: [
      { name: "a", flow: "heal" },
      { name: "b", wait: "1s", on_failure: { flow: "heal" }, new: 1 },
    ],
  };
  const configuration = file(
    { heal: HEAL, other, third: { step: [{ name: "a", wait: "1s" }] } },
    { monitor: [monitor, { name: "web", ping: "h" }] },
  );
  const subject = flow(configuration, "heal") as Subject;
  const values = {
    ...readTable(
      FLOW.flatMap((group) => group.fields),
      subject.table,
    ),
    ...subject.more,
  };
  expect(subject.edits(values)).toHaveLength(1);
  expect(subject.edits({ ...values, called: "mend" })).toEqual([
    { edit: "put", section: "flow", name: "heal", table: HEAL, called: "mend" },
    { edit: "put", section: "monitor", name: "shop", table: { ...monitor, on_down: { flow: "mend", tries: 2 } } },
    {
      edit: "put",
      section: "flow",
      name: "other",
      called: "other",
      table: {
        step: [
          { name: "a", flow: "mend" },
          { name: "b", wait: "1s", on_failure: { flow: "mend" }, new: 1 },
        ],
      },
    },
  ]);
});

test("there is nothing to edit of a flow that is not in the file, and a new one has no steps", () => {
  expect(flow(file({ heal: HEAL }), "constructor")).toBeNull();
  const subject = flow(file({ heal: HEAL }), null) as Subject;
  expect(subject.edits({ called: " new ", every: "", enabled: true, [ORDER]: "" })).toEqual([
    { edit: "put", section: "flow", name: null, table: { step: [] }, called: "new" },
  ]);
});

test("problems find their step by its place in what was sent, whatever order that is", () => {
  const { subject, values } = opened();
  expect(subject.own(["flow", "heal", "step", "0", "check"])).toEqual(["step", "=look", "check"]);
  subject.edits({ ...ordered(values, ["=send", "=look"]), called: "mend" });
  expect(subject.own(["flow", "mend", "step", "1", "when", "failed"])).toEqual(["step", "=look", "when", "failed"]);
  expect(subject.own(["flow", "mend", "step", "0"])).toEqual(["step", "=send"]);
  expect(subject.own(["flow", "mend", "step"])).toEqual(["step"]);
  expect(subject.own(["flow", "mend", "budget", "runs"])).toEqual(["budget", "runs"]);
  expect(subject.own(["flow", "mend"])).toEqual(["called"]);
  expect(subject.own(["flow", "other", "step", "1"])).toBeNull();
  expect(subject.own(["monitor", "0"])).toBeNull();
});

const draftOf = (table = HEAL) => {
  const edited = entryForm("flow", "heal");
  return new Draft(edited, edited.find(file({ heal: table })) as Subject);
};
const fieldAt = (draft: Draft, path: string[]): Field => {
  const found = draft.fields.find((field) => id(field) === id({ path }));
  if (!found) throw new Error(`there is no field ${path.join(".")}`);
  return found;
};

test("a problem is shown at the very field, or at the step that has no such field", () => {
  const draft = draftOf();
  const problem = (path: string[], message: string) => ({
    line: 1,
    column: 1,
    path: ["flow", "heal", ...path],
    message,
  });
  draft.problems = [
    problem(["step", "0", "check"], "no such monitor"),
    problem(["step", "1", "retry"], "too often"),
    problem(["step", "4", "deeply", "new"], "unknown"),
    problem(["step", "7", "timeout"], "belongs to run"),
    problem(["step", "2", "needs", "0"], "no such step"),
    problem(["every"], "no schedule"),
  ];
  const wrong = (path: string[]) => draft.wrong(fieldAt(draft, path));
  expect(wrong(["step", "=look", "check"])).toEqual([]);
  for (const field of draft.fields) draft.touch(id(field));
  draft.close();
  expect(wrong(["step", "=look", "check"])).toEqual(["no such monitor"]);
  expect(wrong(["step", "=a.b%2E", "retry", "times"])).toEqual(["too often"]);
  expect(wrong(["step", "=send"])).toEqual(["unknown"]);
  expect(wrong(["step", "=__proto__"])).toEqual(["belongs to run"]);
  expect(wrong(["step", "=wait", "needs"])).toEqual(["no such step"]);
  expect(wrong(["every"])).toEqual(["no schedule"]);
  expect(["=look", "=ask"].map((key) => draft.wrongBelow(["step", key]))).toEqual([1, 0]);
});

test("what is edited elsewhere is taken over step by step, and what was typed stays", () => {
  const draft = draftOf();
  draft.values[valueId("=look", { path: ["check"] })] = "web";
  const elsewhere = HEALING.with(2, { name: "wait", wait: "20s" }).toSpliced(1, 0, { name: "new", start: "web" });
  draft.follow(file({ heal: { ...HEAL, step: elsewhere } }));
  expect(stepsNow(draft.values).map(({ name }) => name)).toEqual(elsewhere.map((step) => step.name ?? ""));
  expect([draft.overtaken, draft.apart.size]).toEqual([true, 0]);
  const [edit] = draft.edits;
  expect((edit as { table: Table }).table).toEqual({
    ...HEAL,
    step: elsewhere.with(0, { name: "look", check: "web" }),
  });
});

test("a step that is taken out elsewhere while something is typed into it stays, and that is said", () => {
  const draft = draftOf();
  draft.values[valueId("=look", { path: ["check"] })] = "web";
  draft.follow(file({ heal: { ...HEAL, step: HEALING.slice(3, 5) } }));
  expect(stepsNow(draft.values)[0]).toEqual({ key: "=look", name: "look" });
  expect(draft.saysNow(fieldAt(draft, [ORDER]))).toBe("ask, send");
  const [edit] = draft.edits;
  expect(stepsOf((edit as { table: Table }).table)[0]).toEqual({ name: "look", check: "web" });
});

test("secrets and words are read as they are typed", () => {
  const { values } = opened();
  const held = (key: string, path: string) => values[valueId(key, { path: path.split(".") })];
  expect(held("=a.b%2E", "env") as Pair[]).toEqual([{ name: "T", place: "env", text: "TOKEN" }]);
  expect(held("=a.b%2E", "run") as Placed).toEqual({ place: "words", text: "npm\nci" });
  expect(held("=send", "after_crash") as Placed).toEqual({ place: "check", text: "shop" });
  expect(held("=wait", "on_failure") as Placed).toEqual({ place: "continue", text: "" });
  expect(held("=a.b%2E", "needs") as Placed).toEqual({ place: "steps", text: "=look" });
});
