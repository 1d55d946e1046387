/** What the query of Circuits says: which view, what it is about, where paths end. */
import type { Arguments } from "../api/shapes";
import type { Patch, Query } from "../state/page";
import { argumentOf } from "../state/stack";

export const VIEWS = [
  { view: "patching", name: "Patching", about: "which parts, swapped between two runs, carry the answer" },
  { view: "paths", name: "Paths", about: "which heads and MLPs reach the logits, or a head that reads them" },
  { view: "composition", name: "Composition", about: "which heads write where later heads read" },
  { view: "neurons", name: "Neurons", about: "which neurons do more, or less, together" },
  { view: "graph", name: "Graph", about: "any stored matrix of units, drawn by layer" },
] as const;

export type View = (typeof VIEWS)[number]["view"];

export function viewOf({ view }: Query): View {
  return VIEWS.find((one) => one.view === view)?.view ?? "patching";
}

/** What goes when another view is opened: what only the last one understood. */
export const LEFT: Patch = { above: null, node: null };

/** The model and what is asked about it as arguments; a sentence where something lacks. */
export function aboutOf(query: Query): Arguments | string {
  const { model, prompt, corrupt, target, distractor, task } = query;
  if (!model) return "Choose a model in the bar above.";
  if (!prompt && task) return { model, task, ...changesOf(query) };
  if (!prompt || !corrupt)
    return "A patch takes parts of one run into another: give a prompt and a twin that differs in one word, or choose a task.";
  return {
    model,
    prompt,
    corrupt,
    ...(target ? { target } : {}),
    ...(distractor ? { distractor } : {}),
    ...changesOf(query),
  };
}

/** The interventions in force, where there are any. */
export function changesOf(query: Query): Arguments {
  const changes = argumentOf(query.do);
  return changes.length > 0 ? { do: changes } : {};
}

const BETWEEN = ";";
/** Answers that one page asks for at most. */
export const MOST_RECEIVERS = 6;

/** Where paths end, one question each; the logits unless told otherwise. */
export function receiversOf({ receivers }: Query): string[] {
  const given = (receivers ?? "").split(BETWEEN).map(plain).filter(Boolean);
  return given.length > 0 ? [...new Set(given)].slice(0, MOST_RECEIVERS) : ["logits"];
}

export function writeReceivers(receivers: readonly string[]): string | null {
  const text = [...new Set(receivers.map(plain))].join(`${BETWEEN} `);
  return text === "logits" ? null : text || null;
}

function plain(text: string): string {
  return text.trim().replace(/[\s,]+/g, " ");
}

/** The address of what a head `layer.head` reads with: of keys and values, the head that several may share. */
export function readBy(head: string, letter: string, shared: number): string {
  const [layer, index] = head.split(".").map(Number) as [number, number];
  return `${letter}.${layer}.${letter === "q" ? index : Math.floor(index / shared)}`;
}

/** What the page is about, in words for a caption. */
export function inWords({ model, prompt, corrupt, task, do: changes }: Query): string {
  const what = prompt ? `“${prompt}” against “${corrupt ?? ""}”` : task ? `task ${task}` : "";
  return [model, what, changes ? `with ${changes}` : ""].filter(Boolean).join(", ");
}
