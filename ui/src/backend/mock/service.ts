import en from "../../../../lang/en.json";
import es from "../../../../lang/es.json";
import type { Language } from "../../contract";
import { fill } from "../../i18n/fill";
import type { Backend, ServiceFinding, ServiceState, SwitchEnd, Switching } from "../backend";

const NONE: ServiceState = {
  installed: false,
  enabled: false,
  running: false,
  account: "isaac",
  whose: "user",
  switching: { by: "user" },
  keeps_programs: true,
};

const SINCE = { year: "2026", month: "11", day: "21", time: "14:55" };

/** What the doctor finds: its texts, and what stands in them. */
const FOUND: [problem: boolean, about: Told, what: Told, remedy: Told][] = [
  [
    true,
    ["doctor.program", { name: "queue" }],
    ["doctor.used_variable", { name: "QUEUE_URL" }],
    ["doctor.used_variable.say", { command: "estatus service install --user --env QUEUE_URL=…" }],
  ],
  [
    true,
    ["doctor.channel", { name: "chat" }],
    ["doctor.keyring_closed", { name: "chat-token" }],
    ["doctor.keep_in_file", { instead: '{ file = "…" }' }],
  ],
  [
    false,
    ["doctor.engine", {}],
    [
      "doctor.tray",
      {
        data: "/home/isaac/.local/share/estatus",
        holder: ["holder.process", { pid: 4711, at: ["moment", SINCE] }],
      },
    ],
    ["doctor.tray.keeps", {}],
  ],
];

const TEXTS = { en: { ...en.engine, ...en.doctor }, es: { ...es.engine, ...es.doctor } };

type Told = [key: keyof typeof TEXTS.en, values: Record<string, string | number | Told>];

function found(language: Language): ServiceFinding[] {
  const texts = TEXTS[language];
  const tell = ([key, values]: Told): string => {
    const told = Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? tell(value) : value]);
    return fill(texts[key], Object.fromEntries(told) as Record<string, string | number>);
  };
  return FOUND.map(([problem, about, what, remedy]) => ({
    problem,
    about: tell(about),
    what: tell(what),
    remedy: tell(remedy),
  }));
}

/** The service of the made-up world, which can be switched. */
export function service(asked: URLSearchParams): Pick<Backend, "service" | "examineService" | "switchService"> {
  const installed = { installed: true, enabled: true, running: true };
  const ofMachine = (switching: Switching): ServiceState => ({ ...NONE, ...installed, whose: "machine", switching });
  const states: Record<string, ServiceState> = {
    user: { ...NONE, ...installed },
    stopped: { ...NONE, ...installed, running: false },
    machine: ofMachine({ by: "administrator" }),
    command: ofMachine({ by: "command", command: "sudo estatus service uninstall" }),
    others: { ...ofMachine({ by: "others" }), account: "root" },
    windows: { ...NONE, whose: "machine", account: null, switching: { by: "administrator" }, keeps_programs: false },
  };
  let state = states[asked.get("service") ?? ""] ?? NONE;
  const pause = (span: number) => new Promise((done) => setTimeout(done, span));
  const fails = (): SwitchEnd | null => {
    const ended = asked.get("switch");
    if (ended === "failed") {
      const why =
        "your services would end when you log out, and not start at boot: first run `sudo loginctl enable-linger isaac`";
      return { ended, why };
    }
    return ended === "dismissed" || ended === "not_allowed" || ended === "failed_on_console" ? { ended } : null;
  };
  return {
    async service() {
      if (asked.get("answers") === "none") return new Promise(() => {});
      await pause(15);
      if (asked.get("answers") === "failing") throw { code: "failed", message: "estatus cannot be started" };
      return state;
    },
    async examineService(language) {
      await pause(60);
      if (asked.get("doctor") === "failing") throw { code: "failed", message: "estatus cannot be started" };
      return asked.get("doctor") === "well" ? [] : found(language);
    },
    async switchService(on) {
      await pause(Number(asked.get("takes") ?? 60));
      const failed = fails();
      if (failed) return failed;
      state = on
        ? { ...state, ...installed, account: state.account ?? "NT SERVICE\\Estatus" }
        : { ...NONE, ...reset(state) };
      return { ended: "done" };
    },
  };
}

/** What stays as it is when the service is gone. */
const reset = ({ whose, switching, keeps_programs }: ServiceState) =>
  keeps_programs ? {} : { whose, switching, keeps_programs };
