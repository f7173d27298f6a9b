import { expect, test } from "vitest";
import { monitorName, programName } from "../../src/forms/proposed";
import { KIND } from "../../src/forms/table";

test("a new monitor is called after what it checks", () => {
  const check = (kind: string, value: string | { place: string; text: string }, name: string, taken: string[] = []) =>
    expect(monitorName({ [KIND]: kind, [kind]: value }, new Set(taken)), JSON.stringify(value)).toBe(name);
  check("http", "https://shop.example/", "shop.example");
  check("http", "https://shop.example/cart?x=1", "shop.example/cart");
  check("http", "https://shop.example/", "shop.example 2", ["shop.example"]);
  check("http", "shop", "");
  check("tcp", " db:5432 ", "db:5432");
  check("process", { place: "name", text: "reloj.exe" }, "reloj");
  check("process", { place: "path", text: "C:\\tools\\reloj.exe" }, "reloj");
  check("command", { place: "shell", text: "python check.py --all" }, "check");
  check("ping", "", "");
});

test("a new program is called after what its command runs", () => {
  const check = (text: string, name: string, place = "shell") =>
    expect(programName({ place, text }, new Set()), text).toBe(name);
  check("npm run dev -- --port 5173", "dev");
  check("python reloj.py", "reloj");
  check('"C:\\Program Files\\App\\app.exe" --quiet', "app");
  check("/usr/bin/nginx -g daemon", "nginx");
  check("java\n-jar\nserver.jar", "server", "words");
  check("", "");
});

test("a project that is started by such a script is called after its folder", () => {
  const check = (text: string, directory: string, name: string) =>
    expect(programName({ place: "shell", text }, new Set(), directory), text).toBe(name);
  check("npm run dev", "D:\\codigos\\shop", "shop");
  check("pnpm start", "/srv/web", "web");
  check("npm run dev", "", "dev");
  check("npm run worker", "/srv/web", "worker");
});
