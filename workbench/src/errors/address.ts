/** What the query says of the page about errors: the task, which problems are shown, and which neuron. */
import type { Query } from "../state/page";
import { readUnit, type Unit } from "../state/units";

/** A task that small models get right about half of the time. */
export const USUAL_TASK = "two-digit-arithmetic";
export const USUAL_COUNT = 100;
const MOST = 1000;

export const OUTCOMES = [
  { value: "all", label: "All" },
  { value: "right", label: "Right" },
  { value: "wrong", label: "Wrong" },
  { value: "prefers", label: "Prefers right" },
] as const;

export type Outcome = (typeof OUTCOMES)[number]["value"];

export function taskOf({ task }: Query): string {
  return task ?? USUAL_TASK;
}

export function countOf({ n }: Query): number {
  const given = Math.round(Number(n));
  return given >= 1 ? Math.min(given, MOST) : USUAL_COUNT;
}

export function outcomeOf({ outcome }: Query): Outcome {
  return OUTCOMES.find(({ value }) => value === outcome)?.value ?? "all";
}

/** The neuron that is looked at, null where the query names none. */
export function neuronOf({ neuron }: Query): Unit | null {
  const unit = readUnit(neuron ?? "");
  return unit?.kind === "neuron" ? unit : null;
}
