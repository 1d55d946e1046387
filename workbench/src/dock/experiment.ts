/** Which experiment a selected place stands for: its address, the question to ask, and what the answer says. */
import { create } from "zustand";
import type { Question } from "../api/ask";
import type { Arguments, Result, Selection } from "../api/shapes";
import { inWords } from "../figures/words";
import { argument } from "../state/stack";

export type Kind = "patch" | "ablate" | "steer";

export const KINDS: readonly { kind: Kind; key: string; label: string }[] = [
  { kind: "patch", key: "p", label: "Patch" },
  { kind: "ablate", key: "a", label: "Ablate" },
  { kind: "steer", key: "s", label: "Steer" },
];

/** What the experiment is about: the page's own model, prompts and answers. */
export interface Context {
  model?: string;
  prompt?: string;
  corrupt?: string;
  target?: string;
  distractor?: string;
  task?: string;
}

interface Experimenting {
  kind: Kind | null;
  start: (kind: Kind) => void;
  end: () => void;
}

/** Which experiment is asked for, by a button of the dock or a key over a cell. */
export const useExperiment = create<Experimenting>((set) => ({
  kind: null,
  start: (kind) => set({ kind }),
  end: () => set({ kind: null }),
}));

const UNITS = { head: "z", key_head: "k", neuron: "mlp_act", expert: "expert_weight" } as const;

/** The address of a place; a result's own labels stand for its indices, and its template comes first. */
export function addressOf(place: Selection, result: Result | null, template = ""): string | null {
  const at = (axis: string): number | string | undefined => {
    const index = place[axis];
    if (index === undefined) return undefined;
    const label: unknown = result?.coords[axis]?.values?.[index];
    return typeof label === "number" || typeof label === "string" ? label : index;
  };
  if (template) {
    const filled = template.replace(/\{(\w+)\}/g, (_whole, word: string) =>
      String(at(word) ?? labelAt(result, word, place) ?? "?"),
    );
    // What a head does with what it attends to from a token is what it averages there.
    return filled.includes("?") || filled === "" ? null : filled.replace(/^pattern(?=\.\d+\.\d+)/, "z");
  }
  const token = place.position ?? place.query;
  const where = token === undefined ? "" : `@${token}`;
  const layer = at("layer");
  for (const [axis, name] of Object.entries(UNITS)) {
    const unit = at(axis);
    if (unit !== undefined && layer !== undefined) return `${name}.${layer}.${unit}${where}`;
  }
  const depth = at("depth");
  if (typeof depth === "number") return `${depth === 0 ? "resid_pre.0" : `resid_post.${depth - 1}`}${where}`;
  return layer === undefined ? null : `resid_post.${layer}${where}`;
}

/** What a coordinate over several axes, such as `address`, says of a place. */
function labelAt(result: Result | null, word: string, place: Selection): string | number | undefined {
  const { axes, values } = result?.coords[word] ?? {};
  if (!axes || !values || axes.some((axis) => place[axis] === undefined)) return undefined;
  const found: unknown = axes.reduce<unknown>(
    (rows, axis) => (rows as unknown[])[place[axis] as number],
    values,
  );
  return typeof found === "number" || typeof found === "string" ? found : undefined;
}

/** The change that an experiment makes; patching makes none that can be written. */
export function changeOf(kind: Kind, address: string, strength: number, context: Context = {}): string {
  const unit = /^\w+\.\d+\.\d+/.test(address);
  if (kind === "ablate") return `${address} mean`;
  return unit ? `${address} scale=${strength}` : `${address} add=${strength}*${directionOf(context)}`;
}

/** Where a stream is steered: towards the target and away from the distractor; at random where there is none. */
export function directionOf({ target, distractor }: Context): string {
  const [toward, away] = [target, distractor].map((text) => text && `token ${JSON.stringify(text)}`);
  if (toward && away) return `(${toward} - ${away})`;
  return toward || "random 1";
}

