/** What the Prompt lab's query says: a stack of panels, each with its analysis and arguments, about one prompt. */
import { create } from "zustand";
import type { Arguments, Form } from "../api/shapes";
import type { Question } from "../api/ask";
import type { Patch, Query } from "./page";
import { argumentOf } from "./stack";

/** Arguments that the prompt panel gives, so that no form asks for them twice. */
export const PROMPTS = ["prompt", "corrupt", "target", "distractor"] as const;

const FIRST = "logit_lens";

export interface LabPanel {
  /** What its keys end in: nothing for the first, `.2`, `.3` for those below. */
  slot: string;
  analysis: string;
  args: Arguments;
  /** The question was edited after it was last asked. */
  draft: boolean;
}

/** The panels of the stack, in the order of their slots; there is always a first. */
export function panelsOf(query: Query): LabPanel[] {
  const slots = Object.keys(query).flatMap((key) => /^analysis(\.\d+)$/.exec(key)?.[1] ?? []);
  const ordered = slots.toSorted((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
  return ["", ...ordered].map((slot) => ({
    slot,
    analysis: query[`analysis${slot}`] ?? FIRST,
    args: readArguments(query[`args${slot}`]),
    draft: query[`draft${slot}`] === "1",
  }));
}

/** The keys that say a panel. */
export function writePanel({ slot, analysis, args, draft }: LabPanel): Patch {
  return {
    [`analysis${slot}`]: analysis,
    [`args${slot}`]: Object.keys(args).length > 0 ? JSON.stringify(args) : null,
    [`draft${slot}`]: draft ? "1" : null,
  };
}

/** The patch that takes a panel and its view out of the query. */
export function withoutPanel(slot: string): Patch {
  const words = ["analysis", "args", "draft", "variable", "at", "range", "rows", "table"];
  return Object.fromEntries(words.map((word) => [`${word}${slot}`, null]));
}

/** The first slot that is free. */
export function freeSlot(panels: readonly LabPanel[]): string {
  let number = 2;
  while (panels.some(({ slot }) => slot === `.${number}`)) number += 1;
  return `.${number}`;
}

function readArguments(text: string | undefined): Arguments {
  if (!text) return {};
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Arguments) : {};
  } catch {
    return {};
  }
}

/** Arguments typed so far, by slot and analysis, so that switching back loses nothing. */
export const useTyped = create<Record<string, Arguments>>(() => ({}));

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

/** The question that the page and some arguments ask of an analysis. */
export function questionOf(query: Query, form: Form, args: Arguments): Question {
  const known = {
    ...parametersOf(form),
    ...Object.fromEntries(subjectsOf(form).map(({ name }) => [name, true])),
  };
  const given: Arguments = {};
  for (const subject of form.subjects) if (subject.type === "Model") given[subject.name] = query.model;
  for (const name of PROMPTS) if (name in known && query[name]) given[name] = query[name];
  for (const [name, value] of Object.entries(args)) if (name in known) given[name] = value;
  const changes = asksModel(form) ? argumentOf(query.do) : [];
  return { analysis: form.name, arguments: changes.length > 0 ? { ...given, do: changes } : given };
}

/** What still has to be given before the question can be asked, in one sentence; null when complete. */
export function missingOf(query: Query, form: Form, args: Arguments): string | null {
  const required = requiredOf(form);
  if (asksModel(form) && !query.model) return "Choose a model in the bar above.";
  if (required.includes("prompt") && !query.prompt) return "Type a prompt, or take a common one.";
  if (required.includes("corrupt") && !query.corrupt)
    return "This analysis compares two prompts: add a corrupt twin that differs in one word.";
  const unnamed = subjectsOf(form).find(({ name, required: must }) => must && args[name] === undefined);
  if (unnamed) return `Name a ${unnamed.name.replaceAll("_", " ")}.`;
  const given = (name: string) => args[name] !== undefined || Boolean(query[name]);
  const open = required.find((name) => !given(name));
  return open ? `Fill in ${open.replaceAll("_", " ")}.` : null;
}
