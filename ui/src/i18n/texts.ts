import en from "../../../lang/en.json";
import es from "../../../lang/es.json";

/** What the window says, in each language: its own texts, and the names of things that it shares with all of Estatus. */
export const TEXTS = { en: { ...en.engine, ...en.window }, es: { ...es.engine, ...es.window } };
