import type { Field, Group } from "./fields";

const plain = (key: string, field: Omit<Field, "path" | "text">): Field => ({
  path: key.split("."),
  text: `field.program.${key}` as Field["text"],
  ...field,
});

const MONO = { is: "text", mono: true } as const;
const SIGNALS = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL"];

/** Everything that can be said of a program. */
export const PROGRAM: readonly Group[] = [
  {
    text: "group.program",
    fields: [
      plain("name", { shape: { is: "text" }, required: true }),
      plain("command", { shape: { is: "command" }, required: true, hint: "hint.command" }),
      plain("directory", { shape: MONO, usual: "~/web", hint: "hint.directory" }),
      plain("env", { shape: { is: "pairs", secret: true } }),
      plain("enabled", { shape: { is: "switch", usual: true }, hint: "hint.enabled" }),
    ],
  },
  {
    text: "group.ready",
    fields: [
      plain("ready", {
        shape: {
          is: "oneof",
          keys: ["http", "tcp", "log", "command", "notify"],
          flags: ["notify"],
          commands: ["command"],
        },
        hint: "hint.ready",
      }),
      plain("ready_within", { shape: MONO, usual: "60s" }),
      plain("start_after", { shape: { is: "list", names: "program" }, hint: "hint.start_after" }),
    ],
  },
  {
    text: "group.restart",
    fields: [
      plain("restart", { shape: { is: "choice", of: ["always", "on-failure", "never"] }, usual: "always" }),
      plain("restart_on", { shape: { is: "list" }, usual: "3, SIGHUP", hint: "hint.exits" }),
      plain("ignore", { shape: { is: "list" }, usual: "0", hint: "hint.exits" }),
      plain("limit.restarts", { shape: { is: "number" }, usual: "5", hint: "hint.limit" }),
      plain("limit.within", { shape: MONO, usual: "60s" }),
      plain("every", { shape: { ...MONO, schedule: true }, usual: "0 4 * * *", hint: "hint.cron" }),
    ],
  },
  {
    text: "group.stop",
    folded: true,
    fields: [
      plain("stop.signal", { shape: { is: "choice", of: SIGNALS }, usual: "SIGTERM" }),
      plain("stop.command", { shape: { is: "command" } }),
      plain("stop.within", { shape: MONO, usual: "10s" }),
      plain("on_quit", { shape: { is: "choice", of: ["stop", "leave running"] }, usual: "stop" }),
    ],
  },
  {
    text: "group.limits",
    folded: true,
    fields: [
      plain("memory.above", { shape: MONO, usual: "1GB", hint: "hint.above" }),
      plain("memory.for", { shape: MONO, usual: "1m" }),
      plain("cpu.above", { shape: MONO, usual: "250%", hint: "hint.cpu" }),
      plain("cpu.for", { shape: MONO, usual: "1m" }),
      plain("log.keep", { shape: MONO, usual: "50MB" }),
      plain("channels", { shape: { is: "list", names: "channel" }, hint: "hint.channels" }),
    ],
  },
];
