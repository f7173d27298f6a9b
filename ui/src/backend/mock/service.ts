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

const FOUND: ServiceFinding[] = [
  {
    problem: true,
    about: "program “queue”",
    what: "it names QUEUE_URL, which the service does not have in its environment",
    remedy: "Set it in the program's `env`, or install with `estatus service install --user --env QUEUE_URL`.",
  },
  {
    problem: true,
    about: "email",
    what: "“smtp” is in the keyring, which only opens when its user logs in on a desktop",
    remedy: 'Keep it in a file that only you can read: password = { file = "smtp.secret" }.',
  },
  {
    problem: false,
    about: "engine",
    what: "the tray hosts Estatus on /home/isaac/.local/share/estatus: process 4711, since 2026-11-21T13:55:02Z",
    remedy: "Nothing: the service takes over from the tray, which connects to it; programs keep running.",
  },
];

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
    async examineService() {
      await pause(60);
      if (asked.get("doctor") === "failing") throw { code: "failed", message: "estatus cannot be started" };
      return asked.get("doctor") === "well" ? [] : FOUND;
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
