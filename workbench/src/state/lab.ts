/** The lab's state in memory; the address follows it, and it follows the address. */
import { create } from "zustand";
import type { Arguments, Form } from "../api/shapes";
import type { Question } from "../api/ask";
import { EMPTY, type LabState, readAddress } from "./address";

interface Lab {
  state: LabState;
  /** Arguments typed so far, by analysis, so that switching back loses nothing. */
  typed: Record<string, Arguments>;
  /** Changes how the result is looked at. */
  look: (part: Partial<LabState>) => void;
  /** Changes the question; what is on screen then answers the question before. */
  edit: (part: Partial<LabState>) => void;
  load: (search: string) => void;
}

export const useLab = create<Lab>((set) => ({
  state: EMPTY,
  typed: {},
  look: (part) => set(({ state }) => ({ state: { ...state, ...part } })),
  edit: (part) =>
    set(({ state, typed }) => {
      const next = { ...state, ...part, draft: true };
      if (part.analysis && part.analysis !== state.analysis) next.args = typed[part.analysis] ?? {};
      return { state: next, typed: { ...typed, [next.analysis]: next.args } };
    }),
  load: (search) => set({ state: readAddress(search) }),
}));

/** Arguments that the prompt panel gives, so that no form asks for them twice. */
export const PROMPTS = ["prompt", "corrupt"] as const;

export function parametersOf(form: Form): Record<string, unknown> {
  const found = (form.parameters as { properties?: Record<string, unknown> }).properties;
  return found ?? {};
}

export function requiredOf(form: Form): readonly string[] {
  const found = (form.parameters as { required?: string[] }).required;
  return found ?? [];
}

export function asksModel(form: Form): boolean {
  return form.subjects.some(({ type }) => type === "Model");
}

/** Subjects that are named in the form, since only the model has a place in the bar above. */
export function subjectsOf(form: Form): Form["subjects"] {
  return form.subjects.filter(({ type }) => type !== "Model");
}

/** The question that the state asks of an analysis. */
export function questionOf(state: LabState, form: Form): Question {
  const known = {
    ...parametersOf(form),
    ...Object.fromEntries(subjectsOf(form).map(({ name }) => [name, true])),
  };
  const given: Arguments = {};
  for (const subject of form.subjects) if (subject.type === "Model") given[subject.name] = state.model;
  for (const name of PROMPTS) if (name in known && state[name]) given[name] = state[name];
  for (const [name, value] of Object.entries(state.args)) if (name in known) given[name] = value;
  return { analysis: form.name, arguments: given };
}

/** What still has to be given before the question can be asked, in one sentence; null when complete. */
export function missingOf(state: LabState, form: Form): string | null {
  const required = requiredOf(form);
  if (asksModel(form) && !state.model) return "Choose a model in the bar above.";
  if (required.includes("prompt") && !state.prompt) return "Type a prompt, or take a common one.";
  if (required.includes("corrupt") && !state.corrupt)
    return "This analysis compares two prompts: add a corrupt twin that differs in one word.";
  const unnamed = subjectsOf(form).find(({ name, required: must }) => must && state.args[name] === undefined);
  if (unnamed) return `Name a ${unnamed.name.replaceAll("_", " ")}.`;
  const known = new Set<string>(PROMPTS);
  const open = required.find((name) => !known.has(name) && state.args[name] === undefined);
  return open ? `Fill in ${open.replaceAll("_", " ")}.` : null;
}
