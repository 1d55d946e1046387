/** What is set beside what: the two questions that the page's query asks, and what each is called. */
import type { Question } from "../api/ask";
import type { Arguments, Form } from "../api/shapes";
import { inWords } from "../figures/words";
import { asksModel, missingOf, parametersOf, questionOf } from "../state/lab";
import type { Query } from "../state/page";
import { argumentOf } from "../state/stack";

export const MODES = ["prompts", "interventions", "models", "checkpoints", "methods", "results"] as const;
export type Mode = (typeof MODES)[number];

/** Analyses that say by a method what did how much. */
const BY_METHOD = ["token_attribution", "neuron_attribution"];

export interface Side {
  /** What the side is, in a few words. */
  label: string;
  question: Question | null;
  /** What is still to be given, in one sentence. */
  missing: string | null;
}

export type Pair = readonly [Side, Side];

export function modeOf({ mode }: Query): Mode {
  return MODES.find((known) => known === mode) ?? "prompts";
}

/** Whether an analysis can be asked of two sides in a mode. */
export function fitsMode(form: Form, mode: Mode): boolean {
  if (form.sort !== "ask" || !asksModel(form) || mode === "results") return false;
  if (mode === "methods") return BY_METHOD.includes(form.name);
  return mode !== "prompts" || "prompt" in parametersOf(form);
}

/** What a mode begins with. */
export function usualAnalysis(mode: Mode): string {
  return mode === "methods" ? "token_attribution" : "logit_lens";
}

/** Methods that an analysis offers. */
export function methodsOf(form: Form): readonly string[] {
  const { method } = parametersOf(form) as { method?: { enum?: string[] } };
  return method?.enum ?? [];
}

/** The two methods that the query names, else the first two. */
export function methodsIn(query: Query, form: Form): readonly [string, string] {
  const known = methodsOf(form);
  const named = (key: string, usual: number) =>
    known.find((method) => method === query[key]) ?? known[usual] ?? "";
  return [named("method.a", 0), named("method.b", 1)];
}

/** The model whose training is followed, without what stands behind its `@`. */
export function seriesOf({ series = "" }: Query): string {
  return series.split("@")[0] ?? "";
}

/** The two sides, exchanged where the query says so. */
export function sidesOf(query: Query, form: Form, args: Arguments): Pair {
  const [one, other] = unswapped(query, form, args);
  return query.swap === "1" ? [other, one] : [one, other];
}

function unswapped(query: Query, form: Form, args: Arguments): Pair {
  const side = (label: string, patch: Query, more: Arguments = {}): Side => {
    const own = { ...query, ...patch };
    const given = { ...args, ...more };
    const missing = missingOf(own, form, given);
    return { label, question: missing ? null : questionOf(own, form, given), missing };
  };
  const { model = "", prompt = "", corrupt = "", other = "", series = "" } = query;
  switch (modeOf(query)) {
    case "prompts": {
      const twin = side("corrupt twin", { prompt: corrupt, corrupt: prompt });
      const wanted = prompt === "" || corrupt === "" ? "Type two prompts, or take a common pair." : null;
      return [lacking(side("prompt", {}), wanted), lacking(twin, wanted)];
    }
    case "interventions": {
      const changes = argumentOf(query.do);
      const wanted =
        changes.length === 0
          ? "No change is in force: add one to the interventions in the dock, which the key d opens."
          : null;
      return [
        lacking(side(changes.join("; ") || "with interventions", {}), wanted),
        side("untouched", { do: "" }),
      ];
    }
    case "models": {
      const wanted = other === "" ? "Name the other model." : null;
      return [side(model, {}), lacking(side(other || "the other model", { model: other }), wanted)];
    }
    case "checkpoints": {
      const at = (key: string): Side => {
        const name = `${seriesOf(query)}@${query[key] ?? ""}`;
        const wanted = series === "" ? "Name a series of checkpoints." : "Choose a step of each side.";
        return lacking(
          side(query[key] ? `step ${query[key]}` : "a step", { model: name }),
          series !== "" && query[key] ? null : wanted,
        );
      };
      return [at("step.a"), at("step.b")];
    }
    default: {
      const [first, second] = methodsIn(query, form);
      return [side(inWords(first), {}, { method: first }), side(inWords(second), {}, { method: second })];
    }
  }
}

function lacking(side: Side, missing: string | null): Side {
  return missing ? { ...side, question: null, missing } : side;
}
