/** Head composition: which heads write where later heads read, by their weights alone. */
import { Button } from "@mantine/core";
import { useMemo } from "react";
import type { Question } from "../api/ask";
import type { Result } from "../api/shapes";
import { AnsweredPanel } from "../result/AnswerPanel";
import { useAnswered } from "../result/useAnswered";
import { Empty } from "../shell/Panel";
import { usePage } from "../state/page";
import { useSelection } from "../state/selection";
import { changesOf, LEFT, readBy } from "./address";
import { matrixNodes } from "./found";
import { MatrixGraph } from "./MatrixGraph";
import { useShared } from "./useShared";

const NONE = (
  <Empty>
    Choose a model in the bar above: its heads are compared by their weights, no prompt is needed.
  </Empty>
);

export default function Composition() {
  const { query } = usePage();
  const { model } = query;
  const question = useMemo<Question | null>(
    () => (model ? { analysis: "head_composition", arguments: { model, ...changesOf(query) } } : null),
    [model, query],
  );
  const answered = useAnswered(question);
  const waiting = question && answered.phase !== "failed";
  return (
    <>
      <MatrixGraph
        id="composition-graph"
        title="Composition by layer"
        result={answered.result}
        slot=".composition"
        empty={waiting ? <div className="skeleton" style={{ height: 480 }} /> : NONE}
      >
        {answered.result && <Pair result={answered.result} />}
      </MatrixGraph>
      <div className="circuits-side">
        <AnsweredPanel
          id="composition"
          slot=".composition"
          title="Head composition"
          asked={question}
          answered={answered}
          empty={NONE}
        />
      </div>
    </>
  );
}

const READS = ["queries", "keys", "values"];

/** The pair of a selected cell, and what can be asked about it. */
export function Pair({ result }: { result: Result }) {
  const { query, set } = usePage();
  const shared = useShared(query.model) ?? 1;
  const { selected, select } = useSelection();
  const nodes = useMemo(() => matrixNodes(result), [result]);
  const one = nodes?.[selected?.item ?? -1];
  const other = nodes?.[selected?.other ?? -1];
  if (!one?.places || !other?.places)
    return (
      <p className="muted note">Select a cell of the matrix: what can be asked of that pair stands here.</p>
    );
  const heads = one.sort === "head" && one.layer < other.layer;
  const site = selected?.site ?? 0;
  return (
    <div className="pair" role="group" aria-label={`The pair ${one.id}, ${other.id}`}>
      {[one, other].map((node) => (
        <Button key={node.id} size="compact-xs" variant="default" onClick={() => select(node.places)}>
          Experiment on {node.id}
        </Button>
      ))}
      {heads && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() =>
            set(
              {
                ...LEFT,
                view: "paths",
                receivers: readBy(other.label, "qkv"[site] ?? "q", shared),
                sel: null,
              },
              { push: true },
            )
          }
        >
          Measure the path into the {READS[site] ?? "queries"} of {other.label}
        </Button>
      )}
    </div>
  );
}
