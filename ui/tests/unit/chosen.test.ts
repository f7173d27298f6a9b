import { expect, test } from "vitest";
import type { Chosen } from "../../src/backend/backend";
import type { Platform } from "../../src/contract";
import { folderOf, proposals } from "../../src/forms/chosen";

/** The commands that a file proposes, words by slashes where they stand apart, and where they run. */
function check(
  platform: Platform,
  path: string,
  expected: string[],
  { stays = false, ...more }: Partial<Chosen> & { stays?: boolean } = {},
) {
  const chosen = { path, is_folder: false, is_program: false, package: null, ...more };
  const told = proposals(chosen, platform, !stays).map(({ command: { place, text }, directory }) =>
    [place === "shell" ? text : text.split("\n").join(" | "), directory].join(" in "),
  );
  expect(told).toEqual(expected);
}

test("a script is run by what runs such scripts, in its folder", () => {
  check("linux", "/home/me/reloj/main.py", ["python3 main.py in /home/me/reloj"]);
  check("windows", "D:\\codigos\\reloj\\main.py", ["py main.py in D:\\codigos\\reloj"]);
  check("linux", "/srv/app.mjs", ["node app.mjs in /srv"]);
  check("windows", "C:\\server.jar", ["java -jar server.jar in C:\\"]);
  check("linux", "/run.sh", ["sh run.sh in /"]);
  check("windows", "D:\\a\\up.ps1", ["powershell -ExecutionPolicy Bypass -File up.ps1 in D:\\a"]);
});

test("a program is run as it is", () => {
  check("windows", "D:\\bin\\reloj.exe", ["D:\\bin\\reloj.exe in D:\\bin"], { is_program: true });
  check("linux", "/opt/x/server", ["/opt/x/server in /opt/x"], { is_program: true });
  check("linux", "/opt/x/up.sh", ["/opt/x/up.sh in /opt/x"], { is_program: true });
  check("linux", "/opt/x/main.py", ["python3 main.py in /opt/x"], { is_program: true });
});

test("what means something to a shell stands apart", () => {
  check("linux", "/srv/my app/it's.py", ["python3 | it's.py in /srv/my app"]);
  check("windows", "C:\\Program Files\\a b\\x.exe", ["C:\\Program Files\\a b\\x.exe in C:\\Program Files\\a b"]);
  const [{ command } = { command: undefined }] = proposals(
    { path: "C:\\Program Files\\x.exe", is_folder: false, is_program: true, package: null },
    "windows",
  );
  expect(command).toEqual({ place: "words", text: "C:\\Program Files\\x.exe" });
});

test("a project offers its scripts, those that keep it running first", () => {
  const scripts = { build: "b", postbuild: "p", dev: "d", start: "s", prestart: "p", "test:all": "t" };
  const package_ = JSON.stringify({ scripts });
  const expected = ["start", "dev", "build", "test:all"].map((name) => `npm run ${name} in /srv/web`);
  check("linux", "/srv/web/package.json", expected, { package: package_ });
  check("linux", "/srv/web", expected, { is_folder: true, package: package_ });
  const pnpm = JSON.stringify({ scripts: { dev: "d" }, packageManager: "pnpm@9.1.0+sha512.abc" });
  check("windows", "D:\\web", ["pnpm run dev in D:\\web"], { is_folder: true, package: pnpm });
});

test("a command that does not go to the folder names where everything is", () => {
  check("linux", "/srv/app.mjs", ["node /srv/app.mjs in /srv"], { stays: true });
  check("windows", "D:\\a b\\up.py", ["py | D:\\a b\\up.py in D:\\a b"], { stays: true });
  const of = (manager: string) => JSON.stringify({ scripts: { up: "u" }, packageManager: `${manager}@1.0.0` });
  const project = { is_folder: true, stays: true };
  check("linux", "/srv/web", ["npm --prefix /srv/web run up in /srv/web"], { ...project, package: of("npm") });
  check("linux", "/srv/web", ["pnpm --dir /srv/web run up in /srv/web"], { ...project, package: of("pnpm") });
  check("linux", "/srv/web", ["yarn --cwd /srv/web run up in /srv/web"], { ...project, package: of("yarn") });
  check("linux", "/srv/web", ["bun run --cwd /srv/web up in /srv/web"], { ...project, package: of("bun") });
  check("linux", "/srv/web", ["npm --prefix /srv/web run up in /srv/web"], { ...project, package: of("constructor") });
});

test("what is no project proposes no more than it is", () => {
  check("linux", "/srv/web", [], { is_folder: true });
  for (const text of ["{", "[]", "null", '"x"', '{"scripts":[]}', '{"scripts":null}'])
    check("linux", "/srv/web", [], { is_folder: true, package: text });
  expect(folderOf({ path: "/srv/web", is_folder: true, is_program: false, package: null })).toBe("/srv/web");
  expect(folderOf({ path: "/srv/web/x.py", is_folder: false, is_program: false, package: null })).toBe("/srv/web");
});
