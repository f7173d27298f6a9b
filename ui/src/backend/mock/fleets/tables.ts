import type { Table, Tables } from "../file";

/** The fleets of the made-up world as they stand in its file. */
export const FLEETS: Record<string, Table> = {
  web: { min: 1, desired: 2, max: 6, policy: "target", load: "60%", heartbeat: "2s", launch: "local" },
  shop: {
    min: 2,
    desired: 3,
    max: 12,
    load: 0.6,
    listen: "0.0.0.0:50051",
    channels: ["email", "chat"],
    ec2: {
      region: "us-east-1",
      template: "lt-0abc",
      version: 7,
      credentials: { id: "AKIAEXAMPLE", secret: { keyring: "aws" } },
      new_in_the_next_version: { deep: [1, 2] },
    },
  },
  edge: {
    desired: 3,
    max: 8,
    insecure: true,
    listen: "0.0.0.0:50061",
    launch: "command",
    command: {
      create: "./create.sh",
      list: ["./list.sh", "--json"],
      terminate: "./terminate.sh",
      env: { TOKEN: { keyring: "edge" } },
    },
  },
  lab: { min: 1, max: 3, policy: "seed", local: { command: "node lab.js" } },
  office: {
    enabled: false,
    max: 5,
    policy: "schedule",
    schedule: [
      { from: "0 8 * * 1-5", desired: 4 },
      { from: "0 20 * * *", desired: 1 },
    ],
    listen: "0.0.0.0:50051",
    asg: { region: "eu-west-1", group: "office-asg", credentials: "role" },
  },
};

/** What of a fleet matters here. */
export interface Plan {
  name: string;
  enabled: boolean;
  policy: string;
  launch: string;
  min: number;
  desired: number;
  max: number;
  load: number;
  /** In seconds. */
  heartbeat: number;
  insecure: boolean;
}

const LAUNCHES = ["local", "command", "ec2", "asg"];

/** How the fleet `name` goes here that is written as `table`. */
export function fleetOf(name: string, table: Table): Plan {
  const min = Number(table.min ?? 1);
  const desired = Number(table.desired ?? min);
  const share = String(table.load ?? "60%");
  return {
    name,
    enabled: table.enabled !== false,
    policy: String(table.policy ?? "target"),
    launch: String(table.launch ?? LAUNCHES.find((launch) => launch in table) ?? "local"),
    min,
    desired,
    max: Number(table.max ?? Math.max(10, desired)),
    load: share.endsWith("%") ? Number.parseFloat(share) / 100 : Number(share),
    heartbeat: Number.parseFloat(String(table.heartbeat ?? "5s")),
    insecure: table.insecure === true,
  };
}

/** Says what is wrong with the fleets of `tables`: some of what the engine would find. */
export function fleetProblems(
  tables: Tables,
  problem: (path: string[], message: string) => void,
  span: (path: string[], value: unknown) => void,
) {
  for (const [name, table] of Object.entries((tables.fleet ?? {}) as Record<string, Table>)) {
    const path = ["fleet", name];
    if (!/^[a-z0-9][\w-]*$/i.test(name))
      problem(["fleet"], "the name of a fleet must start with a letter from a to z or a digit");
    for (const key of ["heartbeat", "boot_within", "at_max_for"]) if (key in table) span([...path, key], table[key]);
    const plan = fleetOf(name, table);
    if (plan.max < plan.min) problem([...path, "max"], `is less than \`min\`, which is ${plan.min}`);
    else if (plan.desired < plan.min) problem([...path, "desired"], `is less than \`min\`, which is ${plan.min}`);
    else if (plan.desired > plan.max) problem([...path, "desired"], `is more than \`max\`, which is ${plan.max}`);
    if (!(plan.load > 0 && plan.load <= 1))
      problem([...path, "load"], 'expected a load above 0 and up to 100%, like "60%" or 0.6');
    if (plan.policy === "schedule" && table.schedule === undefined)
      problem([...path, "policy"], `"schedule" needs at least one [[fleet.${name}.schedule]]`);
    const wanted = { command: ["create", "list", "terminate"], ec2: ["region", "template"], asg: ["region", "group"] };
    for (const [launch, keys] of Object.entries(wanted)) {
      const inner = table[launch] as Table | undefined;
      for (const key of inner ? keys : []) if (!inner?.[key]) problem([...path, launch, key], `\`${key}\` is missing`);
      if (inner && plan.launch !== launch) problem([...path, launch], `\`${launch}\` has no effect`);
    }
  }
}
