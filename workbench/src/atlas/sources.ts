/** What can colour the neurons: answers to questions that are put only when they are chosen. */
import type { Question } from "../api/ask";
import type { Query } from "../state/page";

export interface Source {
  id: string;
  label: string;
  /** Its question, or the sentence that says what is missing. */
  question: (query: Query) => Question | string;
  /** Measure that shows first. */
  first?: string;
}

/** Colours that come with the map itself. */
export const MAP = "map";
/** Colours by the effect of the first query. */
export const QUERY = "query";
export const STORED = "result:";

function ask(analysis: string, query: Query, more: Record<string, unknown> = {}): Question {
  return { analysis, arguments: { model: query.model ?? "", ...more } };
}

/** The question of the map, where a method is chosen. */
export function mapQuestion(query: Query): Question | null {
  if (!query.model || !query.map) return null;
  const features = query.features ? { features: query.features } : {};
  return ask("neuron_map", query, { method: query.map, ...features });
}

export function pushQuestion(query: Query): Question | string {
  if (!query.target) return "Give a target, and a distractor to tell it from, under Push in a direction.";
  const { target, distractor } = query;
  return ask("neuron_logits", query, { target, ...(distractor ? { distractor } : {}) });
}

export const SOURCES: readonly Source[] = [
  {
    id: "neuron_clusters",
    label: "clusters",
    first: "cluster_of_item",
    question: (query) => ask("neuron_clusters", query, query.features ? { features: query.features } : {}),
  },
  {
    id: "neuron_statistics",
    label: "statistics over a corpus",
    first: "kurtosis",
    question: (query) => ask("neuron_statistics", query),
  },
  {
    id: "polysemanticity",
    label: "polysemanticity",
    first: "context_silhouette",
    question: (query) => ask("polysemanticity", query),
  },
  {
    id: "superposition",
    label: "superposition",
    first: "neuron_largest_cosine",
    question: (query) => ask("superposition", query),
  },
  { id: "neuron_logits", label: "push in a direction", first: "push", question: pushQuestion },
  {
    id: "neuron_ranking",
    label: "direct effect on a task",
    first: "direct_effect",
    question: (query) => ask("neuron_ranking", query, query.task ? { task: query.task } : {}),
  },
];

/** What can describe a neuron on the map. */
export const FEATURES = [
  { value: "activations", label: "activations" },
  { value: "effects", label: "effects" },
  { value: "token_classes", label: "classes of tokens" },
  { value: "input_weights", label: "input weights" },
  { value: "output_weights", label: "output weights" },
] as const;
