import type { Event, LogLine, Phase, Tried, TrialOf } from "../../contract";
import type { Table, Tables } from "./file";
import { ago } from "./seed";

const LINE_MS = 150;

/**
 * Plays trials: an address with `expired` has a certificate that is, a command with `fail` ends with 1, one with `forever` goes on until it is
 * stopped, any other program becomes ready; a webhook with `refused` is. What becomes of a program becomes of it when the world goes on
 * next, as `turns` says.
 */
export function rehearsed(
  tell: (event: Event) => void,
  turns: () => Promise<void>,
  mailIsRefused: boolean,
  isReady: (program: string) => boolean,
) {
  /** What ends the trials of programs that are under way, by their names. */
  const ends = new Map<string, () => void>();

  async function program({ name }: { name: string }, table: Table): Promise<Tried> {
    const command = String(table.command);
    const unready = [table.start_after ?? []]
      .flat()
      .filter((other) => !isReady(String(other)))
      .map(String);
    if (unready.length > 0) tell({ event: "trial_unready", of: { of: { what: "program", name }, unready } });
    const lines: LogLine[] = [];
    const write = (text: string, stream: LogLine["stream"] = "out") => {
      const line: LogLine = { at: ago(0), stream, text };
      lines.push(line);
      tell({ event: "trial_log", of: { of: { what: "program", name }, lines: [line] } });
    };
    const begun = Date.now();
    const stopped = new Promise<"stopped">((stop) => ends.set(name, () => stop("stopped")));
    const texts = [`> ${command}`, "", "starting on 127.0.0.1:5173", "loading configuration"];
    const timer = setInterval(() => write(texts.shift() ?? `served ${lines.length} requests`), LINE_MS);
    const due = command.includes("forever") ? [] : [turns().then(() => "due" as const)];
    const end = await Promise.race([stopped, ...due]);
    clearInterval(timer);
    ends.delete(name);
    const took = `${((Date.now() - begun) / 1000).toFixed(1)} s`;
    const rest = "It has been stopped again, with everything it had started.";
    const tried = (verdict: Tried["verdict"], text: string): Tried => ({ verdict, text, seen: null, lines });
    if (end === "stopped") return tried("up", `It ran for ${took}, until you stopped it. ${rest}`);
    if (!command.includes("fail")) return tried("up", `It was ready after ${took}. ${rest}`);
    write("Error: Cannot find module './server.js'", "err");
    return tried("down", `It ended after ${took}: exit code 1 (general error). Estatus would restart it.`);
  }

  async function monitor(table: Table): Promise<Tried> {
    await after(80);
    const isExpired = String(table.http ?? table.tls).includes("expired");
    const spent: [Phase, number][] = [
      ["dns", 4.2],
      ["connect", 11.8],
      ["tls", 32.4],
    ];
    const rest: [Phase, number][] = [
      ["send", 0.2],
      ["first_byte", 58.1],
      ["body", 3.3],
      ["assertion", 0.1],
    ];
    const detail = isExpired ? "the certificate of expired.example expired on 2026-11-02" : "200 OK, 14 kB";
    return {
      verdict: isExpired ? "down" : "up",
      text: detail,
      seen: {
        at: ago(0),
        verdict: isExpired ? "down" : "up",
        latency_ms: isExpired ? 48.4 : 110.1,
        detail,
        phases_ms: isExpired ? spent : [...spent, ...rest],
        ...(isExpired && { failed_in: "tls", evidence: "CN=expired.example\nissuer: Example CA" }),
        remote: "203.0.113.7:443",
      },
      lines: [],
    };
  }

  async function channel(name: string, table: Table): Promise<Tried> {
    await after(80);
    const tried = (verdict: Tried["verdict"], text: string): Tried => ({ verdict, text, seen: null, lines: [] });
    const login =
      "smtp.example.com:587 refused the login (535 5.7.8): many providers want a password made for this app, not the one you log in with";
    if (mailIsRefused && (name === "email" || table.email)) return tried("down", `It was not delivered: ${login}.`);
    if (String(table.webhook).includes("refused"))
      return tried(
        "down",
        `It was not delivered: chat.example refused the request with 404 Not Found: check url, headers and template of the channel ${name}.`,
      );
    if (table.webhook) return tried("up", "chat.example accepted the message. Check that it arrives.");
    if (table.command) return tried("up", "The command took the message and reported success.");
    return tried("up", "smtp.example.com:587 accepted an email to isaac@example.com. Check that it arrives.");
  }

  return {
    begin(of: TrialOf, tables: Tables): Promise<Tried> {
      const named = (section: "monitor" | "program") =>
        ((tables[section] ?? []) as Table[]).find((table) => table.name === of.name) ?? {};
      if (of.what === "program") return program(of, named("program"));
      if (of.what === "monitor") return monitor(named("monitor"));
      return channel(of.name, ((tables.channel ?? {}) as Record<string, Table>)[of.name] ?? {});
    },
    end: ({ name }: TrialOf) => ends.get(name)?.(),
  };
}

const after = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
