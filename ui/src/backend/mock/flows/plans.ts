import type { Finding, StepStatus } from "../../../contract";
import { ago, chance, DAY, MINUTE } from "../seed";

/** A step as its flow says it, and how it goes here. */
export interface Planned {
  name: string;
  does: string;
  /** The places of the steps that come before it; the one before where nothing is said. */
  needs?: number[];
  /** So many ticks it takes; as a rule as many seconds. */
  ticks: number;
  /** So many times it fails before it succeeds. */
  fails?: number;
  always?: boolean;
  says?: string[];
  /** The command that takes back what it did. */
  undo?: string;
  /** What it asks, and for how many seconds. */
  asks?: { text: string; within: number; continues?: boolean };
  /** The value that its request saves. */
  saves?: string;
  /** The flow that it runs. */
  flow?: string;
  /** It begins only if the step at this place failed. */
  heals?: number;
  /** What is found of it without doing it. */
  finds?: Finding[];
}

export interface Planning {
  name: string;
  steps: Planned[];
  next?: () => string;
  enabled?: boolean;
}

export const in_ = (seconds: number) => ago(-seconds);

/** How many seconds ago it was four o'clock the last time. */
export function sinceFour(): number {
  const four = new Date();
  four.setHours(4, 0, 0, 0);
  return ((Date.now() - four.getTime() + DAY * 1000) / 1000) % DAY;
}

/** The places of the steps that must be over before the one at `place` begins. */
export const needs = (steps: readonly Planned[], place: number): number[] =>
  steps[place]?.needs ?? (place > 0 ? [place - 1] : []);

/** A step whose turn has not come. */
export const waiting = ({ name, does, ticks }: Planned): StepStatus => ({
  name,
  does,
  state: "scheduled",
  attempts: 0,
  exit: null,
  why: null,
  began: null,
  ended: null,
  output: [],
  usual: ticks,
  has_log: false,
});

/** Whether what it does writes a log. */
export const writes = ({ does }: Planned): boolean => does.startsWith("run ") && !does.startsWith("run the flow ");

const found = (text: string): Finding => ({ well: true, text });
const missing = (text: string): Finding => ({ well: false, text });

const RELEASE: Planned[] = [
  {
    name: "fetch",
    does: "run git fetch --tags",
    ticks: 2,
    says: ["From ssh://git.example/shop", " * [new tag] v4.2.1"],
    finds: [found("the program was found: /usr/bin/git"), found("the folder was found: /srv/shop")],
  },
  {
    name: "install",
    does: "run npm ci",
    ticks: 6,
    says: ["added 412 packages in 21s", "found 0 vulnerabilities"],
    finds: [found("the program was found: /usr/bin/npm")],
  },
  {
    name: "build",
    does: "run npm run build",
    needs: [1],
    ticks: 8,
    says: [
      "> shop@4.2.1 build",
      "> vite build",
      "vite v8.3.8 building for production...",
      "transforming...",
      "warning: 2 chunks are larger than 500 kB",
      "✓ 214 modules transformed.",
      "rendering chunks...",
      "dist/index.html    1.2 kB",
      "dist/index.js    412.7 kB",
      "✓ built in 6.41s",
    ],
    finds: [found("the program was found: /usr/bin/npm")],
  },
  {
    name: "test",
    does: "run npm test",
    needs: [1],
    ticks: 10,
    says: [
      ...["cart", "checkout", "orders", "prices", "search", "users"].map((name) => `✓ tests/${name}.test.ts`),
      "Test Files  38 passed (38)",
      "     Tests  412 passed (412)",
    ],
    finds: [found("the program was found: /usr/bin/npm")],
  },
  {
    name: "publish the image",
    does: "run docker push registry.example/shop:4.2.1",
    needs: [1],
    ticks: 3,
    fails: 2,
    says: ["received unexpected HTTP status: 503 Service Unavailable"],
    finds: [found("the program was found: /usr/bin/docker"), found("the secret was found: registry, in the keyring")],
  },
  {
    name: "restart",
    does: "restart web",
    needs: [2, 3, 4],
    ticks: 3,
    finds: [found("web is in the configuration, and runs")],
  },
  {
    name: "answers again",
    does: "wait until web port is up, for 1 min at most",
    ticks: 2,
    finds: [found("web port was probed: connected in 2 ms")],
  },
  {
    name: "tidy up",
    does: "run rm -rf ./build-4.2.1",
    needs: [6],
    ticks: 3,
    always: true,
    finds: [found("the program was found: /usr/bin/rm")],
  },
];

const HEAL: Planned[] = [
  {
    name: "is it really down",
    does: "check shop",
    ticks: 1,
    finds: [found("shop was probed: status 503 Service Unavailable, expected 200-299")],
  },
  {
    name: "clear the cache",
    does: "run npm cache clean --force",
    ticks: 2,
    says: ["npm warn using --force Recommended protections disabled."],
    finds: [found("the program was found: /usr/bin/npm")],
  },
  {
    name: "migrate the database",
    does: "run npm run migrate",
    ticks: 4,
    finds: [found("the program was found: /usr/bin/npm"), found("the folder was found: /srv/shop")],
  },
  { name: "restart", does: "restart web", ticks: 2, finds: [found("web is in the configuration, and runs")] },
  { name: "answers again", does: "wait until shop is up, for 1 min at most", ticks: 3 },
];

/** How it healed the shop until lately. */
export const HEALED: Planned[] = HEAL.map((step) =>
  step.name === "answers again" ? { ...step, does: "wait until shop is up, for 20 s at most" } : step,
);

