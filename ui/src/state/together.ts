/** What is heard within this time is shown at once, in milliseconds. */
export const TOGETHER_MS = 100;