/** The question of an experiment, or the sentence that says what it lacks. */
export function questionOf(
  kind: Kind,
  address: string,
  context: Context,
  strength: number,
): Question | string {
  const { model, prompt, corrupt, target, distractor, task } = context;
  if (!model) return "Choose a model in the bar above.";
  const answers = { ...(target ? { target } : {}), ...(distractor ? { distractor } : {}) };
  const under: Arguments = argument().length > 0 ? { do: argument() } : {};
  const asked: Arguments = task && !prompt ? { task } : { prompt, ...answers };
  if (!prompt && !task) return "Type a prompt, or choose a task, to measure the effect on.";
  if (kind !== "patch") {
    const ops = [changeOf(kind, address, strength, context)];
    return { analysis: "intervention_effect", arguments: { model, ops, ...asked, ...under } };
  }
  if (prompt && !corrupt) return "A patch takes a part of another run: add a corrupt twin of the prompt.";
  const patched = patchedAt(address);
  if (!patched) return `A patch swaps streams, heads or neurons, not ${address}.`;
  const twin = prompt ? { corrupt } : {};
  return {
    analysis: "activation_patching",
    arguments: { model, ...asked, ...twin, ...patched.options, ...under },
  };
}

/** Which patching map holds a place, and where in it; null where none does. */
export function patchedAt(address: string): { options: Arguments; labels: Record<string, number> } | null {
  const [, name, layer, unit, position] = /^(\w+)\.(\d+)(?:\.(\d+))?(?:@(\d+))?$/.exec(address) ?? [];
  if (name === undefined) return null;
  const places: Record<string, number> = position === undefined ? {} : { position: Number(position) };
  const positions = position === undefined ? "together" : "each";
  if (name === "resid_post" || name === "resid_pre")
    return {
      options: { sites: "residual", positions },
      labels: { depth: Number(layer) + (name === "resid_post" ? 1 : 0), ...places },
    };
  const axis = { z: "head", mlp_act: "neuron", k: "key_head" }[name];
  if (!axis || unit === undefined) return null;
  return {
    options: { sites: name, positions, layer: Number(layer) },
    labels: { layer: Number(layer), [axis]: Number(unit), ...places },
  };
}

/** Labels along a result's axes as indices; an axis without labels counts from 0. */
export function indicesOf(labels: Readonly<Record<string, number>>, result: Result): Selection {
  return Object.fromEntries(
    Object.entries(labels).flatMap(([axis, label]) => {
      if (!(axis in result.dims)) return [];
      const index = (result.coords[axis]?.values as unknown[] | undefined)?.indexOf(label) ?? label;
      return [[axis, index < 0 ? label : index]];
    }),
  );
}

/** What is drawn: the effect with its interval, or its place among random changes. */
export interface Found {
  effect: number;
  low?: number;
  high?: number;
  /** What as many random changes do, or the same patch elsewhere. */
  drawn?: readonly number[];
  /** What `drawn` are, where they are not random. */
  among?: string;
  p?: number;
}

/** Along which axis of a patching map the same patch is made elsewhere, and what its places are called. */
export function alikeAlong(address: string): { axis: string; among: string } | null {
  const { layer, position: _position, ...unit } = patchedAt(address)?.labels ?? {};
  const [axis] = Object.keys(unit);
  if (!axis) return null;
  return { axis, among: `other ${inWords(axis)}s${layer === undefined ? "" : ` of layer ${layer}`}` };
}

/** Whether an effect can be told from nothing, or from what random changes do. */
export function distinguished({ low, high, p }: Found): boolean {
  if (low !== undefined && high !== undefined) return low > 0 || high < 0;
  return p === undefined || p < 0.05;
}

/** One sentence that reads the effect. */
export function reading(found: Found): string {
  const by = found.effect.toPrecision(3);
  if (found.low !== undefined && found.high !== undefined)
    return `${by}, 95 % interval ${found.low.toPrecision(3)} to ${found.high.toPrecision(3)} over prompts`;
  if (found.drawn && found.p !== undefined) {
    const n = found.drawn.length;
    const as = found.drawn.filter((one) => Math.abs(one) >= Math.abs(found.effect)).length;
    return `${by}; ${as} of ${n} random units of the same size move it as much (p = ${found.p.toFixed(3)}, this prompt)`;
  }
  if (found.drawn && found.among) {
    const as = found.drawn.filter((one) => Math.abs(one) >= Math.abs(found.effect)).length;
    return `${by}; ${as} of ${found.drawn.length} ${found.among} restore as much (this prompt)`;
  }
  return `${by} on this prompt; no random units of this size to compare with`;
}
