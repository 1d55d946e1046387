/** The links that were asked for: read off the stream, or off an answer of an analysis. */
import { useMemo } from "react";
import type { Question } from "../api/ask";
import { useValues } from "../api/queries";
import { cubeOf } from "../result/cube";
import { useAnswered } from "../result/useAnswered";
import { usePage, type Query } from "../state/page";
import { argumentOf } from "../state/stack";
import type { Attention } from "./feed";
import { attentionLinks, type Linkage, pairLinks, pathLinks } from "./scene/links";
import type { LinkageName } from "./view";

interface Source {
  analysis: string;
  variable: string;
  /** p of each strength, where the answer has them. */
  p: string;
  fixed: Readonly<Record<string, number>>;
}

/** What each sort of link is read from; composition through the values is what moves content. */
const SOURCES: Partial<Record<LinkageName, Source>> = {
  neurons: { analysis: "neuron_interactions", variable: "composition", p: "composition_p", fixed: {} },
  heads: { analysis: "head_composition", variable: "debiased", p: "p", fixed: { site: 2 } },
  paths: { analysis: "path_patching", variable: "effect", p: "", fixed: {} },
};

/** Pairs whose p is above this are not told from chance, and not drawn. */
const SURE = 0.05;

/** The question behind links, about what the page is about. */
export function linkQuestion(name: LinkageName, query: Query, neurons: readonly string[]): Question | null {
  const source = SOURCES[name];
  if (!source || !query.model) return null;
  const given: Record<string, unknown> = { model: query.model };
  if (name === "neurons" && neurons.length > 1) given.neurons = neurons.join(", ");
  if (name === "paths" && query.prompt && query.corrupt)
    for (const key of ["prompt", "corrupt", "target", "distractor"]) if (query[key]) given[key] = query[key];
  const changes = argumentOf(query.do);
  if (changes.length > 0) given.do = changes;
  return { analysis: source.analysis, arguments: given };
}

export function useLinkage(name: LinkageName, attention: Attention | null, neurons: readonly string[]) {
  const { query } = usePage();
  const source = SOURCES[name];
  const named = neurons.join(" ");
  const question = useMemo(
    () => linkQuestion(name, query, named ? named.split(" ") : []),
    [name, query, named],
  );
  const { result, phase, failure } = useAnswered(question);
  const ready = source !== undefined && result?.analysis === source.analysis && phase === "done";
  const digest = ready ? result.digest : "";
  const strengths = useValues(digest, source?.variable ?? "", source?.fixed ?? {}, ready);
  const p = useValues(digest, source?.p ?? "", source?.fixed ?? {}, ready && source.p !== "");
  const read = useMemo(() => attention && attentionLinks(attention.rows, attention), [attention]);
  const answered = useMemo(() => {
    if (!ready || !strengths.data || (source.p && !p.data)) return null;
    return linkageOf(name, strengths.data, p.data ? cubeOf(p.data).numbers : null);
  }, [ready, name, source, strengths.data, p.data]);
  const linkage: Linkage | null = name === "attention" ? read : answered;
  return { linkage, said: sayLinks(name, linkage, phase, failure?.message ?? null) };
}

type Numbers = NonNullable<ReturnType<typeof useValues>["data"]>;

/** Links of an answer; those that are not told from chance are left out. */
export function linkageOf(name: LinkageName, told: Numbers, p: ArrayLike<number> | null): Linkage | null {
  const { numbers } = cubeOf(told);
  if (!numbers) return null;
  const values = numbers.map((value, at) => (p && !((p[at] as number) <= SURE) ? Number.NaN : value));
  if (name === "paths") {
    const [n_layers = 0, n_heads = 0] = told.shape;
    return pathLinks(values, { n_layers, n_heads, to: { sort: "stream", layer: n_layers - 1 } });
  }
  const names = (told.coords.item ?? []).map(String);
  const n = 1 + Math.max(0, ...names.map((each) => Number(each.split(".")[1])));
  return name === "heads"
    ? pairLinks("head", {
        names, values, n, title: "composition through the values", units: "composition above chance", signed: false,
      }) // prettier-ignore
    : pairLinks("neuron", {
        names, values, n, title: "written by one neuron, read by another", units: "product of weights", signed: true,
      }); // prettier-ignore
}

function sayLinks(name: LinkageName, linkage: Linkage | null, phase: string, failure: string | null): string {
  if (name === "none") return "";
  if (failure) return failure;
  if (phase === "asking") return "asking for the links…";
  if (!linkage) return name === "attention" ? "this stream brings no attention" : "";
  const some = linkage.links.length;
  if (name === "attention") return `${some} of at least a tenth`;
  return some > 0 ? `${some} told from chance` : "none is told from chance";
}
