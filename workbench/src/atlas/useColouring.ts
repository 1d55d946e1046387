/** What colours the neurons now: the chosen source and measure, the colours, the legend. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Question } from "../api/ask";
import { client, read } from "../api/client";
import type { Result, Variable } from "../api/shapes";
import { chosenDomain, type Domain, extent } from "../colour/domain";
import { byGroup, byValue, type Colouring, palette } from "../figures/pointcolours";
import type { Cloud } from "../figures/pointcloud";
import type { Sign } from "../figures/PointMarks";
import { type Answered, useAnswered } from "../result/useAnswered";
import { usePage } from "../state/page";
import { useTheme } from "../state/theme";
import { measuresOf, middlesOf, type Neurons } from "./neurons";
import { MAP, QUERY, SOURCES, STORED } from "./sources";
import { type Measured, useMeasure } from "./useNumbers";
import type { Asked } from "./useTerms";

export interface Coloured {
  source: string;
  measures: readonly Variable[];
  variable: Variable | null;
  measured: Measured | null;
  colouring: Colouring | null;
  domain: Domain | null;
  /** The numbers are groups, so they have names at their middles and no scale. */
  grouped: boolean;
  signs: readonly Sign[];
  answered: Answered;
  /** What is missing before the source can be asked. */
  missing: string | null;
}

/** The result that colours, by the chosen source. */
function useSource(map: Result | null, first: Asked | undefined) {
  const { query } = usePage();
  const source = query.by ?? MAP;
  const made = SOURCES.find(({ id }) => id === source);
  const question = map && made ? made.question(query) : null;
  const asking: Question | null = typeof question === "string" ? null : question;
  const answered = useAnswered(asking);
  const digest = source.startsWith(STORED) ? source.slice(STORED.length) : "";
  const stored = useQuery({
    queryKey: ["result", digest],
    queryFn: ({ signal }) =>
      read(client.GET("/api/v1/results/{digest}", { params: { path: { digest } }, signal })),
    enabled: digest !== "",
  });
  let result: Result | null = answered.result;
  if (source === MAP) result = map;
  else if (digest) result = stored.data ?? null;
  else if (source === QUERY) result = first?.result ?? null;
  else if (!asking) result = null;
  const missing =
    typeof question === "string"
      ? question
      : source === QUERY && !first
        ? "Ask a query first; its effect then colours the neurons."
        : (stored.error?.message ?? null);
  return { source, result, first: made?.first, answered, missing };
}

export function useColouring(
  map: Result | null,
  neurons: Neurons | null,
  cloud: Cloud | null,
  query1: Asked | undefined,
): Coloured {
  const { query } = usePage();
  const theme = useTheme();
  const { source, result, first, answered, missing } = useSource(map, query1);
  const measures = useMemo(() => (result ? measuresOf(result) : []), [result]);
  const variable =
    measures.find(({ name }) => name === query.measure) ??
    measures.find(({ name }) => name === (source === QUERY ? "every_effect" : first)) ??
    measures[0] ??
    null;
  const measured = useMeasure(neurons, result, variable);
  const grouped = variable?.name === "cluster_of_item";
  const cut = query.span !== "all";
  const domain = useMemo(() => {
    if (!measured || grouped) return null;
    return chosenDomain(measured.values, extent(measured.values), cut ? "clip" : "all");
  }, [measured, grouped, cut]);
  const colouring = useMemo(() => {
    if (!measured) return null;
    if (grouped) return byGroup(measured.values, theme);
    return domain && byValue(measured.values, measured.unsure, domain, theme);
  }, [measured, grouped, domain, theme]);
  const signs = useMemo(() => {
    if (!grouped || !measured || !cloud) return [];
    const tones = palette(theme);
    return [...middlesOf(measured.values, cloud.x, cloud.y)]
      .slice(0, tones.length)
      .map(([group, { at, size }]) => ({
        at,
        text: `cluster ${group} (${size})`,
        colour: tones[group] ?? "",
      }));
  }, [grouped, measured, cloud, theme]);
  const none = result && measures.length === 0 ? "This result has no number for each neuron." : null;
  return {
    source,
    measures,
    variable,
    measured,
    colouring,
    domain,
    grouped,
    signs,
    answered,
    missing: missing ?? none,
  };
}
