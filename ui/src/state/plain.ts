/** Colours and cursor movements of terminals (ECMA-48), and titles of their windows. */
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** `text` as it can be read outside of a terminal. */
export function plain(text: string): string {
  return text.includes("\u001b") ? text.replace(ESCAPES, "") : text;
}
