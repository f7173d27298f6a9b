import {
  type About,
  type Field,
  fields,
  type Group,
  id,
  MONO,
  NUMBER,
  rare,
  SECRET,
  SPAN,
  type Table,
  TEXT,
} from "./fields";

const flow = fields("field.flow");
const step = fields("field.step");

/** The kinds of steps, each by the key that says what is done. */
export const STEP_KINDS = [
  "run",
  "http",
  "restart",
  "start",
  "stop",
  "check",
  "wait_until",
  "wait",
  "tell",
  "approve",
  "flow",
] as const;

export type StepKind = (typeof STEP_KINDS)[number];

/** The kind of a step that is written as `table`. */
export function stepKindOf(table: Table): StepKind {
  return STEP_KINDS.find((kind) => kind in table) ?? "run";
}

/** Everything that can be said of a flow, but for its name. */
export const FLOW: readonly Group[] = [
  {
    text: "group.flow",
    fields: [
      flow("every", {
        shape: { ...MONO, schedule: true },
        example: "0 4 * * *",
        width: "medium",
        hint: "hint.flow.every",
      }),
      flow("enabled", { shape: { is: "switch", usual: true }, hint: "hint.flow.enabled" }),
    ],
  },
  { text: "group.steps", fields: [flow("step", { shape: { is: "steps" } })] },
  rare("group.more", [
    flow("overlap", { shape: { is: "choice", of: ["skip", "queue", "replace"], words: "overlap" }, default: "skip" }),
    flow("catch_up", { shape: { is: "choice", of: ["latest", "all", "none"], words: "catch_up" }, default: "latest" }),
    flow("deadline", { shape: SPAN, example: "30m", hint: "hint.flow.deadline" }),
    flow("budget.runs", { shape: NUMBER, example: "3", hint: "hint.flow.budget" }),
    flow("budget.within", { shape: SPAN, default: "1h" }),
    flow("channels", { shape: { is: "list", names: "channel" }, hint: "hint.flow.channels" }),
  ]),
];

const of = (kind: StepKind, about: About) => step(kind, { kinds: [kind], required: true, ...about });

/** What is said of every step and of what it does. */
const DOES: readonly Field[] = [
  step("name", { shape: TEXT, width: "medium", required: true }),
  of("run", { shape: { is: "command" }, example: "git pull", hint: "hint.command" }),
  of("http", { shape: MONO, example: "https://example.com/deploy" }),
  of("restart", { shape: { is: "name", of: "program" } }),
  of("start", { shape: { is: "name", of: "program" } }),
  of("stop", { shape: { is: "name", of: "program" } }),
  of("check", { shape: { is: "name", of: "monitor" } }),
  of("wait_until", { shape: { is: "name", of: "monitor" } }),
  of("wait", { shape: SPAN, example: "10s" }),
  of("tell", { shape: { is: "area" }, hint: "hint.step.text" }),
  of("approve", { shape: { is: "area" }, hint: "hint.step.text" }),
  of("flow", { shape: { is: "name", of: "flow" } }),
  step("method", { kinds: ["http"], shape: MONO, default: "GET", width: "short" }),
  step("timeout", { kinds: ["run"], shape: SPAN, default: "10m" }),
  step("timeout", { kinds: ["http"], shape: SPAN, default: "30s" }),
  step("within", { kinds: ["wait_until"], shape: SPAN, default: "60s" }),
  step("within", { kinds: ["approve"], shape: SPAN, default: "24h" }),
  step("otherwise", {
    kinds: ["approve"],
    shape: { is: "choice", of: ["fail", "continue"], words: "otherwise" },
    default: "fail",
  }),
  step("channels", { kinds: ["tell", "approve"], shape: { is: "list", names: "channel" }, hint: "hint.channels" }),
];

const request = (key: string, about: About) => step(key, { kinds: ["http"], ...about });

/** What stands unfolded in the card of a step, and what does not. */
export const STEP: { does: readonly Field[]; request: Group; more: readonly Group[] } = {
  does: DOES,
  request: {
    text: "group.asked",
    fields: [
      request("headers", { shape: { is: "pairs", secret: true } }),
      request("body", { shape: { is: "area" }, hint: "hint.step.text" }),
      request("accept", { shape: { is: "list" }, default: "200-299", width: "medium", hint: "hint.accept" }),
      request("contains", { shape: { is: "lines" }, hint: "hint.lines" }),
      request("save", { shape: MONO, example: "data.build.id", width: "medium", hint: "hint.step.save" }),
      request("username", { shape: TEXT, width: "medium" }),
      request("password", { shape: SECRET, hint: "hint.secret" }),
      request("bearer", { shape: SECRET, hint: "hint.secret" }),
    ],
  },
  more: [
    {
      text: "group.step.start",
      fields: [
        step("needs", { shape: { is: "needs" }, hint: "hint.step.needs" }),
        step("when.failed", { shape: { is: "above" } }),
        step("when.succeeded", { shape: { is: "above" } }),
        step("when.skipped", { shape: { is: "above" } }),
        step("always", { shape: { is: "switch", usual: false }, hint: "hint.step.always" }),
      ],
    },
    {
      text: "group.step.failure",
      fields: [
        step("retry.times", { shape: NUMBER, hint: "hint.step.retry" }),
        step("retry.wait", { shape: SPAN, default: "1s", hint: "hint.step.retry_wait" }),
        step("retry.max_wait", { shape: SPAN, default: "60s" }),
        step("retry.on", {
          shape: { is: "list" },
          example: "exit 75, timeout",
          width: "medium",
          hint: "hint.step.retry_on",
        }),
        step("on_failure", {
          shape: { is: "either", of: ["fail", "continue"], names: { flow: "flow" }, words: "on_failure" },
          default: "fail",
        }),
        step("after_crash", {
          kinds: ["run", "http"],
          shape: { is: "either", of: ["fail", "rerun"], names: { check: "monitor" }, words: "after_crash" },
          default: "fail",
          hint: "hint.step.after_crash",
        }),
        step("undo", { shape: { is: "command" }, hint: "hint.step.undo" }),
      ],
    },
    {
      text: "group.step.command",
      fields: [
        step("directory", {
          browse: "folder",
          kinds: ["run"],
          beside: ["undo"],
          shape: MONO,
          example: { linux: "~/projects/web", windows: "D:\\projects\\web" },
          hint: "hint.directory",
        }),
        step("env", { kinds: ["run"], beside: ["undo"], shape: { is: "pairs", secret: true } }),
      ],
    },
  ],
};

/** Everything that can be said of a step. */
export const STEP_FIELDS: readonly Field[] = [
  ...STEP.does,
  ...[STEP.request, ...STEP.more].flatMap((group) => group.fields),
];

/** Everything that can be said of a step of this kind, and what only others have, each key once. */
export function fieldsOf(kind: string): readonly Field[] {
  const has = (field: Field) => !field.kinds || field.kinds.includes(kind);
  const own = new Set(STEP_FIELDS.filter(has).map(id));
  return STEP_FIELDS.filter((field) => has(field) || !own.has(id(field)));
}
