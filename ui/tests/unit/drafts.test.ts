import { backend } from "#backend";
import { expect, test, vi } from "vitest";
import type { ApiError, Configuration, Reply } from "../../src/contract";
import type { Field } from "../../src/forms/fields";
import { drafts } from "../../src/forms/drafts.svelte";
import { entryForm, unnamedForm } from "../../src/forms/subjects";
import type { Draft } from "../../src/forms/draft.svelte";

const file = (tables: Record<string, unknown>): Configuration => ({ file: "estatus.toml", tables, problems: [] });
const EMAIL = { server: "smtp.example.com", port: 587, from: "a@example.com", to: ["b@example.com"] };
const MAIL = file({ email: EMAIL, alerts: { remind_every: "4h" } });

function opened(edited = unnamedForm("email"), configuration = MAIL): Draft {
  const draft = drafts.open(edited, configuration);
  if (!draft) throw new Error("there is nothing to edit");
  return draft;
}

const field = (draft: Draft, path: string): Field => {
  const found = draft.fields.find((field) => field.path.join(".") === path);
  if (!found) throw new Error(`there is no field ${path}`);
  return found;
};

test("what was typed outlives its page, until it is given up", () => {
  const first = opened();
  expect(drafts.isUnsaved("email")).toBe(false);
  first.values["email.port"] = "2525";
  expect(drafts.isUnsaved("email")).toBe(true);
  drafts.leave(first);
  const again = opened();
  expect(again.values["email.port"]).toBe("2525");
  drafts.end(again);
  expect(drafts.isUnsaved("email")).toBe(false);
  expect(opened().values["email.port"]).toBe("587");
  drafts.leave(opened());
});

test("an edit of the file elsewhere changes what was not typed, and only that", () => {
  const draft = opened();
  draft.values["email.port"] = "2525";
  draft.follow(file({ email: EMAIL, alerts: { remind_every: "6h" } }));
  expect([draft.overtaken, draft.values["email.port"]]).toEqual([false, "2525"]);
  draft.follow(file({ email: { ...EMAIL, server: "mail.example.com" } }));
  expect([draft.overtaken, draft.values["email.server"], draft.values["email.port"]]).toEqual([
    true,
    "mail.example.com",
    "2525",
  ]);
  expect(draft.saysNow(field(draft, "email.port"))).toBeNull();
  draft.follow(file({ email: { ...EMAIL, server: "mail.example.com", port: 465 } }));
  expect(draft.saysNow(field(draft, "email.port"))).toBe("465");
  expect(draft.edits).toEqual([{ edit: "set", path: ["email", "port"], value: 2525 }]);
  draft.follow(file({ email: { ...EMAIL, server: "mail.example.com", port: 2525 } }));
  expect([draft.isChanged, draft.overtaken, draft.apart.size]).toEqual([false, false, 0]);
  drafts.end(draft);
});

test("a file that cannot be read takes nothing away", () => {
  const draft = opened();
  draft.values["email.port"] = "2525";
  const problems = [{ line: 1, column: 1, path: [], message: "a quotation mark is missing" }];
  draft.follow({ ...file({}), problems });
  expect([draft.values["email.server"], draft.values["email.port"]]).toEqual(["smtp.example.com", "2525"]);
  drafts.end(draft);
});

test("an entry that is taken out of the file while it is edited is added again as a whole", () => {
  const shop = { name: "shop", http: "https://shop.example/", tags: ["a"] };
  const [before, without] = [file({ monitor: [shop] }), file({ monitor: [{ name: "other", ping: "h" }] })];
  const draft = opened(entryForm("monitor", "shop"), before);
  draft.values["every"] = "5m";
  draft.follow(without);
  expect([draft.gone, draft.isChanged]).toEqual([true, true]);
  expect(draft.edits).toEqual([
    { edit: "put", section: "monitor", name: null, table: { ...shop, tags: "a", every: "5m" } },
  ]);
  draft.follow(before);
  expect([draft.gone, draft.values["every"], draft.values["http"]]).toEqual([false, "5m", "https://shop.example/"]);
  expect(draft.edits).toEqual([{ edit: "put", section: "monitor", name: "shop", table: { ...shop, every: "5m" } }]);
  drafts.end(draft);
  expect(drafts.open(entryForm("monitor", "shop"), without)).toBeNull();
});

test("what became of a save is told, whatever is typed meanwhile", async () => {
  let answer: (edited: Promise<Reply>) => void = () => {};
  const request = vi.spyOn(backend, "request").mockImplementation((request): Promise<Reply> => {
    if (request.request === "configuration") return Promise.resolve({ reply: "configuration", of: MAIL });
    if (request.request === "edit" && request.of.save) return new Promise((done) => (answer = done));
    return Promise.resolve({ reply: "edited", of: { problems: [] } });
  });
  const settled = () => new Promise((done) => setTimeout(done));
  async function saved(draft: Draft, edited: () => Promise<Reply>): Promise<boolean> {
    const saving = draft.save();
    await settled();
    draft.values["email.server"] = "typed.example.com";
    draft.close();
    answer(edited());
    return saving;
  }
  const draft = opened();
  draft.values["email.port"] = "2525";
  const problems = [{ line: 1, column: 1, path: ["email", "port"], message: "it is taken" }];
  expect(await saved(draft, async () => ({ reply: "edited", of: { problems } }))).toBe(false);
  expect(draft.problems).toEqual(problems);
  const gone = () => Promise.reject({ code: "gone", message: "the engine is stopping" } satisfies ApiError);
  expect([await saved(draft, gone), draft.trouble]).toEqual([false, "the engine is stopping"]);
  expect(draft.isChanged).toBe(true);
  expect(await saved(draft, async () => ({ reply: "edited", of: { problems: [], version: 7 } }))).toBe(true);
  expect([draft.version, draft.trouble]).toEqual([7, null]);
  drafts.end(draft);
  request.mockRestore();
});
