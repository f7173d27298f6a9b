import type { Chosen } from "../backend";
import type { Surveyed, ProgramChange, ProgramState, ProgramStatus } from "../../contract";
import { ago, chance, DAY, HOUR, MINUTE } from "./seed";

export function programs(): ProgramStatus[] {
  const base = { last_exit: null, trouble: null, says: null, next_start: null, stops_with_estatus: true };
  return [
    {
      ...base,
      name: "web",
      command: "npm run dev -- --port 5173",
      state: "running",
      standing: "well",
      since: ago(95),
      pid: 21874,
      start: 7,
      restarts: 3,
      last_exit: {
        at: ago(101),
        exit: { exit: "code", of: 1 },
        detail: "exit code 1 (general error)",
        tail: [
          "Error: listen EADDRINUSE: address already in use 127.0.0.1:5173",
          "    at Server.setupListenHandle (node:net:1872:16)",
          "    at listenInCluster (node:net:1920:12)",
          "Node.js v20.20.2",
        ],
      },
    },
    {
      ...base,
      name: "reloj",
      command: "reloj.exe --from 12:00",
      state: "running",
      standing: "well",
      since: ago(2 * DAY + 3 * HOUR),
      pid: 4120,
      start: 2,
      restarts: 0,
      stops_with_estatus: false,
      says: "12:41:07",
    },
    {
      ...base,
      name: "worker",
      command: "python worker.py --queue orders",
      state: "cooling",
      standing: "down",
      since: ago(4 * MINUTE),
      pid: null,
      start: 19,
      restarts: 6,
      next_start: new Date(Date.now() + 3 * MINUTE * 1000).toISOString(),
      trouble: "it was restarted 5 times and never stayed up for 60 s; Estatus retries every 5 min",
      last_exit: {
        at: ago(4 * MINUTE),
        exit: { exit: "signal", of: 11 },
        detail: "SIGSEGV (segmentation fault)",
        left: ["port 9100 is still in use by python3 (pid 8123): stop it manually"],
        tail: ["loading 2 models", "orders: connecting to 127.0.0.1:5672", "Segmentation fault (core dumped)"],
      },
    },
    {
      ...base,
      name: "cloudflared",
      command: "cloudflared tunnel run home",
      state: "stopped",
      standing: "idle",
      since: ago(5 * HOUR),
      pid: null,
      start: 1,
      restarts: 0,
      last_exit: { at: ago(5 * HOUR), exit: { exit: "code", of: 0 }, detail: "exit code 0 (success)" },
    },
  ];
}

/** The process that has nothing by which it could be asked to end. */
export const UNASKED = 30211;

export const SURVEYED: Surveyed[] = [
  {
    process: { pid: 21874, started: "0" },
    name: "node",
    command_line: "node node_modules/.bin/vite --port 5173",
    words: ["node", "node_modules/.bin/vite", "--port", "5173"],
    directory: "/home/isaac/codigos/persistenciaDatos",
    ports: [5173],
    program: "web",
    keeper: null,
  },
  {
    process: { pid: 913, started: "0" },
    name: "postgres",
    command_line: "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main",
    words: ["/usr/lib/postgresql/15/bin/postgres", "-D", "/var/lib/postgresql/15/main"],
    directory: "/var/lib/postgresql/15/main",
    ports: [5432],
    program: null,
    keeper: "systemd (postgresql@15-main.service)",
  },
  {
    process: { pid: UNASKED, started: "0" },
    name: "python3",
    command_line: "python3 -m uvicorn api:app --port 8000",
    words: ["python3", "-m", "uvicorn", "api:app", "--port", "8000"],
    directory: "/home/isaac/codigos/api",
    ports: [8000, 8001],
    program: null,
    keeper: null,
  },
  {
    process: { pid: 31007, started: "0" },
    name: "java",
    command_line: "java -Xmx2g -jar minecraft_server.jar nogui",
    words: ["java", "-Xmx2g", "-jar", "minecraft_server.jar", "nogui"],
    directory: "/home/isaac/minecraft",
    ports: [25565],
    program: null,
    keeper: null,
  },
  {
    process: { pid: 640, started: "0" },
    name: "sshd",
    command_line: "sshd: /usr/sbin/sshd -D",
    words: [],
    directory: null,
    ports: [22],
    program: null,
    keeper: null,
  },
  {
    process: { pid: 31100, started: "0" },
    name: "python3",
    command_line: "python3 worker.py --queue (mail)",
    words: ["python3", "worker.py", "--queue", "(mail)"],
    directory: "/home/isaac/codigos/worker",
    ports: [],
    program: null,
    keeper: null,
  },
];

/** How `program` has stood since `since`: the worker falls again and again, others now and then. */
export function changes(program: string, since: number): ProgramChange[] {
  const now = Date.now();
  const made: ProgramChange[] = [];
  const add = (at: number, to: ProgramState, why: string) => made.push({ at: new Date(at).toISOString(), to, why });
  const restless = program === "worker";
  for (let day = Math.ceil((now - since) / (DAY * 1000)); day >= 0; day -= 1) {
    const falls = restless && day < 4 ? 9 - 2 * day : chance(program, day) < 0.3 ? 1 : 0;
    const noon = now - day * DAY * 1000 - chance(program, "hour", day) * 8 * HOUR * 1000;
    for (let fall = 0; fall < falls; fall += 1) {
      const at = noon + fall * 40 * MINUTE * 1000;
      if (at > now) break;
      add(at, "backoff", restless ? "SIGSEGV (segmentation fault)" : "exit code 1 (general error)");
      add(at + 2000, "starting", "");
      add(at + 4000, "running", "process 21874");
    }
    if (restless && day < 2)
      add(Math.min(now, noon + 7 * HOUR * 1000), "cooling", "it was restarted 5 times and never stayed up for 60 s");
  }
  return made.filter(({ at }) => Date.parse(at) >= since);
}

/** A project that can be chosen. */
export const PROJECT: Chosen = {
  path: "/home/isaac/codigos/shop",
  is_folder: true,
  is_program: false,
  package: JSON.stringify({ name: "shop", scripts: { build: "vite build", dev: "vite", start: "node server.js" } }),
};
