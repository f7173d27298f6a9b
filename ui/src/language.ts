// The language of the system is "C" where it has none. That is no language tag, and what reads it while it is being imported throws.
// This module is therefore imported before all others.
try {
  new Intl.Locale(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en", configurable: true });
  Object.defineProperty(navigator, "languages", { value: ["en"], configurable: true });
}

export {};
