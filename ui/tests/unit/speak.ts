import { vi } from "vitest";

vi.stubGlobal("document", { documentElement: { lang: "" } });

// The window speaks before it shows anything.
const { speak } = await import("../../src/i18n/i18n.svelte");
await speak("en");
