/** What the window calls as the engine does: the texts of the engine with one of these heads and one word more. */
export const SHARED = ["exit", "health", "instance", "phase", "program", "run", "step"] as const;
