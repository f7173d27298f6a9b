import { ASKED, EXPECTED, TARGETS } from "./check";
import { type Field, fields, type Group, MOMENT, MONO, NUMBER, rare, SPAN, TEXT } from "./fields";

const REMEDIES = ["restart", "start", "stop", "flow", "run"];

const plain = fields("field");
const after = (places: readonly string[]) => ({ id: "on_down", places });

const WINDOW: readonly Field[] = [
  plain("daily", { shape: MONO, example: "02:00-04:00", width: "short" }),
  plain("days", { shape: { is: "days" } }),
  plain("cron", { shape: MONO, example: "0 4 * * *", width: "short" }),
  plain("lasts", { shape: SPAN, example: "1h" }),
  plain("from", { shape: MOMENT, example: "2026-12-24T22:00", width: "medium" }),
  plain("to", { shape: MOMENT, example: "2026-12-25T06:00", width: "medium" }),
  plain("zone", { shape: MONO, example: "Europe/Madrid", width: "medium" }),
];

/** Everything that can be said of a monitor. */
export const MONITOR: readonly Group[] = [
  {
    text: "group.monitor",
    fields: [
      ...TARGETS,
      plain("name", { shape: TEXT, width: "medium", required: true }),
      plain("every", { shape: SPAN, default: "1m" }),
    ],
  },
  {
    text: "group.remedy",
    fields: [
      plain("on_down", {
        shape: {
          is: "oneof",
          keys: REMEDIES,
          names: { restart: "program", start: "program", stop: "program", flow: "flow" },
          commands: ["run"],
          nothing: "place.nothing",
        },
        hint: "hint.on_down",
      }),
      plain("on_down.tries", { shape: NUMBER, default: "3", when: after(REMEDIES) }),
      plain("on_down.within", { shape: SPAN, default: "30s", when: after(REMEDIES) }),
      plain("on_down.directory", { shape: MONO, browse: "folder", when: after(["run"]) }),
      plain("on_down.timeout", { shape: SPAN, default: "1m", when: after(["run"]) }),
    ],
  },
  rare("group.schedule", [
    plain("timeout", { shape: SPAN, default: "10s" }),
    plain("failures", { shape: NUMBER, default: "2", hint: "hint.failures" }),
    plain("successes", { shape: NUMBER, default: "1" }),
    plain("confirm_after", { shape: SPAN, default: "2s", hint: "hint.confirm_after" }),
    plain("retry_every", { shape: SPAN }),
    { path: ["enabled"], text: "field.checked", shape: { is: "switch", usual: true } },
  ]),
  EXPECTED,
  ASKED,
  rare("group.telling", [
    plain("alert_when", { shape: { is: "choice", of: ["always", "unhealed"] }, default: "always" }),
    plain("tags", { shape: { is: "list" }, width: "medium", hint: "hint.list" }),
    plain("channels", { shape: { is: "list", names: "channel" }, hint: "hint.channels" }),
    plain("depends_on", { shape: { is: "list", names: "monitor" }, hint: "hint.depends_on" }),
    plain("maintenance", { shape: { is: "rows", fields: WINDOW } }),
  ]),
];
