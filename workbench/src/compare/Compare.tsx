/** Compare: the same question on two sides, in step, and what is left of one when the other is taken away. */
import { useMemo } from "react";
import { useAnalyses } from "../api/queries";
import type { Result } from "../api/shapes";
import { AnsweredPanel } from "../result/AnswerPanel";
import { ResultPanel } from "../result/ResultPanel";
import { type Answered, useAnswered } from "../result/useAnswered";
import { useAsked } from "../result/useAsked";
import { useResult } from "../results/stored";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { panelsOf } from "../state/lab";
import { usePage } from "../state/page";
import { Beside } from "./Beside";
import { Difference } from "./Difference";
import { spanned } from "./subtract";
import { Setup } from "./Setup";
import { fitsMode, modeOf, type Side, sidesOf, usualAnalysis } from "./sides";
import "../styles/compare.css";

/** Both sides are looked at through one view, so that they move in step. */
const SLOT = ".pair";

export default function Compare() {
  const { query } = usePage();
  const mode = modeOf(query);
  return (
    <main className="compare">
      <h1 className="hidden">Compare</h1>
      {mode === "results" ? <Stored /> : <Asked key={mode} />}
    </main>
  );
}

/** Two sides that are asked. */
function Asked() {
  const { query } = usePage();
  const { data: forms, error } = useAnalyses();
  const mode = modeOf(query);
  const { draft, args } = panelsOf(query)[0] ?? { draft: false, args: {} };
  const fitting = useMemo(() => (forms ?? []).filter((form) => fitsMode(form, mode)), [forms, mode]);
  const wanted = query.analysis ?? usualAnalysis(mode);
  const form =
    fitting.find(({ name }) => name === wanted) ?? fitting.find(({ name }) => name === usualAnalysis(mode));
  const sides = useMemo(() => (form ? sidesOf(query, form, args) : null), [query, form, args]);
  const a = useAnswered(useAsked(sides?.[0].question ?? null, draft));
  const b = useAnswered(useAsked(sides?.[1].question ?? null, draft));
  const [mine, theirs] = usePair(a.result, b.result);
  return (
    <>
      <Setup mode={mode} forms={fitting} form={form} args={args} draft={draft} sides={sides} />
      {error && <Complaint>{error.message}</Complaint>}
      <SidePanel which="a" side={sides?.[0]} answered={a} result={mine} draft={draft} />
      <SidePanel which="b" side={sides?.[1]} answered={b} result={theirs} draft={draft} />
      <Difference
        a={mine}
        b={theirs}
        names={[sides?.[0].label ?? "A", sides?.[1].label ?? "B"]}
        slot={SLOT}
      />
      <Beside mode={mode} analysis={form?.name ?? ""} />
    </>
  );
}

/** Two answers with colours that span both. */
function usePair(a: Result | null, b: Result | null): readonly [Result | null, Result | null] {
  return useMemo(() => (a && b ? [spanned(a, b), spanned(b, a)] : [a, b]), [a, b]);
}

interface SideProps {
  which: "a" | "b";
  side: Side | undefined;
  answered: Answered;
  result: Result | null;
  draft: boolean;
}

function SidePanel({ which, side, answered, result, draft }: SideProps) {
  const shown = useMemo(() => ({ ...answered, result }), [answered, result]);
  const stale = draft && result ? "The question has changed since; press Compare to ask it." : null;
  return (
    <AnsweredPanel
      id={`side-${which}`}
      slot={SLOT}
      title={`${which.toUpperCase()}: ${side?.label ?? ""}`}
      asked={answered.answered}
      answered={shown}
      stale={stale}
      tall={360}
      empty={<Empty>{side?.missing ?? "Press Compare to ask."}</Empty>}
    />
  );
}

/** Two answers that were kept. */
function Stored() {
  const { query } = usePage();
  const [one, other] = query.swap === "1" ? [query.b, query.a] : [query.a, query.b];
  const a = useResult(one);
  const b = useResult(other);
  const [mine, theirs] = usePair(a.data ?? null, b.data ?? null);
  return (
    <>
      <Setup mode="results" forms={[]} form={undefined} args={{}} draft={false} sides={null} />
      <StoredPanel which="a" result={mine} failure={a.error} />
      <StoredPanel which="b" result={theirs} failure={b.error} />
      <Difference a={mine} b={theirs} names={[short(one), short(other)]} slot={SLOT} />
    </>
  );
}

function short(digest: string | undefined): string {
  return digest ? digest.slice(0, 8) : "a result";
}

function StoredPanel({
  which,
  result,
  failure,
}: {
  which: "a" | "b";
  result: Result | null;
  failure: Error | null;
}) {
  const title = `${which.toUpperCase()}: ${short(result?.digest)}`;
  if (result)
    return <ResultPanel id={`side-${which}`} slot={SLOT} title={title} result={result} tall={360} />;
  return (
    <Panel id={`side-${which}`} title={title}>
      {failure ? <Complaint>{failure.message}</Complaint> : <Empty>Name a result by its digest.</Empty>}
    </Panel>
  );
}
