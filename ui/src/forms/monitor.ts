import { ASKED, EXPECTED, TARGETS } from "./check";
import type { Field, Group } from "./fields";

const REMEDIES = ["restart", "start", "stop", "flow", "run"];

const plain = (key: string, field: Omit<Field, "path" | "text">): Field => ({
  path: key.split("."),
  text: `field.${key}` as Field["text"],
  ...field,
});

const TEXT = { is: "text" } as const;
const MONO = { is: "text", mono: true } as const;
const after = (places: readonly string[]) => ({ id: "on_down", places });

const WINDOW: readonly Field[] = [
  plain("daily", { shape: MONO, usual: "02:00-04:00" }),
  plain("days", { shape: { is: "days" } }),
  plain("cron", { shape: MONO, usual: "0 4 * * *" }),
  plain("lasts", { shape: MONO, usual: "1h" }),
];

/** Everything that can be said of a monitor. */
export const MONITOR: readonly Group[] = [
  { text: "group.monitor", fields: [plain("name", { shape: TEXT, required: true }), ...TARGETS] },
  {
    text: "group.schedule",
    fields: [
      plain("every", { shape: MONO, usual: "1m", hint: "hint.span" }),
      plain("timeout", { shape: MONO, usual: "10s" }),
      plain("failures", { shape: { is: "number" }, usual: "2", hint: "hint.failures" }),
      plain("successes", { shape: { is: "number" }, usual: "1" }),
      plain("confirm_after", { shape: MONO, usual: "2s", hint: "hint.confirm_after" }),
      plain("retry_every", { shape: MONO }),
      { path: ["enabled"], text: "field.checked", shape: { is: "switch", usual: true } },
    ],
  },
  EXPECTED,
  {
    text: "group.remedy",
    fields: [
      plain("on_down", {
        shape: {
          is: "oneof",
          keys: REMEDIES,
          names: { restart: "program", start: "program", stop: "program", flow: "flow" },
          commands: ["run"],
        },
        hint: "hint.on_down",
      }),
      plain("on_down.tries", { shape: { is: "number" }, usual: "3", when: after(REMEDIES) }),
      plain("on_down.within", { shape: MONO, usual: "30s", when: after(REMEDIES) }),
      plain("on_down.directory", { shape: MONO, when: after(["run"]) }),
      plain("on_down.timeout", { shape: MONO, usual: "1m", when: after(["run"]) }),
      plain("alert_when", { shape: { is: "choice", of: ["always", "unhealed"] }, usual: "always" }),
    ],
  },
  ASKED,
  {
    text: "group.telling",
    folded: true,
    fields: [
      plain("tags", { shape: { is: "list" }, hint: "hint.list" }),
      plain("channels", { shape: { is: "list", names: "channel" }, hint: "hint.channels" }),
      plain("depends_on", { shape: { is: "list", names: "monitor" }, hint: "hint.depends_on" }),
      plain("maintenance", { shape: { is: "rows", fields: WINDOW } }),
    ],
  },
];