export const MIGRATION = [
  "> shop@4.2.0 migrate",
  "> node scripts/migrate.mjs",
  "",
  "connecting to postgres://shop@127.0.0.1:5432/shop",
  "applying 0041_add_currency_to_orders … ok (212 ms)",
  "applying 0042_index_orders_by_customer …",
  "\u001b[31merror: canceling statement due to lock timeout\u001b[0m",
  "    at Parser.parseErrorMessage (/srv/shop/node_modules/pg-protocol/dist/parser.js:283:98)",
  "    at Parser.handlePacket (/srv/shop/node_modules/pg-protocol/dist/parser.js:122:29)",
  "    at Socket.<anonymous> (/srv/shop/node_modules/pg-protocol/dist/index.js:11:42)",
  "  code: '55P03', routine: 'ProcessInterrupts'",
  "0042_index_orders_by_customer was rolled back",
];

const TABLES = ["customers", "orders", "prices", "baskets", "vouchers", "visits"];

const BACKUP: Planned[] = [
  {
    name: "dump",
    does: "run pg_dump --format=custom shop",
    ticks: 6,
    says: TABLES.map((table) => `pg_dump: dumping contents of table public.${table}`),
    finds: [found("the program was found: /usr/bin/pg_dump")],
  },
  {
    name: "upload",
    does: "run rclone copy shop.dump backup:shop",
    ticks: 8,
    says: [12, 31, 57, 74, 90, 100].map((share) => `Transferred: ${(4.127 * share).toFixed(1)} MiB, ${share}%`),
    finds: [found("the program was found: /usr/bin/rclone"), found("the secret was found: backup, in the keyring")],
  },
  {
    name: "prune",
    does: "run rclone delete --min-age 30d backup:shop",
    ticks: 2,
    finds: [found("the program was found: /usr/bin/rclone")],
  },
];

const MOVE: Planned[] = [
  { name: "stop", does: "stop web", ticks: 2, finds: [found("web is in the configuration, and runs")] },
  {
    name: "move",
    does: "run ./move-to-the-new-disk.sh",
    ticks: 20,
    finds: [
      found("the folder was found: /srv/shop"),
      missing("the program was not found: ./move-to-the-new-disk.sh, in /srv/shop"),
    ],
  },
  { name: "start", does: "start web", ticks: 2, finds: [found("web is in the configuration, and runs")] },
];

const SWITCH: Planned[] = [
  {
    name: "back up",
    does: "run ./backup.sh --to /srv/backup",
    ticks: 3,
    says: ["412031 orders, 88102 customers", "written to /srv/backup/shop.dump"],
    finds: [found("the program was found: /srv/shop/backup.sh")],
  },
  {
    name: "copy the data",
    does: "run ./copy.sh --to replica-2",
    ticks: 6,
    says: [...TABLES.map((table) => `copying ${table} …`), "0 rows differ"],
    undo: "./drop.sh replica-2",
    finds: [found("the program was found: /srv/shop/copy.sh")],
  },
  {
    name: "stop the worker",
    does: "stop worker",
    ticks: 1,
    undo: "estatus start worker",
    finds: [found("worker is in the configuration, and in a crash loop")],
  },
  {
    name: "go ahead",
    does: "ask for approval, for up to 30 min",
    ticks: 240,
    asks: { text: "412,031 orders were copied and none differs. Switch the shop to replica-2?", within: 30 * MINUTE },
    finds: [found("who is asked: email, chat")],
  },
  {
    name: "switch",
    does: "POST https://shop.example/admin/database",
    ticks: 2,
    saves: "replica-2.db.example:5432",
    finds: [found("the secret was found: shop-admin, in the keyring")],
  },
  { name: "back up again", does: "run the flow nightly backup", ticks: 16, flow: "nightly backup" },
  { name: "tell the team", does: "send a message to chat", ticks: 1, finds: [found("chat is in the configuration")] },
  { name: "say there is no copy", does: "send a message to email", needs: [0], ticks: 1, heals: 0 },
];

const DENSE: Planned[] = Array.from({ length: 30 }, (_, place) => ({
  name:
    place === 4
      ? "reindex-everything-that-was-written-since-the-last-time-this-was-done-in-every-region-there-is"
      : `part ${place + 1}`,
  does: `run ./reindex.sh --part ${place + 1} --of 30 --into /var/lib/search/indexes/orders-by-customer-and-day`,
  needs: place < 3 ? [] : [place - 3],
  ticks: 2 + Math.floor(chance("dense", place) * 8),
  says: Array.from(
    { length: 200 },
    (_, line) => `${line + 1} of 200: indexed ${Math.round(chance(place, line) * 9000)} documents`,
  ),
}));

const LIVELY: Planning[] = [
  { name: "release the shop", steps: RELEASE },
  { name: "heal the shop", steps: HEAL },
  { name: "nightly backup", steps: BACKUP, next: () => in_(DAY - sinceFour()) },
  { name: "switch the database", steps: SWITCH },
  { name: "move to the new disk", steps: MOVE, enabled: false },
];

/** The flows there are, by their names. `like` is `dense`, or how many there are besides. */
export function planned(like: string | null): Map<string, Planning> {
  const besides =
    like === "dense"
      ? [{ name: "reindex", steps: DENSE }]
      : Array.from({ length: Number(like ?? 0) }, (_, index) => ({
          name: `flow ${String(index + 1).padStart(4, "0")}`,
          steps: BACKUP,
        }));
  return new Map([...LIVELY, ...besides].map((plan) => [plan.name, plan]));
}
