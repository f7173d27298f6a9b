import { fields, type Group, MONO, NUMBER, rare, SIZE, SPAN, TEXT, PERCENT } from "./fields";

const plain = fields("field.program");

const SIGNALS = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL"];

/** Everything that can be said of a program. */
export const PROGRAM: readonly Group[] = [
  {
    text: "group.program",
    fields: [
      plain("command", {
        shape: { is: "command" },
        example: "npm run dev -- --port 5173",
        required: true,
        hint: "hint.command",
      }),
      plain("directory", {
        shape: MONO,
        browse: "folder",
        example: { linux: "~/web", windows: "D:\\projects\\web" },
        hint: "hint.directory",
      }),
      plain("name", { shape: TEXT, width: "medium", required: true }),
      plain("enabled", { shape: { is: "switch", usual: true }, hint: "hint.enabled" }),
      plain("env", { shape: { is: "pairs", secret: true }, advanced: true }),
    ],
  },
  rare("group.ready", [
    plain("ready", {
      shape: {
        is: "oneof",
        keys: ["http", "tcp", "log", "command", "notify"],
        flags: ["notify"],
        commands: ["command"],
        narrow: ["tcp"],
      },
      hint: "hint.ready",
    }),
    plain("ready_within", { shape: SPAN, default: "60s" }),
    plain("start_after", { shape: { is: "list", names: "program" }, hint: "hint.start_after" }),
  ]),
  rare("group.restart", [
    plain("restart", { shape: { is: "choice", of: ["always", "on-failure", "never"] }, default: "always" }),
    plain("restart_on", {
      shape: { is: "list" },
      example: { linux: "3, SIGHUP", windows: "3" },
      width: "medium",
      hint: "hint.exits",
    }),
    plain("ignore", { shape: { is: "list" }, example: "0", width: "medium", hint: "hint.exits" }),
    plain("limit.restarts", { shape: NUMBER, default: "5", hint: "hint.limit" }),
    plain("limit.within", { shape: SPAN, default: "60s" }),
    plain("every", { shape: { ...MONO, schedule: true }, example: "0 4 * * *", width: "medium", hint: "hint.cron" }),
  ]),
  rare("group.stop", [
    plain("stop.signal", { shape: { is: "choice", of: SIGNALS }, default: "SIGTERM", platform: "linux" }),
    plain("stop.command", { shape: { is: "command" } }),
    plain("stop.within", { shape: SPAN, default: "10s" }),
    plain("on_quit", { shape: { is: "choice", of: ["stop", "leave running"] }, default: "stop" }),
  ]),
  rare("group.limits", [
    plain("memory.above", { shape: SIZE, example: "1GB", hint: "hint.above" }),
    plain("memory.for", { shape: SPAN, default: "1m" }),
    plain("cpu.above", { shape: PERCENT, example: "250%", hint: "hint.cpu" }),
    plain("cpu.for", { shape: SPAN, default: "1m" }),
    plain("log.keep", { shape: SIZE, default: "50MB" }),
    plain("channels", { shape: { is: "list", names: "channel" }, hint: "hint.channels" }),
  ]),
];
