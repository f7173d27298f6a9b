import { engine as engineEn, window as windowEn } from "../../../lang/en.json";
import { engine as engineEs, window as windowEs } from "../../../lang/es.json";

/** What the window says, in each language: its own texts, and the names of things that it shares with all of Estatus. */
export const TEXTS = { en: { ...engineEn, ...windowEn }, es: { ...engineEs, ...windowEs } };
